-- References in the registry that are never given back.
local plant = require "leak_plant_module"
local round = require("surroundings").round
local leaks, rounds = arg[1] == "leak", tonumber(arg[2] or 4000)
for i = 1, rounds do
  round(i)
  local n = plant.ref({ i, i }) -- PLANTED
  if not leaks then
    plant.unref(n)
  end
end
