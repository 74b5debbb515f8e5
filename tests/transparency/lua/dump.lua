-- Bytecode is the same, with and without debug information, and runs.
local function checksum(s) local h = 5381 for i = 1, #s do h = (h * 33 + s:byte(i)) & 0xffffffff end return h end
local function f(a, ...) local t = { a, ... } for i, v in ipairs(t) do print(i, v) end return #t, select("#", ...) end
for _, strip in ipairs { false, true } do
    local code = string.dump(f, strip)
    print(strip, #code, checksum(code), load(code, "dumped", "b")(1, 2, 3))
end
print(pcall(string.dump, print)) print(pcall(string.dump, 1))
print(pcall(load(string.dump(function() error "stripped" end, true))))
print(load(string.dump(f), "x", "t")) print(load("return 1", "x", "b"))
local chunks = { "return ", "1", " + ", "2" }
print(load(function() return table.remove(chunks, 1) end)())
print(pcall(load, function() error "in reader" end)) print(load(function() return {} end))
print(load(function() return "syntax error here" end, "@file.lua"))
local file = assert(io.open("dumped.luac", "wb")) file:write(string.dump(f)) file:close()
print(loadfile "dumped.luac" (9)) print(loadfile("dumped.luac", "t")) print(loadfile "missing.lua")
print(pcall(dofile, "missing.lua")) print(pcall(dofile, "dumped.luac"))
file = assert(io.open("shebang.lua", "wb")) file:write "#!/usr/bin/lua\nreturn ..., debug.getinfo(1, 'l').currentline" file:close()
print(loadfile "shebang.lua" "argument") print(dofile "shebang.lua")
file = assert(io.open("bom.lua", "wb")) file:write "\xef\xbb\xbfreturn 'after a byte order mark'" file:close()
print(dofile "bom.lua")
