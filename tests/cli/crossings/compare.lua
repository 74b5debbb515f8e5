-- lua5.4 compare.lua ORACLE BASE RUN: checks that RUN minus BASE (lines COUNT LABEL from reports of
-- the profiled program with and without its workload) is what ORACLE counted (COUNT LABEL...).
-- Finalizers are left out: when they run is the collector's affair.
local function is_finalizer(fields)
  for i = 2, #fields do
    if fields[i]:find(":__gc$") or fields[i]:find(":__close$") then return true end
  end
end

local function read(path)
  local rows = {}
  for line in io.lines(path) do
    local fields = {}
    for field in line:gmatch("[^\t]+") do fields[#fields + 1] = field end
    if not is_finalizer(fields) then rows[#rows + 1] = fields end
  end
  return rows
end

local oracle, base, run = read(arg[1]), read(arg[2]), read(arg[3])
local counted, total, checked, wrong = {}, 0, 0, 0
for _, row in ipairs(run) do
  counted[row[2]] = (counted[row[2]] or 0) + row[1]
  total = total + row[1]
end
for _, row in ipairs(base) do
  counted[row[2]] = (counted[row[2]] or 0) - row[1]
  total = total - row[1]
end

for _, row in ipairs(oracle) do
  local n = math.tointeger(row[1])
  total = total - n
  if row[2] ~= "?" then
    local found
    for i = 2, #row do found = found or counted[row[i]] ~= nil and row[i] end
    local got = found and math.tointeger(counted[found]) or 0
    checked = checked + 1
    if got ~= n then
      wrong = wrong + 1
      print(("%s: %d calls, the report says %d"):format(row[2], n, got))
    end
  end
end
print(("%d functions checked, %d wrong, %d calls over"):format(checked, wrong, total))
os.exit(wrong == 0 and total == 0 and checked >= 50)
