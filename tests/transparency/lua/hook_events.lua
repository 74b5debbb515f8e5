-- Every event that a hook sees, in order, with the names Lua finds for the functions.
local events, n = {}, 0
local function hook(event, line)
    local info = debug.getinfo(2, "nSt")
    n = n + 1
    events[n] = table.concat({ event, tostring(line), info.what, tostring(info.name), info.namewhat,
        tostring(info.istailcall) }, " ")
end
local function work()
    local t = {}
    for i = 1, 20 do t[i] = math.floor(i / 3) end
    table.sort(t, function(a, b) return a > b end)
    string.gsub("hello", "l", string.upper)
    pcall(error, "x")
    pcall(function() local x = nil; return x.y end)
    local co = coroutine.wrap(function(...) coroutine.yield(...) return select("#", ...) end)
    co(1, 2) co()
    require "pl.compat"
    require "pl.compat"
    load("return 1 + 1")()
    tostring(setmetatable({}, { __tostring = function() return "t" end }))
    return string.format("%d", 3)
end
for _, mask in ipairs { "c", "r", "l", "crl" } do
    n, events = 0, {}
    debug.sethook(hook, mask)
    work()
    debug.sethook()
    package.loaded["pl.compat"] = nil
    print(mask, n)
    for i = 1, n do print(events[i]) end
end
for _, count in ipairs { 1, 7, 100 } do
    n = 0
    debug.sethook(function() n = n + 1 end, "", count)
    for _ = 1, 100 do work() end
    debug.sethook()
    print("count", count, n)
end
print(debug.gethook())
