-- The depth at which each kind of nesting is refused, and the message it is refused with.
local depth
local function limit(label, f)
    depth = 0
    local ok, message = pcall(f)
    message = tostring(message)
    print(label, depth, ok, #message, (message:gsub("\n.*", ""):sub(-80)))
end
limit("lua recursion", function() local function f() depth = depth + 1 return 1 + f() end f() end)
limit("gsub", function() local function f() depth = depth + 1 string.gsub("x", "x", f) end f() end)
limit("pcall", function() local function f() depth = depth + 1 local ok, m = pcall(f) if not ok then error(m, 0) end end f() end)
limit("sort", function() local function f() depth = depth + 1 table.sort({ 1, 2 }, f) end f() end)
limit("tostring", function() local t = setmetatable({}, { __tostring = function(t) depth = depth + 1 return tostring(t) end }) tostring(t) end)
limit("index chain", function() local t = setmetatable({}, { __index = function(t, k) depth = depth + 1 return t[k] end }) return t.x end)
limit("wrap", function() local function f() depth = depth + 1 return coroutine.wrap(f)() end f() end)
limit("resume", function() local function f() depth = depth + 1 local ok, m = coroutine.resume(coroutine.create(f)) if not ok then error(m, 0) end end f() end)
limit("load", function() local function f() depth = depth + 1 return load(function() f() return nil end) end f() end)
limit("require", function() local function f() depth = depth + 1 package.preload["m" .. depth] = f require("m" .. depth) end f() end)
limit("dofile", function() depth_of_dofile = function() depth = depth + 1 end dofile(arg[0]:gsub("stack_depth", "dofile_itself")) end)
limit("xpcall handler", function() local function f() depth = depth + 1 local _, m = xpcall(error, f) return m end return f() end)
limit("handler in handler", function() local function h() depth = depth + 1 error "again" end return select(2, xpcall(error, h)) end)
limit("concat", function() local t = setmetatable({}, { __concat = function(a, b) depth = depth + 1 return a .. b end }) return t .. t end)
limit("gc", function() setmetatable({}, { __gc = function() local function f() depth = depth + 1 string.gsub("x", "x", f) end f() end }) collectgarbage() end)
limit("close", function() local function f() depth = depth + 1 local _ <close> = setmetatable({}, { __close = f }) end f() end)
limit("unpack", function() depth = select("#", table.unpack({}, 1, 990000)) return table.unpack({}, 1, 1e7) end)
limit("string.rep", function() return ("x"):rep(-1), ("x"):rep(1e15) end)
for _, text in ipairs { "(", "{", "-", "not ", "f(", "a.b(", "function() return ", "do " } do
    for _, n in ipairs { 50, 150, 180, 190, 195, 197, 198, 199, 200, 201, 250 } do
        local f, message = load("return " .. text:rep(n), "=text")
        print(text, n, f, message)
    end
end
for _, n in ipairs { 100, 190, 197, 198, 199, 200, 201, 202, 1000, 200000 } do
    print("match depth", n, pcall(string.match, "aaa", (".-"):rep(n)))
    print("match sets", n, pcall(string.find, ("a"):rep(n), ("[a]?"):rep(n)))
end
print(pcall(string.rep("x", 100).gsub, "x", ".", setmetatable({}, { __index = function(_, k) return k .. k end })))
print(debug.setcstacklimit and debug.setcstacklimit(30000), debug.setcstacklimit(200))
local t = coroutine.wrap(function() limit("gsub in coroutine", function() local function f() depth = depth + 1 string.gsub("x", "x", f) end f() end) end)
t()
print(select("#", string.byte(("x"):rep(1000), 1, -1)), pcall(string.byte, ("x"):rep(1e7), 1, -1))
local function message_of(f) return select(2, xpcall(f, debug.traceback)) end
local function forever() return 1 + forever() end
print((message_of(forever):gsub("%.%.%.%s*%(skipping.-%)", "%0")))
