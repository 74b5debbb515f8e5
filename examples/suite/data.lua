-- data.lua: a replicated map that merges other copies' operations.  Its budgets are in .modprof; run it
-- with `modprof check -n 5 -- lua5.4 data.lua`.
--
-- Where the profiler offers marks (`modprof.mark`), it names the moments that budgets speak of; without
-- the profiler they are nothing.
local replica = require "suite.replica"
local mark = modprof and modprof.mark or function() end

-- Memory as data grows.
local map = replica.new "a"
local done = 0
for _, goal in ipairs { 1000, 10000, 50000, 100000 } do
    for i = done + 1, goal do map:put("key " .. i, i) end
    done = goal
    collectgarbage()
    mark(("records %dk"):format(goal // 1000))
end

-- Latency of merging 10,000 operations of another copy, forty times.
local base = replica.new "b"
for round = 1, 40 do
    local other = replica.new("c" .. round)
    for i = 1, 10000 do other:put("key " .. i * round % 20000, round) end
    local operations = other:log()
    mark "merge"
    base:merge(operations)
    mark "merged"
end

-- Operations a second: a mark after each thousand.
local counter = replica.new "d"
for i = 1, 200000 do
    counter:put("key " .. i % 5000, i)
    if i % 1000 == 0 then mark "thousand operations" end
end
