-- operations: tells `modprof bench` how long the operations of a program take.
--
--     local operations = require "operations"
--     local merged = operations.time("merge", merge, a, b)   -- calls merge(a, b), returns what it returns
--     operations.add("lookup", seconds, count)               -- COUNT look-ups took SECONDS together
--     operations.value("records", #merged, "records")
--
-- Outside of `modprof bench` it costs a call and does nothing.  os.clock counts CPU time in
-- microseconds; give `operations.clock` a finer clock (seconds) where the program has one.
local operations = { clock = os.clock }

local path = os.getenv "MODPROF_BENCH_OUT"
local out = path and io.open(path, "a")

function operations.add(name, seconds, count)
    if out then out:write(("time %s %.0f %d\n"):format(name, seconds * 1e9, count or 1)) end
end

function operations.value(name, number, unit)
    if out then out:write(("value %s %.17g %s\n"):format(name, number, unit or "count")) end
end

local function finish(name, began, ...)
    operations.add(name, operations.clock() - began)
    return ...
end

function operations.time(name, f, ...)
    if not out then return f(...) end
    return finish(name, operations.clock(), f(...))
end

return operations
