-- An allocation storm: eight million tables, most of them garbage at once.
local keep = {}
for i = 1, 8000000 do
    local t = {}
    if i % 1000 == 0 then keep[i % 100000] = t end
end
print(#keep)
