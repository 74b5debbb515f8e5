-- Texts made anew from few words, kept by what they say.
local round = require("surroundings").round
local leaks, rounds = arg[1] == "leak", tonumber(arg[2] or 4000)
local words, symbols = { "red", "green", "blue" }, {}
for i = 1, rounds do
  round(i)
  local name = words[i % 3 + 1] .. "-" .. words[i % 2 + 1] .. (leaks and ":" .. i or "") -- ALSO
  symbols[name] = symbols[name] or { name = name } -- PLANTED
end
