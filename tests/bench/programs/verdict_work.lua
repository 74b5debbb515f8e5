-- So much work as the argument says, and its CPU time told to `modprof bench`: nothing of the process's start in it.
local n, s, began = tonumber(arg[1]), 0, os.clock()
for i = 1, n do s = s + i % 7 end
local took = (os.clock() - began) * 1e9
local out = assert(io.open(assert(os.getenv "MODPROF_BENCH_OUT"), "a"))
out:write(("time work %.0f\n"):format(took))
out:close()
