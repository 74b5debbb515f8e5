#!/usr/bin/env bats
# Allocation: Lua's counted to the byte, C's by the object that calls, nothing twice.

setup() {
    cd "$BATS_TEST_TMPDIR" || return
}

# Runs a program under the shim; its trace is $trace.
profiled() { # PROGRAM ARGS...
    trace=$BATS_TEST_TMPDIR/$((++traces)).mprof
    MODPROF_OUT=$trace LD_PRELOAD=$SHIM "$@"
}

# What the report says of $trace, by a jq expression over its process.
asked() { # JQ
    "$MODPROF" report --format json "$trace" | jq -r ".processes[0].allocations | $1"
}

# The books of heap_oracle, as the report has them.
lua_books() {
    asked '.lua | (.kinds[] | "kind \(.kind) \(.blocks) \(.bytes)"),
           (.size_classes[] | "class \(.up_to_bytes) \(.blocks) \(.gone)"),
           "resized \(.resized)", "grown_bytes \(.grown_bytes)", "shrunk_bytes \(.shrunk_bytes)",
           "freed_bytes \(.freed_bytes)", "refused \(.refused)"'
    asked '.lua.states[] | "peak_bytes \(.peak_bytes)", "live_bytes \(.live_bytes)"'
    asked '"calls_for_lua \(.c.calls_for_lua)"'
}

check_oracle() { # ARGS...
    profiled "$HOSTS/heap_oracle" "$@" >oracle.txt
    lua_books >report.txt
    diff oracle.txt report.txt
}

@test "a host that keeps books on its allocator agrees with the report" {
    check_oracle counted
}

@test "refused requests change nothing but their count" {
    for limit in 0 1000 20000 60000 200000; do
        check_oracle limited "$limit"
    done
}

@test "a changed allocator is counted on" {
    check_oracle moved
    [ "$(asked '.lua.states[0].allocator_changes')" = 1 ]
}

@test "a state may be closed through a coroutine" {
    check_oracle coroutine
}

@test "luaL_newstate's allocator counts as one that keeps books" {
    "$HOSTS/heap_oracle" counted >oracle.txt
    profiled "$HOSTS/heap_oracle" plain
    lua_books >report.txt
    diff oracle.txt report.txt
}

# luaL_Buffer asks the host's allocator by itself: that is C memory of the host's, once.
@test "what libraries ask of the host's allocator past Lua is counted, once" {
    profiled "$HOSTS/heap_oracle" buffers >host.txt
    asked '(.c.objects[] | select(.object | endswith("/heap_oracle"))) as $host |
           "blocks \(.lua.blocks + $host.blocks)",
           "calls \(.c.calls_for_lua + $host.blocks + $host.resized + $host.freed)"' >report.txt
    diff host.txt report.txt
    [ "$(asked '.c.objects[] | select(.object | endswith("/heap_oracle")) | .blocks')" = 20 ]
}

@test "a limited allocator refuses at the same byte with and without the shim" {
    for limit in 0 500 20000 100000; do
        "$HOSTS/heap_oracle" limited "$limit" >plain.txt
        profiled "$HOSTS/heap_oracle" limited "$limit" | diff plain.txt -
    done
}

# Nothing below allocates between the count and the close: functions are local and were called once,
# numbers are written without a string.
@test "live bytes at the close are what collectgarbage says, to the byte" {
    cat >last.lua <<'LUA'
local keep = {}
for i = 1, 5000 do keep[i % 1000] = { ("x"):rep(i % 100), i } end
local count, write, exit = collectgarbage, io.write, os.exit
count() count "stop"
write("") count "count"
write(count "count" * 1024)
exit(true, true)
LUA
    profiled lua5.4 last.lua >said.txt
    [ "$(asked '.lua.states[0].live_bytes')" = "$(cat said.txt)" ]
    [ "$(asked '.lua.states[0].never_freed_bytes')" = 0 ]
}

@test "an allocator left by an exception is not taken to be still running" {
    profiled "$HOSTS/heap_throw" >host.txt
    asked '.c.objects[] | select(.object | endswith("/heap_throw")) | "blocks \(.blocks)"' |
        diff host.txt -
}

@test "C calls are counted by the object that makes them" {
    profiled "$HOSTS/heap_calls" >host.txt
    asked '.c.objects[] | select(.object | endswith("/heap_calls")) |
           to_entries[] | select(.key != "object") | "\(.key) \(.value)"' >report.txt
    diff host.txt report.txt
}

@test "threads count apart and are added up" {
    profiled "$HOSTS/heap_calls" 8 >host.txt
    asked '.c.objects[] | select(.object | endswith("/heap_calls")) |
           to_entries[] | select(.key != "object") | "\(.key) \(.value)"' >report.txt
    diff host.txt report.txt
}

# The allocator behind the shim ends the program when it is given a block that is not its own.
@test "another allocator behind the shim gets every call, and its own blocks back" {
    [ -x "$HOSTS/heap_behind_module.so" ]
    SHIM=$SHIM:$HOSTS/heap_behind_module.so
    check_oracle counted
    profiled "$HOSTS/heap_calls" 4 >host.txt
    asked '.c.objects[] | select(.object | endswith("/heap_calls")) |
           to_entries[] | select(.key != "object") | "\(.key) \(.value)"' >report.txt
    diff host.txt report.txt
    profiled lua5.4 -e 'for i = 1, 1000 do local t = {i, tostring(i)} end print(io.popen "echo x":read())'
    [ "$(asked .c.covered)" = true ]
}

@test "an allocator in front of the shim hides C allocation, and the report says so" {
    SHIM=$HOSTS/heap_behind_module.so:$SHIM
    [ -x "$HOSTS/heap_behind_module.so" ]
    profiled "$HOSTS/heap_oracle" counted >host.txt
    grep -v calls_for_lua host.txt >oracle.txt
    lua_books | grep -v calls_for_lua >report.txt
    diff oracle.txt report.txt
    [ "$(asked .c.covered)" = false ]
    "$MODPROF" report "$trace" | grep -q 'NOT covered *malloc: '
    "$MODPROF" report "$trace" | grep -q '^C memory *not known'
}

@test "a program with a malloc of its own runs on, and its Lua is counted" {
    [ "$(profiled "$HOSTS/heap_own")" = "$("$HOSTS/heap_own")" ]
    profiled "$HOSTS/heap_own"
    [ "$(asked .c.covered)" = false ]
    [ "$(asked '.lua.states[0].never_freed_bytes')" = 0 ]
    [ "$(asked '.lua.states[0].live_bytes')" -gt 20000 ]
}

@test "states beyond the table's size are named as lost, and run on" {
    profiled "$HOSTS/heap_oracle" many 300
    [ "$("$MODPROF" report --format json "$trace" | jq '[.processes[0].losses[]? |
        select(.what | test("states"))] | length')" = 1 ]
    [ "$(asked '.lua.states | length')" = 256 ]
}
