-- A module whose body yields: require is not yieldable, so this is an error.
coroutine.yield "from a module"
return true
