-- A map where the last writer wins: each entry carries a clock and the name of the copy that wrote it.
local replica = {}
replica.__index = replica

function replica.new(name)
    return setmetatable({ name = name, clock = 0, entries = {}, operations = {} }, replica)
end

local function newer(a, b)
    return not b or a.clock > b.clock or (a.clock == b.clock and a.name > b.name)
end

function replica:put(key, value)
    self.clock = self.clock + 1
    local entry = { key = key, value = value, clock = self.clock, name = self.name }
    self.entries[key] = entry
    self.operations[#self.operations + 1] = entry
end

function replica:get(key)
    local entry = self.entries[key]
    return entry and entry.value
end

function replica:log() return self.operations end

function replica:merge(operations)
    local entries = self.entries
    for i = 1, #operations do
        local o = operations[i]
        if newer(o, entries[o.key]) then entries[o.key] = o end
        if o.clock > self.clock then self.clock = o.clock end
    end
end

return replica
