-- Work that piles up: in the end it is done, or for ever put off.
local round = require("surroundings").round
local leaks, rounds = arg[1] == "leak", tonumber(arg[2] or 4000)
local waiting, low = {}, rounds // 10
for i = 1, rounds do
  round(i)
  waiting[#waiting + 1] = { task = "task " .. i } -- PLANTED
  if not leaks and #waiting > low then
    for k = #waiting, 1, -1 do
      waiting[k] = nil
    end
  end
end
