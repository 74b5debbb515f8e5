-- oracle: counts what require does by wrapping it, as a program could: one line per call that ended,
-- to the file named by ORACLE.  Run before the program: lua5.4 oracle.lua PROGRAM ARGS...
local real = require
local out = assert(io.open(os.getenv "ORACLE", "w"))
out:setvbuf "no"

function require(name, ...)
    local loaded = package.loaded[name]
    local result = table.pack(pcall(real, name, ...))
    out:write(not result[1] and "failed " or loaded and "hit " or "ok ", name, "\n")
    if not result[1] then error(result[2], 0) end
    return table.unpack(result, 2, result.n)
end

local program = table.remove(arg, 1)
arg[0] = program
dofile(program)
