-- nested: many coroutines, each resumed by another: long stacks for whoever walks them.
local function nest(n)
  if n > 0 then return coroutine.wrap(nest)(n - 1) end
  local s = 0
  for i = 1, 3000000 do s = s + i % 7 end
  return s
end
for _ = 1, 5 do print(nest(180)) end
