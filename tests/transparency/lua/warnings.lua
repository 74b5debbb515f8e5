warn "off at first" warn "@on" warn("now ", "on ", "in pieces") warn "@off" warn "silent" warn "@unknown"
print(pcall(warn)) print(pcall(warn, {})) warn "@on" warn ""
setmetatable({}, { __gc = function() error "finaliser" end }) collectgarbage()
setmetatable({}, { __gc = function() error {} end }) collectgarbage()
