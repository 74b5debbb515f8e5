-- Upvalues of C closures keep their number, names, values and identity.
local function show(label, f)
    local out = { debug.getinfo(f, "u").nups }
    for i = 1, 5 do
        local name, value = debug.getupvalue(f, i)
        if not name then break end
        out[#out + 1] = "[" .. name .. "]" .. type(value)
    end
    print(label, table.unpack(out))
end
show("gmatch", string.gmatch("a", "b"))
show("require", require)
for i, searcher in ipairs(package.searchers) do
    show("searcher" .. i, searcher)
    print(select(2, debug.getupvalue(searcher, 1)) == package)
end
show("wrap", coroutine.wrap(function() end))
show("lines", io.lines(arg[0]))
show("print", print)
print(select(2, debug.getupvalue(require, 1)) == package)
print(pcall(debug.upvalueid, print, 1))
print(pcall(debug.upvalueid, require, 2))
print(debug.upvalueid(require, 1) == debug.upvalueid(require, 1))
print(debug.upvalueid(string.gmatch("a", "b"), 1) ~= debug.upvalueid(string.gmatch("a", "b"), 1))
print(pcall(debug.upvaluejoin, require, 1, require, 1))
print(pcall(debug.upvaluejoin, function() return require end, 1, require, 1))
local identity = require "identity_module"
local c = identity.closure("before")
print(c(), debug.setupvalue(c, 1, "after"), c(), debug.setupvalue(c, 2, "none"))
