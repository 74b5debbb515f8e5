-- Handlers that are registered again and again.
local round = require("surroundings").round
local leaks, rounds = arg[1] == "leak", tonumber(arg[2] or 4000)
local handlers = {}
for i = 1, rounds do
  round(i)
  local key = leaks and i or "current"
  handlers[key] = function() return handlers, i end -- PLANTED
end
