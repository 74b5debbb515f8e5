-- Reads the JSON of `modprof report`, prints for each table of Lua's memory: NAME MADE_BYTES HELD_BYTES.
local lua = require("cjson").decode(io.read("a")).processes[1].memory.lua
for _, name in ipairs({ "lines", "functions", "modules", "kinds" }) do
  local made, held = 0, 0
  for _, row in ipairs(lua[name]) do
    made, held = made + row.made_bytes, held + row.held_bytes
  end
  print(("%s %d %d"):format(name, made, held))
end
