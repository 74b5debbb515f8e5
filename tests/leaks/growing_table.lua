-- A table that everything is put into and nothing is taken out of.
local round = require("surroundings").round
local leaks, rounds = arg[1] == "leak", tonumber(arg[2] or 4000)
local log = {}
for i = 1, rounds do
  round(i)
  log[#log + 1] = "event number " .. i .. " of this run" -- PLANTED
  if not leaks and #log > 100 then
    log = {}
  end
end
