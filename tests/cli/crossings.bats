#!/usr/bin/env bats
# Calls across the border between Lua and C: counted exactly, named as Lua programmers know them.

setup() {
    data=$BATS_TEST_DIRNAME/crossings
    cd "$BATS_TEST_TMPDIR" || return
    export LUA_CPATH="$HOSTS/?.so;;"
}

# Runs a program under the shim; its trace is $trace.
profiled() { # PROGRAM ARGS...
    trace=$BATS_TEST_TMPDIR/$((++traces)).mprof
    MODPROF_OUT=$trace LD_PRELOAD=$SHIM "$@"
}

# What the report says of $trace, by a jq expression over its process.
asked() { # JQ
    "$MODPROF" report --format json "$trace" | jq -r ".processes[0].crossings | $1"
}

counts() {
    asked '.functions[] | "\(.lua_to_c.calls)\t\(.label)"'
}

# Checks lines NAME COUNT (the name may have blanks) against the report's calls of that WAY.
check() { # WAY
    local line n=0
    while read -r line; do
        run asked ".functions[] | select(.label == \"${line% *}\") | .$1.calls"
        [ "$output" = "${line##* }" ] ||
            { echo "${line% *}: ${line##* } calls, the report says '$output'"; return 1; }
        n=$((n + 1))
    done
    [ "$n" -gt 0 ]
}

check_down() { check lua_to_c; }
check_up() { check c_to_lua; }

# Sums agree: what functions and the host called up is what the three ways saw.
check_up_sums() {
    run asked '([.functions[].c_to_lua.calls] | add) + .c_to_lua.by_host
               - .c_to_lua.lua_callk - .c_to_lua.lua_pcallk - .c_to_lua.lua_resume'
    [ "$output" = 0 ]
}

compare_with_hook() {
    lua5.4 "$data/count.lua" oracle "$data/workload.lua" >oracle.txt
    profiled lua5.4 "$data/count.lua" plain && counts >base.txt
    profiled lua5.4 "$data/count.lua" plain "$data/workload.lua" && counts >run.txt
    lua5.4 "$data/compare.lua" oracle.txt base.txt run.txt
}

@test "counts of C functions are those of a call hook" {
    compare_with_hook
    check_up_sums
}

@test "counts are the same by the public API alone" {
    export MODPROF_LAYOUT=api
    compare_with_hook
    check_up_sums
}

@test "a call hook of the program's own sees the same with and without the shim" {
    lua5.4 "$data/count.lua" oracle "$data/workload.lua" | grep -v -e '?$' -e __gc | sort >plain.txt
    profiled lua5.4 "$data/count.lua" oracle "$data/workload.lua" | grep -v -e '?$' -e __gc | sort >shim.txt
    [ "$(wc -l <plain.txt)" -ge 45 ]
    diff plain.txt shim.txt
}

@test "functions have the names under which they were registered" {
    profiled "$HOSTS/cross_names" >expected.txt
    check_down <expected.txt
}

@test "libraries are known by module and name, methods by type and name" {
    profiled lua5.4 -e 'local lpeg, cjson = require"lpeg", require"cjson"
        for i = 1, 3 do lpeg.match("a", "a") end
        for i = 1, 4 do local f = io.tmpfile() f:write("x") f:close() end
        for i = 1, 5 do cjson.encode({}) end
        for i = 1, 6 do string.format("") end
        for i = 1, 7 do type(i) end'
    check_down <<'END'
lpeg.match 3
FILE*:write 4
FILE*:close 4
io.tmpfile 4
cjson.encode 5
string.format 6
type 7
require 2
package.(inner 01) 2
package.(inner 02) 2
END
}

@test "eight threads, a state each: totals are exact" {
    profiled "$HOSTS/cross_threads" >expected.txt
    cut -d' ' -f1,2 expected.txt | check_down
    cut -d' ' -f1,3 expected.txt | check_up
    check_up_sums
}

@test "calls from C into Lua are counted for the C function that makes them" {
    profiled "$HOSTS/cross_up" >expected.txt
    grep -v host expected.txt | check_up
    run asked .c_to_lua.by_host
    [ "$output" = "$(sed -n 's/^host //p' expected.txt)" ]
    check_up_sums
}

@test "calls from C into Lua are the same by the public API alone" {
    MODPROF_LAYOUT=api profiled "$HOSTS/cross_up" >expected.txt
    grep -v host expected.txt | check_up
    run asked .c_to_lua.by_host
    [ "$output" = "$(sed -n 's/^host //p' expected.txt)" ]
}

@test "more functions than thunks: every call reaches its own" {
    run profiled "$HOSTS/cross_full"
    [ "$output" = "144000 of 144000 right" ]
}

@test "what did not fit is said to be lost" {
    profiled "$HOSTS/cross_full"
    run "$MODPROF" report --format json "$trace"
    [ "$(jq '[.processes[0].losses[] | select(.what | test("C functions"))] | length' <<<"$output")" = 1 ]
}

@test "calls through libffi are counted by their target" {
    run profiled "$HOSTS/cross_ffi"
    [ "$output" = "42000 77" ]
    trace=$BATS_TEST_TMPDIR/1.mprof
    run asked '.functions[] | select(.kind == "ffi") | "\(.symbol) \(.lua_to_c.calls)"'
    [ "$(sort <<<"$output")" = "foreign_add 1000
foreign_nothing 77" ]
}

@test "an error storm leaves nothing behind" {
    profiled lua5.4 -e 'local n = 0
        local function deep(k) if k == 0 then error("x") end pcall(deep, k - 1) n = n + 1 error("y") end
        for i = 1, 100 do pcall(deep, 100) end
        for i = 1, 1000 do string.format("%d", i) end print(n)' >out.txt
    [ "$(cat out.txt)" = 10000 ]
    check_down <<'END'
pcall 10100
error 10100
string.format 1000
END
}

@test "times of a sleeping function add up" {
    profiled lua5.4 -e 'local socket = require"socket" for i = 1, 20 do socket.sleep(0.01) end'
    run asked '.functions[] | select(.label | endswith("sleep")) | .lua_to_c | .calls, .timed, (.total_ns / 1e6 | floor)'
    [ "${lines[0]}" = 20 ] && [ "${lines[1]}" = 20 ]
    [ "${lines[2]}" -ge 200 ]
}

@test "a C module that is unloaded and loaded again goes on being counted" {
    profiled "$HOSTS/cross_reload" >out.txt
    [ "$(cat out.txt)" = 600 ]
    # At its place these are the same functions. It may lie elsewhere at last: what is mapped while it is away (the
    # shim's own compressor, a second after the start) may take its place.
    for name in cjson.encode lpeg.match lpeg.P; do
        asked "[.functions[] | select(.label == \"$name\") | .lua_to_c.calls] | \"\(add) \(length < 4)\"" >sum
        cat sum
        [ "$(cat sum)" = "300 true" ]
    done
}

@test "counts survive a kill" {
    run profiled lua5.4 -e 'for i = 1, 12345 do string.format("") end os.execute("kill -9 $PPID")'
    [ "$status" = 137 ]
    trace=$BATS_TEST_TMPDIR/1.mprof
    check_down <<'END'
string.format 12345
os.execute 1
END
}
