-- lua5.4 count.lua MODE [WORKLOAD]: runs a workload (or none); with MODE "oracle" prints how often each C
-- function was called by it, as Lua's call hook saw it: COUNT LABEL..., a line for each function.
local mode, workload = ...
local oracle = require "cross_oracle_module"
local run = assert(loadfile(workload or "/dev/null"))
local libraries = {"lpeg", "cjson"}
for _, name in ipairs(libraries) do
  require(name)
end

-- All names under which a C function is known, by its address.
local labels = {}
local function add(label, f)
  local at = type(f) == "function" and oracle.address(f)
  if at then
    labels[at] = labels[at] or {}
    table.insert(labels[at], label)
  end
end

local function collect()
  for module, t in pairs(package.loaded) do
    for name, f in pairs(type(t) == "table" and t or {}) do
      add(module == "_G" and name or module .. "." .. tostring(name), f)
    end
  end
  for _, type_name in ipairs {"FILE*", "lpeg-pattern", "_UBOX*"} do
    local mt = debug.getregistry()[type_name]
    for name, f in pairs(mt) do add(type_name .. ":" .. name, f) end
    for name, f in pairs(mt.__index or {}) do add(type_name .. ":" .. name, f) end
  end
end

if mode == "oracle" then
  oracle.start()
  run()
  local counts = oracle.stop()
  collect()
  for at, n in pairs(counts) do
    local names = labels[at] or {"?"}
    table.sort(names)
    print(n, table.concat(names, "\t"))
  end
else
  run()
end
