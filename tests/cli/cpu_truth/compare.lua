-- compare ORACLE TOLD FOLDED NS-A-SAMPLE C-NAME: holds the stacks of FOLDED (by line) against what the hook counted and what
-- the script says of itself, by the CPU time that it measured.  Every share has to agree within six standard errors of its samples
-- and half a percent point: there are 500 of them in all suites, and at four one in 2,000 runs had one beyond.
local oracle, told_file, folded, period_ns, c_name = table.unpack(arg)
local text = {}
for line in io.lines(arg[0]:match "^(.*)/" .. "/truth.lua") do text[#text + 1] = line end

-- The loops: by line their function, of which the first is a third as long as the second.
local function_of, first_of = {}, {}
local name, at
for i, line in ipairs(text) do
  local f = line:match "^local function (%l+)%(n%)$"
  if f and text[i + 1] == "  local s = begun()" then name, at = f, i end
  if name and line == "end" then name = nil end
  if name and i >= at + 2 and i <= at + 3 then function_of[i], first_of[name] = name, at + 2 end
end

-- Seconds of both loops, of the first, and of one unit of length.
local time, first_time, pace, c_share, time_sum = {}, {}, {}, 0, 0
for line in io.lines(told_file) do
  local key, a, b, c = line:match "^(%l+)%s+(%S+)%s+(%S+)%s*(%S*)$"
  if key == "c" then
    c_share = a / b
  else
    time[key], first_time[key] = b + c, tonumber(b)
    pace[key], time_sum = time[key] / a, time_sum + time[key]
  end
end

-- Where a function may run: what has to be above it, and what must not.
local under = {
  beta = "truth.lua:OUTER", gamma = "truth.lua:INNER.-", delta = "string.gsub", epsilon = "pcall;fails", zeta = "(...tail calls...)",
  eta = "__close", theta = "__gc", iota = "deep", kappa = "(...tail calls...)", lambda = "pcall;", mu = "coroutine.close;",
  nu = "pcall;coroutine.wrap",
}
for i, line in ipairs(text) do
  if line:find("beta(4", 1, true) then under.beta = "truth.lua:" .. i .. ";" end
  if line:find("gamma(3", 1, true) then under.gamma = "truth.lua:" .. i .. ";" end
end

local n, c_n, all = {}, 0, 0 -- samples by line, in C, in all
local misplaced = {}
for line in io.lines(folded) do
  local stack, w = line:match "^(.*) (%d+)$"
  w = w / period_ns
  all = all + w
  if stack:find(c_name, 1, true) then c_n = c_n + w end
  local last = tonumber(stack:match "truth%.lua:(%d+)$")
  local f = function_of[last or 0]
  if f then
    n[last] = (n[last] or 0) + w
    local others = stack:find(under.beta, 1, true)
    local belongs = f == "beta" or f == "gamma"
    if (under[f] and not stack:find(under[f], 1, true)) or (not others ~= not belongs) then misplaced[#misplaced + 1] = line end
  end
end

local failed = false
local function hold(what, share, expected, of)
  local error_ = math.sqrt(expected * (1 - expected) / of)
  local ok = math.abs(share - expected) <= 6 * error_ + 0.005
  print(("%-8s %s: %5.2f %%, expected %5.2f %% (+- %.2f)"):format(ok and "" or "WRONG", what, 100 * share, 100 * expected, 100 * error_))
  failed = failed or not ok
end

local counted, counted_sum, by_function, sum = {}, 0, {}, 0
for line in io.lines(oracle) do
  local i, k = line:match "(%d+) (%d+)"
  counted[tonumber(i)] = tonumber(k)
end
for i, f in pairs(function_of) do
  by_function[f] = (by_function[f] or 0) + (n[i] or 0)
  sum = sum + (n[i] or 0)
end
local sum_hooked = sum - (by_function.theta or 0)
-- What the hook counted took as long as the script's pace was there.
for i, f in pairs(function_of) do
  counted[i] = (counted[i] or 0) * pace[f]
  if f ~= "theta" then counted_sum = counted_sum + counted[i] end
end
for f, first in pairs(first_of) do
  hold(f .. " by time", by_function[f] / sum, time[f] / time_sum, sum)
  if f ~= "theta" then
    local k = counted[first] + counted[first + 1]
    hold(f .. " by hook", by_function[f] / sum_hooked, k / counted_sum, sum_hooked)
    local one, three = n[first] or 0, n[first + 1] or 0
    hold(f .. " line " .. first, one / (one + three), first_time[f] / time[f], one + three)
  end
end
hold("the C library", c_n / all, c_share, all)
for _, line in ipairs(misplaced) do print("MISPLACED", line) end
assert(all > 100, "too few samples")
assert(not failed and #misplaced == 0)
