-- make_modules FOLDER N: writes N modules of 200 lines that load each other as a tree, and main.lua.
local folder, n = arg[1], tonumber(arg[2])
for i = 1, n do
    local f = assert(io.open(string.format("%s/mod%d.lua", folder, i), "w"))
    f:write("local M = {}\n")
    for child = 3 * i - 1, math.min(3 * i + 1, n) do f:write(("local m%d = require 'mod%d'\n"):format(child, child)) end
    for k = 1, 40 do
        f:write(("function M.f%d(a, b)\n    local t = { a, b, name = 'f%d' }\n    for i = 1, #t do t[i] = t[i] * %d end\n    return t\nend\n"):format(k, k, k))
    end
    f:write("for i = 1, 20 do M[i] = M.f1(i, i) end\nreturn M\n")
    f:close()
end
local main = assert(io.open(folder .. "/main.lua", "w"))
main:write("require 'mod1'\n")
main:close()
