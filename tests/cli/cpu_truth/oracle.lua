-- oracle SCRIPT ...: runs SCRIPT and counts its instructions by line, with a hook: `line count` on standard output, what the
-- script prints on standard error.  Shares nothing with the profiler.  Finalizers run without hooks.
local counts = {}
local function count()
  local at = debug.getinfo(2, "Sl")
  if at and at.source:find("truth.lua", 1, true) then counts[at.currentline] = (counts[at.currentline] or 0) + 1 end
end
for _, make in ipairs { "wrap", "create" } do
  local original = coroutine[make]
  coroutine[make] = function(f)
    return original(function(...)
      debug.sethook(count, "", 97)
      return f(...)
    end)
  end
end
function print(...) io.stderr:write(table.concat({ ... }, " "), "\n") end
local script = assert(loadfile(arg[1]))
arg = { arg[2] }
debug.sethook(count, "", 97)
script()
debug.sethook()
for line, n in pairs(counts) do io.write(line, " ", n, "\n") end
