-- Thirty million calls of a C function that does almost nothing.
local floor, sum = math.floor, 0
for i = 1, 30000000 do sum = sum + floor(i) end
print(sum)
