-- A small module, loaded first.
local first = {}
function first.greet(name) return "hello, " .. name end
return first
