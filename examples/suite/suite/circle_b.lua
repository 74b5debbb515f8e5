-- One half of a circle.
local other = require "suite.circle_a"
return { other = other }
