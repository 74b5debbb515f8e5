-- C memory that a library asks for and forgets.
local plant = require "leak_plant_module"
local round = require("surroundings").round
local leaks, rounds = arg[1] == "leak", tonumber(arg[2] or 4000)
local take = leaks and plant.lose or plant.borrow
for i = 1, rounds do
  round(i)
  take(150) -- PLANTED
end
