-- What every program does besides leaking, and what must not be taken for a leak: tables made once
-- and kept, a cache with a bound, work that comes and goes, coroutines that end.
local M = {}

local static = {}
for i = 1, 3000 do
  static[i] = { id = i, name = "entry " .. i }
end
M.static = static

local cache, used = {}, 0
function M.cached(i)
  local key = i % 100
  if not cache[key] or i % 3 == 0 then
    cache[key] = { value = ("%d"):format(i), at = i }
  end
  used = used + 1
  return cache[key]
end

local queue, head, tail = {}, 1, 0
function M.queued(i)
  tail = tail + 1
  queue[tail] = { job = i, text = "job " .. i }
  if tail - head > 50 then
    queue[head] = nil
    head = head + 1
  end
end

function M.churn(i)
  local parts = {}
  for k = 1, 5 do
    parts[k] = ("%d-%d"):format(i, k)
  end
  return #table.concat(parts, " ")
end

function M.coroutines(i)
  local co = coroutine.wrap(function(a)
    local b = coroutine.yield(a + 1)
    return b
  end)
  return co(i) + (co(i) or 0)
end

function M.round(i)
  M.cached(i)
  M.queued(i)
  M.churn(i)
  if i % 10 == 0 then
    M.coroutines(i)
  end
end

return M
