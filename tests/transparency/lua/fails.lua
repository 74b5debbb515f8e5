-- A module whose body raises an error.
local function inner() error("this module always fails") end
inner()
