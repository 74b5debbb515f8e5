-- Finalisers and to-be-closed variables run in the same order, with the same errors.
local function object(name, more)
    return setmetatable({ name = name }, { __gc = function(o) print("gc", o.name) if more then more(o) end end,
        __close = function(o, e) print("close", o.name, e) end })
end
do local a, b, c = object "a", object "b", object "c" end
collectgarbage()
local kept
do local r = object("resurrected", function(o) kept = o end) end
collectgarbage() print(kept.name)
warn "@on"
do local e = object("failing", function() error "in finaliser" end) end
collectgarbage()
print(pcall(function()
    local x <close> = object "x"
    local y <close> = object "y"
    error "leaving"
end))
for i = 1, 3 do local z <close> = object("loop" .. i) if i == 2 then break end end
local function returns() local v <close> = object "returning" return "value", v.name end
print(returns())
local co = coroutine.wrap(function() local s <close> = object "suspended" coroutine.yield() end)
co() co = nil collectgarbage()
local weak = setmetatable({}, { __mode = "k" })
for i = 1, 10 do weak[object("weak" .. i)] = i end
weak[print] = "a function as a weak key"
collectgarbage() collectgarbage()
print(next(weak) == print, weak[print])
io.open(arg[0]) collectgarbage()
object "left at exit one" last = object "left at exit two"
setmetatable({}, { __gc = function() print(pcall(require, "pl.compat")) end })
if arg[1] == "exit" then
    local at_exit <close> = object "pending"
    os.exit(tonumber(arg[2]) or arg[2] == "true", arg[3] == "close")
end
