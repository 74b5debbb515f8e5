-- A cache whose keys are all different.
local round = require("surroundings").round
local leaks, rounds = arg[1] == "leak", tonumber(arg[2] or 4000)
local seen = {}
for i = 1, rounds do
  round(i)
  local key = "session-" .. (leaks and i or i % 50) -- PLANTED
  seen[key] = true -- ALSO
end
