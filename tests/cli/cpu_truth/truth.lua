-- truth: loops of the same body, each in a function of its own, of known lengths, in all the ways in which Lua
-- comes to run something, and a C library called `spins`.  Prints what it was of each: `name length seconds seconds`, CPU time of its two
-- loops (a machine may be slower in one of them than in another), and `c seconds of-seconds`.
local clock, at, halfway, first, second = os.clock, 0, 0, {}, {}
local function begun() at = clock() return 0 end
local function half(n) halfway = clock() return n end
local function ended(name)
  first[name] = (first[name] or 0) + halfway - at
  second[name] = (second[name] or 0) + clock() - halfway
  return 0
end
local function alpha(n)
  local s = begun()
  for i = 1, n do s = (s ~ i) + 3 end
  for i = 1, half(3 * n) do s = (s ~ i) + 3 end
  s = s + ended("alpha")
  return s
end
local function beta(n)
  local s = begun()
  for i = 1, n do s = (s ~ i) + 3 end
  for i = 1, half(3 * n) do s = (s ~ i) + 3 end
  s = s + ended("beta")
  return s
end
local function gamma(n)
  local s = begun()
  for i = 1, n do s = (s ~ i) + 3 end
  for i = 1, half(3 * n) do s = (s ~ i) + 3 end
  s = s + ended("gamma")
  return s
end
local function delta(n)
  local s = begun()
  for i = 1, n do s = (s ~ i) + 3 end
  for i = 1, half(3 * n) do s = (s ~ i) + 3 end
  s = s + ended("delta")
  return s
end
local function epsilon(n)
  local s = begun()
  for i = 1, n do s = (s ~ i) + 3 end
  for i = 1, half(3 * n) do s = (s ~ i) + 3 end
  s = s + ended("epsilon")
  return s
end
local function zeta(n)
  local s = begun()
  for i = 1, n do s = (s ~ i) + 3 end
  for i = 1, half(3 * n) do s = (s ~ i) + 3 end
  s = s + ended("zeta")
  return s
end
local function eta(n)
  local s = begun()
  for i = 1, n do s = (s ~ i) + 3 end
  for i = 1, half(3 * n) do s = (s ~ i) + 3 end
  s = s + ended("eta")
  return s
end
local function theta(n)
  local s = begun()
  for i = 1, n do s = (s ~ i) + 3 end
  for i = 1, half(3 * n) do s = (s ~ i) + 3 end
  s = s + ended("theta")
  return s
end
local function iota(n)
  local s = begun()
  for i = 1, n do s = (s ~ i) + 3 end
  for i = 1, half(3 * n) do s = (s ~ i) + 3 end
  s = s + ended("iota")
  return s
end
local function kappa(n)
  local s = begun()
  for i = 1, n do s = (s ~ i) + 3 end
  for i = 1, half(3 * n) do s = (s ~ i) + 3 end
  s = s + ended("kappa")
  return s
end
local function lambda(n)
  local s = begun()
  for i = 1, n do s = (s ~ i) + 3 end
  for i = 1, half(3 * n) do s = (s ~ i) + 3 end
  s = s + ended("lambda")
  return s
end
local function mu(n)
  local s = begun()
  for i = 1, n do s = (s ~ i) + 3 end
  for i = 1, half(3 * n) do s = (s ~ i) + 3 end
  s = s + ended("mu")
  return s
end
local function nu(n)
  local s = begun()
  for i = 1, n do s = (s ~ i) + 3 end
  for i = 1, half(3 * n) do s = (s ~ i) + 3 end
  s = s + ended("nu")
  return s
end

local scale = tonumber(arg and arg[1]) or 1
local k = 16000 * scale

-- In a coroutine, and in one that this resumes.
local inner = coroutine.wrap(function()
  while true do gamma(3 * k) coroutine.yield() end
end)
local outer = coroutine.wrap(function()
  while true do beta(4 * k) inner() coroutine.yield() end
end)
-- Lua, C, Lua.
local function by_gsub() return (("x"):gsub("x", function() delta(5 * k) end)) end
local function fails() epsilon(2 * k) error("on purpose", 0) end
local function by_pcall() return pcall(fails) end
-- Metamethods of all kinds.
local indexed = setmetatable({}, { __index = function(_, n) return zeta(n) end })
local closes = { __close = function() eta(3 * k) end }
local function by_close() local c <close> = setmetatable({}, closes) return c ~= nil end
local function by_gc()
  setmetatable({}, { __gc = function() theta(2 * k) end })
  collectgarbage()
end
-- Deep, and by a tail call.
local function deep(n)
  if n == 0 then return (iota(6 * k)) end
  return (deep(n - 1))
end
local function tail(n) return kappa(n) end
-- After a yield across pcall, which a continuation of C's completes.
local resumed = coroutine.wrap(function()
  while true do
    pcall(function() coroutine.yield() lambda(4 * k) end)
  end
end)
resumed()
-- What a coroutine left to be closed: by coroutine.close, and where it failed.
local function leaves(f, n, way)
  return function()
    local c <close> = setmetatable({}, { __close = function() f(n * k) end })
    way()
  end
end
local function by_coroutine_close()
  local co = coroutine.create(leaves(mu, 3, coroutine.yield))
  coroutine.resume(co)
  coroutine.close(co)
end
local function by_failing() return pcall(coroutine.wrap(leaves(nu, 2, error))) end

local has_c, spins = pcall(require, "spins")
local began, in_c = os.clock(), 0
local r = 1
for _ = 1, 40 do
  r = r * 16807 % 2147483647 -- rounds of no pattern: what else the machine does may have one
  k = 16 * scale * (r % 1000 + 500) // 1
  alpha(2 * k)
  outer()
  by_gsub()
  by_pcall()
  local _ = indexed[3 * k]
  by_close()
  by_gc()
  deep(60)
  tail(k)
  resumed()
  by_coroutine_close()
  by_failing()
  if has_c then
    local before = os.clock()
    spins.spin(20 * k)
    in_c = in_c + os.clock() - before
  end
end
print("c", in_c, os.clock() - began)
local lengths = { alpha = 2, beta = 4, gamma = 3, delta = 5, epsilon = 2, zeta = 3, eta = 3, theta = 2, iota = 6, kappa = 1, lambda = 4, mu = 3, nu = 2 }
for name, n in pairs(lengths) do print(name, n, first[name], second[name]) end
