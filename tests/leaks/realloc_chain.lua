-- One block that only ever grows.
local plant = require "leak_plant_module"
local round = require("surroundings").round
local leaks, rounds = arg[1] == "leak", tonumber(arg[2] or 4000)
for i = 1, rounds do
  round(i)
  plant.grow(100) -- PLANTED
  if not leaks and i % 50 == 0 then
    plant.shrink()
  end
end
if not leaks then
  plant.shrink()
end
