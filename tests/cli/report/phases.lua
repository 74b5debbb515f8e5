-- Reads `modprof report --format json` on stdin and says what does not add up.
local cjson = require "cjson"
local report = cjson.decode(io.read "a")
local process = report.processes[1]
local by_id, wrong = {}, 0

local function expect(ok, module, text)
  if not ok then
    print(module.name .. ": " .. text)
    wrong = wrong + 1
  end
end

for _, m in ipairs(process.modules) do by_id[m.id] = m end
for _, m in ipairs(process.modules) do
  local p = m.phases_ns
  local own = 0
  for phase, ns in pairs(p) do
    if phase ~= "run" then own = own + ns end
  end
  expect(own + (p.run or 0) <= m.total_ns, m, "its phases are longer than the whole")
  expect(m.self_ns <= m.total_ns, m, "self is more than total")
  if m.load == "Lua file" and m.kind == "require" then
    for _, phase in ipairs { "resolve", "read", "compile", "run" } do
      expect((p[phase] or 0) > 0, m, "no time in phase " .. phase)
    end
    expect(m.file and m.file:find("%.lua$"), m, "no file")
    expect(m.source_bytes > 0, m, "no source")
  end
  if m.parent ~= cjson.null then
    local parent = by_id[m.parent]
    expect(parent, m, "its parent is missing")
    expect(m.begin_ns >= parent.begin_ns, m, "begins before its parent")
    expect(m.begin_ns + m.total_ns <= parent.begin_ns + parent.total_ns, m, "ends after its parent")
  end
end
for _, name in ipairs(arg) do
  local found = false
  for _, m in ipairs(process.modules) do found = found or m.name == name end
  expect(found, { name = name }, "is not among the modules")
end
os.exit(wrong == 0)
