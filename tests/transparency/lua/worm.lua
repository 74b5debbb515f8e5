-- Libraries written in C that come with Lua modules on top.
local lpeg, cjson, lfs, socket = require "lpeg", require "cjson", require "lfs", require "socket"
local re = require "re"
local P, R, S, C, Ct, V = lpeg.P, lpeg.R, lpeg.S, lpeg.C, lpeg.Ct, lpeg.V
local number = C(R "09" ^ 1) / tonumber
local expression = P { "sum", sum = Ct(V "product" * (C(S "+-") * V "product") ^ 0),
    product = Ct(V "atom" * (C(S "*/") * V "atom") ^ 0), atom = number + "(" * V "sum" * ")" }
print(cjson.encode(expression:match "1+2*(3-4)/5"))
print(lpeg.type(number), lpeg.version and type(lpeg.version), pcall(lpeg.match, {}, "x"))
print(re.match("hello world", "{[a-z]+} ' ' {.*}"), re.gsub("a1b2", "[0-9]", "#"))
print((P(1) / function(x) error "in capture" end) and pcall(lpeg.match, P(1) / function(x) error "in capture" end, "x"))
print(pcall(lpeg.match, lpeg.Cmt(P(1), function(s, i) return coroutine.yield(i) end), "x"))
local big = {} for i = 1, 2000 do big[i] = { id = i, name = "n" .. i, list = { i, i + 1 } } end
local text = cjson.encode(big) print(#text, #cjson.decode(text), cjson.decode(text)[2000].name)
print(pcall(cjson.decode, "{bad") ) print(pcall(cjson.encode, { [1.5] = print }))
lfs.mkdir "sub" lfs.touch("sub", 0, 0) print(lfs.attributes("sub", "mode"), lfs.attributes("sub", "modification"))
for name in lfs.dir "sub" do if #name > 2 then print(name) end end
print(pcall(lfs.dir, "missing")) print(lfs.attributes "missing") lfs.rmdir "sub"
local server = assert(socket.bind("127.0.0.1", 0))
local _, port = server:getsockname()
local client = socket.tcp() client:settimeout(5) client:connect("127.0.0.1", port)
local peer = server:accept() peer:settimeout(5)
client:send "ping\n" print(peer:receive()) peer:send "pong\n" print(client:receive())
peer:close() print(client:receive()) client:close() server:close()
print(socket.try and pcall(socket.protect(function() socket.try(nil, "protected") end)))
print(select(2, pcall(require, "cjson.missing")):match "^[^\n]*")
