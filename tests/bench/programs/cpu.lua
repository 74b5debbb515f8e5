-- CPU-bound: Lua code that hardly calls C and hardly allocates.
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
local function sieve(n)
    local composite, primes = {}, 0
    for i = 2, n do
        if not composite[i] then
            primes = primes + 1
            for j = i * i, n, i do composite[j] = true end
        end
    end
    return primes
end
local function bodies(steps)
    local x, y, vx, vy = 1.0, 0.0, 0.0, 1.0
    for _ = 1, steps do
        local r2 = x * x + y * y
        local a = -1 / (r2 * r2 ^ 0.5)
        vx, vy = vx + a * x * 1e-3, vy + a * y * 1e-3
        x, y = x + vx * 1e-3, y + vy * 1e-3
    end
    return x, y
end
print(fib(31), sieve(1500000), bodies(3000000))
