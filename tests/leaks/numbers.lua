-- A list of numbers: nothing but one array that doubles now and then.
local round = require("surroundings").round
local leaks, rounds = arg[1] == "leak", tonumber(arg[2] or 4000)
local seen, at = {}, 0
for i = 1, rounds do
  round(i)
  for k = 1, 20 do
    at = at + 1
    seen[at] = i + k -- PLANTED
  end
  if not leaks and i % 50 == 0 then
    seen, at = {}, 0
  end
end
