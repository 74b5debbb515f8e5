-- Results kept by their arguments: in a weak table they go with these.
local round = require("surroundings").round
local leaks, rounds = arg[1] == "leak", tonumber(arg[2] or 4000)
local known = setmetatable({}, leaks and {} or { __mode = "k" })
local function measured(shape)
  local m = known[shape]
  if not m then
    m = { area = shape.w * shape.h, edge = 2 * (shape.w + shape.h) } -- PLANTED
    known[shape] = m -- ALSO
  end
  return m
end
for i = 1, rounds do
  round(i)
  local shape = { w = i, h = i + 1 } -- ALSO
  assert(measured(shape) == measured(shape))
end
