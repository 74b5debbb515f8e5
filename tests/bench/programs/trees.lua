-- Binary trees: many short-lived ones of growing depth, and a long-lived one.
local function tree(depth)
    if depth == 0 then return {} end
    return { tree(depth - 1), tree(depth - 1) }
end
local function check(t) return t[1] and 1 + check(t[1]) + check(t[2]) or 1 end
local long, sum = tree(14), 0
for depth = 4, 14, 2 do
    for _ = 1, 1 << (18 - depth) do sum = sum + check(tree(depth)) end
end
print(sum, check(long))
