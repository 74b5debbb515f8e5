-- What 999 samples a second add to CPU-bound Lua code: slices of some milliseconds with samples and without, in turn, so
-- that a slow moment of the machine hits both.  Arguments: pairs of slices; "clock" measures the kernel's part alone.
-- Prints nanoseconds of a slice without samples, and what samples add to it: medians.
local switch = require "sample_switch"
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
local composite = {}
local function sieve(n)
    for i = 1, n do composite[i] = false end
    for i = 2, n do
        if not composite[i] then for j = i * i, n, i do composite[j] = true end end
    end
end
local function bodies(steps)
    local x, y, vx, vy = 1.0, 0.0, 0.0, 1.0
    for _ = 1, steps do
        local r2 = x * x + y * y
        local a = -1 / (r2 * r2 ^ 0.5)
        vx, vy = vx + a * x * 1e-3, vy + a * y * 1e-3
        x, y = x + vx * 1e-3, y + vy * 1e-3
    end
end
local function slice(on)
    switch.set(on)
    local begin = switch.cpu()
    fib(19) sieve(30000) bodies(20000)
    return switch.cpu() - begin
end
local function median(t)
    table.sort(t)
    return t[(#t + 1) // 2]
end

if arg[2] == "clock" then switch.clock_only() end
local begin = switch.cpu()
while switch.cpu() - begin < 2e8 do slice(true) end -- the sampler tries a perf event after 10 ms
local plain, added = {}, {}
for i = 1, tonumber(arg[1]) do
    local off = slice(false)
    local on = slice(true) + slice(true)
    off = off + slice(false)
    plain[i], added[i] = off / 2, (on - off) / 2
end
print(median(plain), median(added))
