-- Code compiled again and again, and kept.
local round = require("surroundings").round
local leaks, rounds = arg[1] == "leak", tonumber(arg[2] or 4000)
local compiled = {}
for i = 1, rounds do
  round(i)
  local f = load("local a = ... return a + " .. i) -- PLANTED
  compiled[leaks and i or i % 20] = f -- ALSO
end
