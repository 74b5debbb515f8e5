-- Many module loads and functions: more than a socket's or a small disk's buffer can take.
local sum = 0
for i = 1, 3000 do
    local name = "module.number." .. i .. "." .. ("long"):rep(i % 20)
    package.preload[name] = load("local a = ... return " .. i, "=" .. name)
    sum = sum + require(name)
    package.loaded[name] = nil
end
for i = 1, 200 do pcall(require, "missing." .. i) end
print(sum)
