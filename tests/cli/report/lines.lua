-- Reads the JSON of `modprof report`, prints Lua's memory by line: FILE:LINE BLOCKS BYTES HELD HELD_BYTES.
-- What two functions on one line made is added up.
local report = require("cjson").decode(io.read("a"))
local sums, order = {}, {}
for _, r in ipairs(report.processes[1].memory.lua.lines) do
  local place = ("%s:%d"):format(r.file, r.line)
  if not sums[place] then
    sums[place], order[#order + 1] = { 0, 0, 0, 0 }, place
  end
  for i, field in ipairs({ "made_blocks", "made_bytes", "held_blocks", "held_bytes" }) do
    sums[place][i] = sums[place][i] + r[field]
  end
end
for _, place in ipairs(order) do
  print(("%s %d %d %d %d"):format(place, table.unpack(sums[place])))
end
