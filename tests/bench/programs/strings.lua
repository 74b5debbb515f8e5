-- String building: joined piece by piece, in tables, by formats and substitutions.
local n, kept = 0, {}
for round = 1, 25 do
    local line = ""
    for i = 1, 400 do line = line .. i .. "," end
    local parts = {}
    for i = 1, 20000 do parts[#parts + 1] = ("%d:%s"):format(i, "item" .. i % 97) end
    local text = table.concat(parts, "\n")
    local found = text:gsub("item(%d+)", function(d) return "<" .. d .. ">" end)
    for word in found:gmatch "%d+:" do n = n + #word end
    kept[round % 7] = found:upper():reverse() .. line
end
print(n, #kept[1])
