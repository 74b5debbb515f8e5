-- As many allocations as are asked for, most of them garbage at once, from a few places.
local n = tonumber((...))
local keep = {}
local function pair(i) return { i, i + 1 } end
local function text(i) return "text " .. i end
for i = 1, n // 4 do
    local t = pair(i)
    t.name = i % 16 == 0 and text(i)
    if i % 1000 == 0 then keep[i % 100000] = t end
end
print(#keep)
