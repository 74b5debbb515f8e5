-- Coroutines that wait for what never comes, and are kept.
local round = require("surroundings").round
local leaks, rounds = arg[1] == "leak", tonumber(arg[2] or 4000)
local parked = {}
local function wait(a, b, c)
  return coroutine.yield(a), b, c -- ALSO
end
for i = 1, rounds do
  round(i)
  local co = coroutine.create(wait) -- PLANTED
  coroutine.resume(co, i) -- ALSO
  if leaks then
    parked[#parked + 1] = co -- ALSO
  else
    coroutine.resume(co)
  end
end
