-- Userdata that own C memory: without __gc nobody frees it, though the userdata themselves go.
local plant = require "leak_plant_module"
local round = require("surroundings").round
local leaks, rounds = arg[1] == "leak", tonumber(arg[2] or 4000)
local new = leaks and plant.box or plant.own
for i = 1, rounds do
  round(i)
  local box = new(200) -- PLANTED
  assert(box)
end
