-- Ways to end a program: arg[1] names one.
local ways = {}
function ways.error() error "uncaught" end
function ways.error_table() error { code = 2 } end
function ways.error_object() error(setmetatable({}, { __tostring = function() return "an object" end })) end
function ways.error_nil() error() end
function ways.module() require "exits_in_module" end
function ways.in_pcall() pcall(os.exit, 5, true) end
function ways.in_coroutine() coroutine.wrap(function() os.exit(6, true) end)() end
function ways.in_gsub() string.gsub("x", "x", function() os.exit(8) end) end
function ways.in_finaliser() setmetatable({}, { __gc = function() os.exit(9) end }) collectgarbage() end
function ways.unflushed() io.write "no newline at the end" os.exit(0) end
function ways.buffered() io.stdout:setvbuf "full" print "buffered" os.exit(true, true) end
function ways.kill() os.execute "kill -TERM $PPID" while true do end end
function ways.large() os.exit(256 + 7) end
function ways.deep() local function f(n) if n == 0 then os.exit(10) end pcall(f, n - 1) end f(100) end
function ways.pending() local c <close> = setmetatable({}, { __close = function() print "closed" end }) error "with pending" end
setmetatable({}, { __gc = function() print "finaliser at the end" end })
ways[arg[1]]()
