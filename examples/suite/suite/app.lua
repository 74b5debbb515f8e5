-- A module with others below it.
local text = require "suite.text"
local shapes = require "suite.shapes"
return { text = text, shapes = shapes }
