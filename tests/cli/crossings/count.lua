-- lua5.4 count.lua MODE [WORKLOAD]: runs a workload; with MODE "oracle" prints how often each C
-- function was called by it, as Lua's call hook saw it: COUNT LABEL..., a line for each function.
local mode, workload = ...
local oracle = require "cross_oracle_module"
local run = workload and assert(loadfile(workload)) or function() end
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
  for type_name, value in pairs {["FILE*"] = io.stdout, ["lpeg-pattern"] = package.loaded.lpeg.P(1)} do
    local mt = getmetatable(value)
    for name, f in pairs(mt) do add(type_name .. ":" .. name, f) end
    for name, f in pairs(mt.__index) do add(type_name .. ":" .. name, f) end
  end
end

if mode == "oracle" then
  collect()
  oracle.start()
  run()
  local counts = oracle.stop()
  for at, n in pairs(counts) do
    print(n, table.concat(labels[at] or {"?"}, "\t"))
  end
else
  run()
end
