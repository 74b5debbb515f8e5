-- Reads the JSON of `modprof report --leaks`, prints `HEAP FILE:LINE` for each finding that is accused.
local cjson = require("cjson")
local report = cjson.decode(io.read("a"))
for _, process in ipairs(report.processes) do
  for _, f in ipairs(process.leaks.findings) do
    if f.verdict == "rises" then
      print(("%s %s:%d"):format(f.heap, f.file ~= "" and f.file or f.label, f.line))
    end
  end
end
