-- The lowest free descriptors, as children and new files see them.
local function list() local p = io.popen "ls /proc/self/fd | tr '\\n' ' '" local s = p:read "a" p:close() return s end
print(list())
local a, b = io.open(arg[0]), io.open(arg[0])
print(list()) a:close() print(list()) b:close()
os.execute "ls /proc/self/fd | wc -l; sleep 0; readlink /proc/self/fd/0"
