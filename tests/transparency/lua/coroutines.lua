-- Coroutines inside pcall inside coroutines, yields across pcall, metamethods and iterators.
local function run(co, ...) print(coroutine.status(co), coroutine.resume(co, ...)) end
local co = coroutine.create(function(a)
    local ok, x = pcall(function(b)
        local c = coroutine.yield("in pcall " .. b)
        local inner = coroutine.create(function()
            local _, y = pcall(function() return coroutine.yield "inner in pcall" end)
            error("inner fails " .. tostring(y))
        end)
        print("inner", coroutine.resume(inner)) print("inner", coroutine.resume(inner, "value"))
        print(debug.traceback(inner))
        error("outer fails " .. c)
    end, a)
    local y = coroutine.yield("after pcall " .. tostring(x))
    return "done " .. tostring(y)
end)
run(co, "a") run(co, "c") run(co, "d") run(co)
print(coroutine.status(co), coroutine.close(co))
local meta = setmetatable({}, { __add = function(a, b) return coroutine.yield "add" end,
    __index = function(_, k) return coroutine.yield("index " .. k) end, __lt = function() return coroutine.yield "lt" end,
    __concat = function() return coroutine.yield "concat" end, __close = function() coroutine.yield "close" end,
    __call = function(_, ...) return coroutine.yield("call", ...) end, __eq = function() return coroutine.yield "eq" end })
co = coroutine.create(function()
    do local _ <close> = meta end
    return meta + 1, meta.key, meta < meta, meta .. "x", meta(1, 2), meta == setmetatable({}, getmetatable(meta))
end)
for i = 1, 9 do run(co, i) end
co = coroutine.wrap(function() for k in function() return coroutine.yield "iterator" end do print(k) end return "end" end)
print(co()) print(co(1)) print(co(2)) print(co(nil))
print(pcall(coroutine.wrap(function() table.sort({ 3, 2, 1 }, function() coroutine.yield() end) end)))
print(pcall(coroutine.wrap(function() string.gsub("x", "x", coroutine.yield) end)))
print(pcall(coroutine.yield), coroutine.isyieldable(), select(2, coroutine.running()))
print(coroutine.wrap(function() return coroutine.isyieldable(), select(2, coroutine.running()) end)())
co = coroutine.create(function() local _ <close> = setmetatable({}, { __close = function(_, e) print("closed", e) error "in close" end })
    coroutine.yield() end)
coroutine.resume(co) print(coroutine.close(co)) print(coroutine.status(co))
co = coroutine.wrap(function() return pcall(pcall, pcall, function() return coroutine.yield "three pcalls" end) end)
print(co()) print(co "back")
co = coroutine.wrap(function() return xpcall(function() coroutine.yield "x" error "y" end, function(m) return "h " .. m end) end)
print(co()) print(co())
co = coroutine.wrap(function() return require "yields" end)
print(pcall(co)) print(pcall(co, "resumed"))
local many = {}
for i = 1, 2000 do many[i] = coroutine.create(function(x) while true do x = coroutine.yield(x + i) end end) end
local sum = 0
for round = 1, 5 do for i = 1, #many do sum = sum + select(2, coroutine.resume(many[i], round)) end end
print(sum)
local function chain(n) if n == 0 then return "bottom" end return coroutine.wrap(chain)(n - 1) end
print(chain(100))
print(select(2, pcall(coroutine.wrap(function() local t = {} for i = 1, 300 do t = { t } end
    local function deep(n) if n == 0 then coroutine.yield "deep yield" end pcall(deep, n - 1) end deep(150) end))))
local producer = coroutine.wrap(function() for w in string.gmatch("one two three", "%a+") do coroutine.yield(w) end end)
for w in producer do io.write(w, " ") end print()
print(dofile(arg[0]:gsub("coroutines", "small")), coroutine.wrap(dofile)((arg[0]:gsub("coroutines", "small"))))

-- What has ended is resumed again.
local ended = coroutine.create(function() end)
print(coroutine.resume(ended))
print(coroutine.resume(ended))
local failed = coroutine.wrap(function() error "once" end)
print(pcall(failed))
print((pcall(failed)))
