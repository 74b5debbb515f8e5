local text = {}
function text.words(s)
    local list = {}
    for word in s:gmatch "%a+" do list[#list + 1] = word:lower() end
    return list
end
function text.wrap(s, width)
    local lines, line = {}, ""
    for word in s:gmatch "%S+" do
        if #line + #word >= width then lines[#lines + 1], line = line, "" end
        line = line == "" and word or line .. " " .. word
    end
    lines[#lines + 1] = line
    return lines
end
return text
