-- collectgarbage("count") to the byte along a fixed sequence of work.  Without C modules: Lua keeps long
-- names that C code hands it once or twice, by the address they happen to stand at.
local function bytes() return string.format("%.0f", collectgarbage "count" * 1024) end
collectgarbage() collectgarbage "stop"
local base = bytes()
local function step(label, f) local before = collectgarbage "count" * 1024; f(); print(label, string.format("%.0f", collectgarbage "count" * 1024 - before)) end
print("base", base)
step("table", function() local t = { 1, 2, 3 } end)
step("strings", function() for i = 1, 100 do local s = "string number " .. i .. (" "):rep(50) end end)
step("closures", function() for i = 1, 100 do local f = function() return i end end end)
step("c closures", function() for i = 1, 100 do local f = string.gmatch("a", "b") end end)
step("coroutines", function() for i = 1, 100 do coroutine.wrap(function() coroutine.yield(i) end)() end end)
step("pcall errors", function() for i = 1, 100 do pcall(error, "x" .. i) end end)
step("load", function() for i = 1, 20 do load("local a = " .. i .. " return a")() end end)
step("require", function() require "pl.pretty" end)
step("again", function() require "pl.pretty" end)
step("failed require", function() pcall(require, "no.such.module.anywhere") end)
step("io", function() for l in io.lines(arg[0]) do local x = l end end)
step("files", function() for i = 1, 10 do io.open(arg[0]):close() end end)
step("traceback", function() debug.traceback() end)
step("getinfo", function() for i = 1, 50 do debug.getinfo(print) debug.getinfo(1) end end)
step("sort", function() local t = {} for i = 1, 1000 do t[i] = (i * 7919) % 1000 end table.sort(t) end)
step("deep", function() local function f(n) if n > 0 then return 1 + f(n - 1) end return 0 end f(10000) end)
collectgarbage "restart" collectgarbage() collectgarbage()
print("after", bytes())
for _, mode in ipairs { "generational", "incremental" } do
    print(mode, collectgarbage(mode))
    local samples = {}
    for round = 1, 20 do
        for i = 1, 2000 do local t = { i, { i } } end
        samples[round] = bytes()
    end
    print(table.concat(samples, " "))
    print(collectgarbage "step", collectgarbage("step", 100), bytes())
end
