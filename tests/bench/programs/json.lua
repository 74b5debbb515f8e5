-- JSON with lua-cjson: a document is encoded, decoded, changed, and encoded again.
local cjson = require "cjson"
local document = { items = {} }
for i = 1, 2000 do
    document.items[i] = { id = i, name = "item " .. i, price = i * 1.25, tags = { "a", "b" .. i % 10, "c" }, on = i % 3 == 0 }
end
local bytes = 0
for round = 1, 80 do
    local text = cjson.encode(document)
    document = cjson.decode(text)
    document.items[round].name = "changed in round " .. round
    bytes = bytes + #text
end
print(bytes)
