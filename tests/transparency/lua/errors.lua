-- Messages, positions, error objects and handlers.
local function try(f, ...) print(pcall(f, ...)) end
try(string.rep) try(string.rep, "x", -1) try(string.rep, "x", 1 << 40)
try(("x").rep, "x", {}) try(string.format, "%d", "x") try(string.format, "%d", 1.5)
try(function() ("x"):bad() end) try(function() string.nothing() end) try(function() undefined() end)
try(function() local t = {} t.a.b = 1 end) try(function() return 1 + {} end) try(function() return #5 end)
try(function() return {} < {} end) try(function() return 1 < "x" end) try(function() return "a" .. {} end)
try(function() string.rep("x", 10, 20, {}):upper(nil)(1) end)
try(io.open, {}) try(io.lines, "no-such-file") try(setmetatable, 1) try(select, 0) try(table.concat, { {} })
try(table.insert, { 1, 2 }, 9, 9) try(math.random, 0, -1) try(math.floor, "x") try(tostring) try(next, {}, "k")
try(utf8.char, -1) try(utf8.codepoint, "\xff") try(string.pack, "i17", 1) try(os.date, "%Ez") try(os.time, {})
try(load, 1) try(load, "x ==") print(load "x ==") print(load("return ...", "=name")(1)) print(load "\27Lua")
try(error) try(error, nil) try(error, {}) try(error, "text", 0) try(error, "text", 1) try(error, "text", 2)
try(function() error("level 1", 1) end) try(function() error("level 2", 2) end)
try(function() error(setmetatable({}, { __tostring = function() return "object" end })) end)
print(select(2, pcall(error, setmetatable({}, { __tostring = function() return "object" end }))))
print(xpcall(error, function(m) return "handled " .. tostring(m) end, "message"))
print(xpcall(error, function(m) error "again" end, "message"))
print(xpcall(error, function(m) return debug.traceback(m, 1) end, "trace"))
print(xpcall(function() local x = nil; x() end, debug.traceback))
print(xpcall(function() require "no.such" end, function(m) return m end))
print(pcall(require, "fails")) print(package.loaded.fails) print(pcall(require, "fails"))
print(pcall(require, "a/b")) print(pcall(require, "")) print(pcall(require)) print(pcall(require, 42))
package.preload.given = function(...) print("preload", ...) return nil end
print(require "given", package.loaded.given) print(require "given")
package.preload.circular = function() return require "circular" end
print(select("#", pcall(require, "circular")))
package.path = "./?.lua;./?/x.lua" package.cpath = "./?.so" print(pcall(require, "x.y"))
package.searchers = nil print(pcall(require, "z"))
package.searchers = { function(name) return name .. " not here" end, function() return nil end,
    function(name) return function(...) return { ... } end, "extra" end }
local m, extra = require "custom" print(m[1], m[2], extra)
print(pcall(string.gsub, "x", "(", "")) print(pcall(string.gsub, "x", "%", "")) print(pcall(string.find, "x", "[a"))
print(pcall(string.gsub, "x", "x", function() error "in callback" end))
print(pcall(string.gsub, "x", "x", function() return {} end))
print(pcall(coroutine.resume, nil)) print(pcall(coroutine.wrap(function() error "in coroutine" end)))
print(pcall(coroutine.wrap(function() error { code = 7 } end)))
for i = 1, 2000 do pcall(error, i) pcall(function() pcall(error, i) error(i) end) end
print "error storm passed"
local depth = 0
local function nested() depth = depth + 1 if depth == 150 then error "deep" end pcall(nested) error "up" end
print(pcall(nested), depth)
