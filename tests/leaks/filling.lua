-- A list that is filled late, up to 88 % of the run, while collections are rare: the leak goes on growing.
local round = require("surroundings").round
local leaks, rounds = arg[1] == "leak", tonumber(arg[2] or 4000)
collectgarbage("generational")
local first
for i = 1, rounds do
  round(i)
  if leaks or i <= rounds * 22 // 25 then
    local next = first
    first = function()
      return next, i
    end -- PLANTED
  end
end
