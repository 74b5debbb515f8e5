-- Crosses the border in every way that scripts do; nothing here depends on the order of pairs().
local lpeg, cjson = require "lpeg", require "cjson"

local words = {}
for i = 1, 400 do
  words[i] = string.format("%05d:%s", (i * 7919) % 1009, ("x"):rep(i % 5))
end
table.sort(words, function(a, b) return a < b end)
table.sort(words)

local text = table.concat(words, " ")
text:gsub("%d+", function(d) return tostring(math.floor(tonumber(d) / 3)) end)
text:gsub("x+", {x = "y"})
for word in text:gmatch("%S+") do select("#", word, #word) end
for _, code in utf8.codes("héllo wörld") do math.max(code, 3, 5) end

-- metamethods in Lua, called by C, and in C, called by Lua
local shown = setmetatable({}, {__tostring = function() return "shown" end,
  __index = rawget, __len = rawlen, __lt = function() return true end,
  __concat = function(a) return rawequal(a, a) end})
for _ = 1, 100 do
  local _ = tostring(shown), shown.field, #shown, shown .. "", shown < shown
end

-- errors, protected calls, handlers
for i = 1, 200 do
  pcall(error, {i})
  pcall(pcall, error)
  xpcall(function() error("deep", 2) end, debug.traceback)
  select(2, xpcall(error, function(m) return type(m) end, nil))
  pcall(string.rep)
end
local function nested(n) if n == 0 then error("bottom") end pcall(nested, n - 1) error("up") end
pcall(nested, 50)

-- coroutines: wrapped, resumed, failing, closed, yielding across pcall and sort
local wrapped = coroutine.wrap(function() for i = 1, 300 do coroutine.yield(i) end end)
for _ = 1, 300 do wrapped() end
for i = 1, 60 do
  local co = coroutine.create(function(...)
    pcall(coroutine.yield, ...)
    if i % 3 == 0 then error("in coroutine") end
    for _, v in ipairs({1, 2}) do coroutine.yield(v) end
  end)
  while coroutine.status(co) ~= "dead" do
    coroutine.resume(co, i)
    if i % 5 == 0 then coroutine.close(co) end
  end
end
for _ = 1, 50 do
  local co = coroutine.wrap(string.format)
  co("%d", 3)
end

-- tail calls into C
local function tail(n) return math.abs(n) end
for i = 1, 150 do tail(-i) end

-- load with a reader, calls through other functions, require that hits
local pieces = {"return ", "1 + ", "2"}
for _ = 1, 40 do
  local i = 0
  load(function() i = i + 1 return pieces[i] end)()
  require "lpeg"
  require "string"
end

-- files
local file = io.tmpfile()
for i = 1, 80 do file:write(i, "\n") end
file:seek("set")
for line in file:lines() do tonumber(line) end
file:close()
do local closed <close> = io.tmpfile() end

-- lpeg: operators are metamethods, captures call back; cjson
local P, C, Cg = lpeg.P, lpeg.C, lpeg.Cg
local number = C(lpeg.R "09" ^ 1) / tonumber
local list = lpeg.Ct(number * (P "," * number) ^ 0) + Cg(P "z", "name")
for i = 1, 100 do
  list:match(i .. ",2,3")
  lpeg.match(lpeg.Cmt(P(1), function(_, at) return at end), "a")
end
for i = 1, 50 do
  cjson.decode(cjson.encode {i, {a = i}, "text"})
  pcall(cjson.decode, "{")
end

collectgarbage()
