-- kinds: every way in which a module can be loaded, or fail to be.  The files are written first.
local function file(name, text)
    local f <close> = assert(io.open(name, "wb"))
    f:write(text)
end

file("plain.lua", "return {...}")
file("syntax.lua", "return +")
file("body.lua", "error('body failed')")
file("runtime.lua", "local t = nil return t.x")
file("ring_a.lua", "require 'ring_b'")
file("ring_b.lua", "if not turned then turned = true require 'ring_a' end")
file("binary.lua", string.dump(load("return 'precompiled'", "=binary")))
file("script.lua", "return 1")
file("yields.lua", "coroutine.yield() return 2")
file("notlib.so", "this is no library")
package.path, package.cpath = "./?.lua", "./?.so;" .. package.cpath

package.preload.preloaded = function() return true end
table.insert(package.searchers, function(name)
    if name == "custom" then return load "return 3", "from nowhere" end
    return "\n\tnot custom"
end)

for _, name in ipairs { "plain", "syntax", "body", "runtime", "ring_a", "binary", "preloaded",
                        "custom", "nowhere", "notlib", "cjson", "plain", "plain" } do
    pcall(require, name)
end
pcall(require)
pcall(require, {})
dofile "script.lua"
pcall(dofile, "missing.lua")
local co = coroutine.wrap(dofile)
co "yields.lua"
co()
pcall(loadfile "script.lua")
for i = 1, 3 do pcall(load "return 4") end
