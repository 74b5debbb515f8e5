-- merge: N records are merged into a sorted list in batches of 100; each batch is one operation.
--
--     modprof bench --param n=1k,10k,50k -- LUA_PATH='examples/bench/?.lua' lua5.4 examples/bench/merge.lua {n}
local operations = require "operations"
local n = tonumber(arg[1]) or 10000

local function merge(a, b)
    local out, i, j = {}, 1, 1
    while i <= #a or j <= #b do
        if j > #b or (i <= #a and a[i] <= b[j]) then
            out[#out + 1], i = a[i], i + 1
        else
            out[#out + 1], j = b[j], j + 1
        end
    end
    return out
end

local seed = 1
local function batch()
    local t = {}
    for i = 1, 100 do
        seed = (seed * 1103515245 + 12345) % 2147483648
        t[i] = seed
    end
    table.sort(t)
    return t
end

local all = {}
for _ = 1, n // 100 do all = operations.time("merge", merge, all, batch()) end
operations.value("records", #all, "records")
