# What memory is made of: parts of tables, stacks, code and buffers, which Lua does not tell apart, and types of userdata.
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    cat >kinds.lua <<'LUA'
local kept = {}
local function tables() local t = {} for i = 1, 20 do t[i] = i t[-i] = i end return t end
local function deep(n) if n > 0 then local r = deep(n - 1) return r end end
local function read(i) return load("local name" .. ("x"):rep(90) .. " return function() return 1, 'c' end") end
local function compiled(s) return load(s, "=c", "b") end
local function file() return io.open("/dev/null") end
for i = 1, 50 do kept[i] = tables() kept[-i] = read(i) kept[i + 0.5] = compiled(string.dump(deep)) end
for i = 1, 20 do kept[-i - 0.5] = file() end
coroutine.wrap(deep)(100)
kept = nil
LUA
}

# Kinds of what LINE of kinds.lua made, joined by commas (a function that is defined there among them).
kinds() { # LINE
    "$MODPROF" report --section memory --top all -f json t.mprof |
        jq -r --argjson line "$1" '[.processes[0].memory.lua.lines[] |
            select(.file == "kinds.lua" and .line == $line) | .kinds[]] | unique | join(",")'
}

profiled() {
    LD_PRELOAD=$SHIM MODPROF_ALLOC=exact MODPROF_OUT=$PWD/t.mprof lua5.4 kinds.lua
}

@test "parts of tables, stacks, code and buffers are told from each other" {
    profiled
    [ "$(kinds 2)" = "function,table,table part" ]
    [ "$(kinds 3)" = "function,stack,upvalue" ]
    [[ ,$(kinds 4), == *,buffer,*code,* ]]
    [[ ,$(kinds 5), == *,code,* ]]
    [[ ,$(kinds 5), != *,buffer,* ]]
}

@test "what they have together is what Lua gave no kind, to the byte" {
    profiled
    "$MODPROF" report --top all -f json t.mprof | jq -e '.processes[0] |
        ([.memory.lua.kinds[] | select(.label | IN("table part", "stack", "code", "buffer", "other"))]) as $parts |
        (.allocations.lua.kinds[] | select(.kind == "other")) as $other |
        ($parts | length == 5) and ($parts | map(.made_blocks) | add) == $other.blocks and
        ($parts | map(.made_bytes - .grown_bytes) | add) == $other.bytes'
}

@test "userdata have the name of their metatable, known when they are looked at again" {
    profiled
    "$MODPROF" report --section memory --top all -f json t.mprof | jq -e '.processes[0].memory.lua.kinds |
        any(.label == "userdata FILE*" and .made_blocks == 23)' # and the three standard ones
}

@test "each kind is told in Lua's library, too, and where the host has an allocator of its own" {
    LD_PRELOAD=$SHIM MODPROF_ALLOC=exact MODPROF_OUT=$PWD/t.mprof "$HOSTS/heap_lines" kinds.lua >books
    [ "$(kinds 2)" = "function,table,table part" ]
    [ "$(kinds 3)" = "function,stack,upvalue" ]
}

@test "where Lua's structures are not looked at, nothing is guessed" {
    export MODPROF_LAYOUT=api
    profiled
    "$MODPROF" report --section memory --top all -f json t.mprof | jq -e '.processes[0].memory.lua.kinds |
        any(.label == "other") and all(.label | IN("stack", "table part", "code", "buffer", "userdata FILE*") | not)'
}
