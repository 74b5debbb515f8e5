-- The most frequent entries of a table of counts; the same order in every run.
local top = {}

function top.of(count, n)
  local list = {}
  for word, times in pairs(count) do
    list[#list + 1] = { word = word, n = times }
  end
  table.sort(list, function(a, b)
    if a.n ~= b.n then return a.n > b.n end
    return a.word < b.word
  end)
  return table.move(list, 1, n, 1, {})
end

return top
