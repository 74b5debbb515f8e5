-- One half of a circle.
local other = require "suite.circle_b"
return { other = other }
