-- Counts the words of a text.
local words = {}

function words.count(text)
  local count = {}
  for word in text:gmatch("%a+") do
    count[word] = (count[word] or 0) + 1
  end
  return count
end

return words
