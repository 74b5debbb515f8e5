-- Finalizers that the collector calls by itself, in the middle of steps: whatever they do, nothing else changes.
collectgarbage(arg[1])
warn "@on"
local n, counts = 0, {}
local function note(what, ...) counts[what] = (counts[what] or 0) + 1 if counts[what] <= 3 then print(what, ...) end end
local acts = {
    function() error "an error in a finalizer" end,
    function() error {} end,
    function() note("collect", pcall(collectgarbage)) end,
    function() note("step", pcall(collectgarbage, "step")) end,
    function() note("count", type(collectgarbage "count"), pcall(collectgarbage, "isrunning")) end,
    function() note("yield", pcall(coroutine.yield, 1)) end,
    function() note("resume", coroutine.resume(coroutine.create(function() coroutine.yield "inside" end))) end,
    function() note("resumed error", coroutine.resume(coroutine.create(function() error "in a coroutine" end))) end,
    function() local t = {} for i = 1, 200 do t[i] = { i } end note("allocates", #t) end,
    function() note("sort", pcall(table.sort, { 3, 1, 2 }, function() error "in a comparison" end)) end,
    function() note("load", load "return 1, ..."(2)) end,
    function() note("gsub", pcall(string.gsub, "abc", ".", function(c) if c == "b" then error "in gsub" end end)) end,
    function() note("close", pcall(function() local x <close> = setmetatable({}, { __close = function() error "closing" end }) end)) end,
}
local function object(i)
    return setmetatable({}, { __gc = function() n = n + 1 acts[i % #acts + 1]() end })
end
-- Within coroutines too, across whose yields steps go on.
local work = coroutine.wrap(function()
    for i = 1, 4000 do
        object(i)
        local t = { i, tostring(i), function() return i end }
        if i % 10 == 0 then coroutine.yield(i) end
    end
end)
for _ = 1, 400 do work() end
print(n, counts.yield, counts.collect)
if arg[2] == "exit" then
    setmetatable({}, { __gc = function() print "exits" os.exit(7, arg[3] == "close") end })
    while true do local t = {} end
end
