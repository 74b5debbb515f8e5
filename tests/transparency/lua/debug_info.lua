-- What debug.getinfo, debug.getlocal and debug.traceback say about C functions.
local function show(label, info)
    local keys = {}
    for k in pairs(info) do keys[#keys + 1] = k end
    table.sort(keys)
    local out = {}
    for _, k in ipairs(keys) do
        local v = info[k]
        if k ~= "func" and k ~= "activelines" then out[#out + 1] = k .. "=" .. tostring(v) end
    end
    print(label, table.concat(out, " "))
end

for _, name in ipairs { "print", "require", "pcall", "error", "dofile", "load", "next", "type" } do
    local info = debug.getinfo(_G[name])
    show(name, info)
    assert(info.func == _G[name])
end
for _, library in ipairs { "string", "table", "math", "io", "os", "coroutine", "utf8", "debug", "package" } do
    local names = {}
    for k, v in pairs(_G[library]) do
        if type(v) == "function" then names[#names + 1] = k end
    end
    table.sort(names)
    for _, k in ipairs(names) do show(library .. "." .. k, debug.getinfo(_G[library][k], "Sunt")) end
end

-- Levels below a callback that C called.
local function levels(label)
    for level = 0, 12 do
        local info = debug.getinfo(level, "nSlut")
        if not info then break end
        show(label .. level, info)
        local index = 1
        while index < 6 do
            local name, value = debug.getlocal(level, index)
            if not name then break end
            print("", index, name, type(value))
            index = index + 1
        end
    end
end
levels "direct"
string.gsub("x", "x", function() levels "gsub" end)
table.sort({ 2, 1 }, function(a, b) levels "sort" return a < b end)
pcall(function() levels "pcall" end)
pcall(pcall, pcall, function() levels "pcalls" end)
coroutine.wrap(function() levels "wrap" end)()
for _ in (function() levels "iterator" end) do end
local meta = setmetatable({}, { __index = function() levels "index" return 1 end,
    __call = function() levels "call" end, __add = function() levels "add" return 1 end,
    __tostring = function() levels "tostring" return "x" end })
local _ = meta.x, meta(), meta + 1, tostring(meta)

print(debug.traceback("message", 1))
print(select(2, xpcall(string.rep, debug.traceback)))
print(select(2, xpcall(function() string.rep() end, debug.traceback)))
print(select(2, xpcall(function() return string.rep() end, debug.traceback)))
print(select(2, xpcall(function() ("x"):rep({}) end, debug.traceback)))
print(select(2, xpcall(require, debug.traceback, "no.such.module")))
print(select(2, xpcall(function() require "fails" end, debug.traceback)))
print(select(2, xpcall(table.sort, debug.traceback, { 3, 1, 2 }, function() error "in sort" end)))
print(pcall(debug.getlocal, print, 1))
print(debug.getinfo(print, "f").func == print, debug.getinfo(1, "f").func ~= nil)
