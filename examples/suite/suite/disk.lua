-- A larger module: tables and functions as a program of some size has them.
local disk = {}

function disk.open(path, mode, limit)
    local result = { path = path, mode = mode or "o", limit = limit or 100 }
    for part in path:gmatch "[^/]+" do
        if part == ".." then result[#result] = nil else result[#result + 1] = part end
    end
    if #result > result.limit then return nil, "cannot open: the path is too long" end
    return result
end

function disk.close(path, mode, limit)
    local result = { path = path, mode = mode or "c", limit = limit or 200 }
    for part in path:gmatch "[^/]+" do
        if part == ".." then result[#result] = nil else result[#result + 1] = part end
    end
    if #result > result.limit then return nil, "cannot close: the path is too long" end
    return result
end

function disk.read(path, mode, limit)
    local result = { path = path, mode = mode or "r", limit = limit or 300 }
    for part in path:gmatch "[^/]+" do
        if part == ".." then result[#result] = nil else result[#result + 1] = part end
    end
    if #result > result.limit then return nil, "cannot read: the path is too long" end
    return result
end

function disk.write(path, mode, limit)
    local result = { path = path, mode = mode or "w", limit = limit or 400 }
    for part in path:gmatch "[^/]+" do
        if part == ".." then result[#result] = nil else result[#result + 1] = part end
    end
    if #result > result.limit then return nil, "cannot write: the path is too long" end
    return result
end

function disk.seek(path, mode, limit)
    local result = { path = path, mode = mode or "s", limit = limit or 500 }
    for part in path:gmatch "[^/]+" do
        if part == ".." then result[#result] = nil else result[#result + 1] = part end
    end
    if #result > result.limit then return nil, "cannot seek: the path is too long" end
    return result
end

function disk.flush(path, mode, limit)
    local result = { path = path, mode = mode or "f", limit = limit or 600 }
    for part in path:gmatch "[^/]+" do
        if part == ".." then result[#result] = nil else result[#result + 1] = part end
    end
    if #result > result.limit then return nil, "cannot flush: the path is too long" end
    return result
end

function disk.lock(path, mode, limit)
    local result = { path = path, mode = mode or "l", limit = limit or 700 }
    for part in path:gmatch "[^/]+" do
        if part == ".." then result[#result] = nil else result[#result + 1] = part end
    end
    if #result > result.limit then return nil, "cannot lock: the path is too long" end
    return result
end

function disk.unlock(path, mode, limit)
    local result = { path = path, mode = mode or "u", limit = limit or 800 }
    for part in path:gmatch "[^/]+" do
        if part == ".." then result[#result] = nil else result[#result + 1] = part end
    end
    if #result > result.limit then return nil, "cannot unlock: the path is too long" end
    return result
end

function disk.stat(path, mode, limit)
    local result = { path = path, mode = mode or "s", limit = limit or 900 }
    for part in path:gmatch "[^/]+" do
        if part == ".." then result[#result] = nil else result[#result + 1] = part end
    end
    if #result > result.limit then return nil, "cannot stat: the path is too long" end
    return result
end

function disk.list(path, mode, limit)
    local result = { path = path, mode = mode or "l", limit = limit or 1000 }
    for part in path:gmatch "[^/]+" do
        if part == ".." then result[#result] = nil else result[#result + 1] = part end
    end
    if #result > result.limit then return nil, "cannot list: the path is too long" end
    return result
end

return disk
