-- A list that grows up to three quarters of the run: the leak goes on growing.
local round = require("surroundings").round
local leaks, rounds = arg[1] == "leak", tonumber(arg[2] or 4000)
local first
for i = 1, rounds do
  round(i)
  if leaks or i <= rounds * 3 // 4 then
    first = { next = first, round = i } -- PLANTED
  end
end
