-- A cache of the most recent entries: the leak forgets to take evicted ones out of the index, too.
local round = require("surroundings").round
local leaks, rounds = arg[1] == "leak", tonumber(arg[2] or 4000)
local index, newest, oldest, count = {}, nil, nil, 0
local function evict()
  if not leaks then
    index[oldest.key] = nil
  end
  oldest, count = oldest.newer, count - 1
end
for i = 1, rounds do
  round(i)
  local entry = { key = i, text = "entry " .. i } -- PLANTED
  if newest then
    newest.newer = entry -- ALSO
  end
  newest, oldest, count = entry, oldest or entry, count + 1
  index[i] = entry -- ALSO
  if count > 100 then
    evict()
  end
end
