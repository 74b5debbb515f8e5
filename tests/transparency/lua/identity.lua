-- Functions are equal to themselves, different from others, and usable as keys, however obtained.
local address = function(f) return string.format("%p", f) end
print(print == print, rawequal(print, _G.print), print ~= type)
local functions, seen, n = {}, {}, 0
local function collect(t, path)
    if seen[t] then return end
    seen[t] = true
    local keys = {}
    for k in pairs(t) do if type(k) == "string" then keys[#keys + 1] = k end end
    table.sort(keys)
    for _, k in ipairs(keys) do
        local v = t[k]
        if type(v) == "function" then
            functions[#functions + 1] = { path .. k, v }
        elseif type(v) == "table" then
            collect(v, path .. k .. ".")
        end
    end
end
collect(_G, "")
local by_function, by_address = {}, {}
for _, f in ipairs(functions) do
    by_function[f[2]] = (by_function[f[2]] or "") .. " " .. f[1]
    by_address[address(f[2])] = (by_address[address(f[2])] or "") .. " " .. f[1]
    assert(tostring(f[2]) == "function: " .. address(f[2])
        or tostring(f[2]) == "function: builtin: " .. address(f[2]))
end
for _, f in ipairs(functions) do
    assert(by_function[f[2]] == by_address[address(f[2])], f[1])
    print(f[1], by_function[f[2]])
end
print(pairs {} == next, (pairs {}) == next, ipairs {} == ipairs {})
print(io.lines ~= nil, string.gmatch("", "") ~= string.gmatch("", ""))
print(getmetatable("").__index == string, getmetatable(io.stdout).__index.write == io.stdout.write)
print(package.searchers[1] ~= package.searchers[2], package.searchers[2] == package.searchers[2])
local f1 = package.loadlib(package.searchpath("identity_module", package.cpath), "luaopen_identity_module")
local f2 = package.loadlib(package.searchpath("identity_module", package.cpath), "luaopen_identity_module")
print(f1 == f2, address(f1) == address(f2), type(f1))
local identity, where = require "identity_module"
print(where == package.searchpath("identity_module", package.cpath))
identity.check(print, string.format)
print(identity.own(identity.own), identity.own(identity.other), identity.own(print), identity.own({}))
print(identity.push_again() == identity.own, identity.push_again() == identity.push_again())
print(identity.register_again().own == identity.own, identity.address_is_code(identity.own))
print(identity.closure(1) == identity.closure(1), identity.closure_function(identity.closure(7)))
print(identity.topointer_relations(print, print, type, identity.own, identity.closure(1)))
print(pcall(identity.fails_with_name), pcall(identity.argument, "x"), pcall(identity.argument, 3))
print(identity.buffer(10000), identity.buffer(10))
print(identity.call_through_c(string.upper, "through c"))
print(pcall(identity.call_through_c, error, "an error through c"))
print(coroutine.wrap(function() return identity.yield_across(function() return coroutine.yield("yielded") end) end)())
local co = coroutine.create(function(f) return "end", identity.yield_across(f) end)
print(coroutine.resume(co, function(...) return coroutine.yield("first") end))
print(coroutine.resume(co, "second"))
print(coroutine.status(co))
print(identity.allocator_pair_works())
print(identity.where(), identity.traceback())
