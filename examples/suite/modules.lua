-- modules.lua: everything that Lua's module system does, once or a known number of times.  Its budgets are
-- in .modprof; run it with `modprof check -n 5 -- lua5.4 modules.lua`.
package.path = "./?.lua;./missing/?.lua;./missing/?/init.lua;" .. package.path

require "suite.first"                           -- first load
for _ = 1, 10000 do require "suite.first" end   -- cached loads: a look-up each
require "suite.disk"                            -- a larger file: reading and compiling it
require "suite.app"                             -- a whole require, with the modules below it
pcall(require, "suite.circle_a")                -- a circle: Lua 5.4 itself only stops at its stack's end
pcall(require, "suite.not_there")               -- resolution of a name that nothing has

-- Table conversion through a JSON library in C, where there is one.
local found, json = pcall(require, "cjson")
if found then
    local records = {}
    for i = 1, 1000 do records[i] = { id = i, name = "record " .. i, tags = { "a", "b", i } } end
    for _ = 1, 10 do json.decode(json.encode(records)) end
end
