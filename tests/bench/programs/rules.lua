-- rules.lua: 1,000 budgets of all sorts, for `make bench`.
budgets = {}
for i = 1, 1000 do
  local k = i % 10
  budgets[i] = k == 0 and { metric = "module.self", module = "group" .. i % 100 .. ".*", limit = "1 s" }
    or k == 1 and { metric = "module.total", module = "group" .. i % 100 .. ".module" .. i, limit = "1 s" }
    or k == 2 and { metric = "crossings.down", func = "string.function" .. i, limit = "1G" }
    or k == 3 and { metric = "crossings.down", func = "string.function?" .. i % 100, limit = "1G" }
    or k == 4 and { metric = "modules.loaded", module = "*.module" .. i, limit = "1M" }
    or k == 5 and { metric = "module.total", module = "*", except = "group1.*", limit = "10 s" }
    or k == 6 and { metric = "files.tried", limit = "1M" }
    or k == 7 and { metric = "lua.peak", limit = "1 GiB" }
    or k == 8 and { metric = "crossings.down_time", limit = "1000 s" }
    or { metric = "module.phase", phase = "compile", module = { "group1.*", "group2.*", "group3.*" }, limit = "1 s", at = "p95" }
end
