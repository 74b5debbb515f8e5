#!/usr/bin/env bats
# Lua's collector in a trace, held against what the program itself knows of it.
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    unset MODPROF_ALLOC MODPROF_MARKS
    # A sentinel is finalized, and made anew, once in each cycle: it counts them.
    cat >cycles.lua <<'LUA'
local mode, calls, n = ...
collectgarbage(mode)
local cycles = 0
local function sentinel()
    setmetatable({}, { __gc = function() cycles = cycles + 1 sentinel() end })
end
sentinel()
local keep = {}
for i = 1, n or 200000 do
    keep[i % 20000] = { i, tostring(i) }
    if i % 20000 == 0 and calls == "full" then collectgarbage() end
    if i % 20000 == 0 and calls == "step" then collectgarbage("step", 0) end
end
print(cycles)
LUA
}

record() { # ALLOC COMMAND...
    local alloc=$1
    shift
    LD_PRELOAD=$SHIM MODPROF_OUT=$PWD/t.mprof MODPROF_ALLOC=$alloc "$@" >printed
    "$HOSTS/sites_dump" t.mprof >said
}

field() { # NAME
    awk -v field="$1=" '$1 == "gc" { for (i = 1; i <= NF; i++) if (index($i, field) == 1) print substr($i, length(field) + 1) }' said
}

between() { # N LOW HIGH
    [ "$1" -ge "$2" ] && [ "$1" -le "$3" ] || { echo "$1 is not within $2 .. $3"; return 1; }
}

@test "cycles of an incremental collector are counted as its finalizers count them" {
    local few cycles_few
    record sample:1 lua5.4 cycles.lua incremental none 20000
    few=$(cat printed)
    cycles_few=$(field cycle_n)
    record sample:1 lua5.4 cycles.lua incremental none 400000
    [ "$(cat printed)" -gt $((few + 5)) ]
    between "$(field cycle_n)" $((cycles_few + $(cat printed) - few - 1)) $((cycles_few + $(cat printed) - few + 1))
    [ "$(field full_n)" = 0 ]
}

@test "each collection that is asked for is counted and timed, and is a cycle of the list" {
    record sample:64k lua5.4 cycles.lua incremental full
    [ "$(field full_n)" = 10 ]
    [ "$(grep -c '^cycle kind=full' said)" = 10 ]
    [ "$(field full_ns)" -ge "$(field pause_max_ns)" ]
    [ "$(field free_n)" -gt 0 ]
    awk '$1 == "cycle" { for (i = 2; i <= NF; i++) { split($i, p, "="); v[p[1]] = p[2] }
        if (v["begin_bytes"] - v["free_bytes"] > v["end_bytes"] || v["end_ns"] < v["begin_ns"]) exit 1 }' said
}

@test "pauses by length are as many as there were calls that collect" {
    record sample:64k lua5.4 cycles.lua incremental step
    local pauses
    pauses=$(field pauses | tr , '\n' | awk '{ s += $1 } END { print s }')
    [ "$pauses" = $(($(field full_n) + $(field call_n))) ]
    [ "$(field call_n)" = 12 ] # two changes of mode, one of them by lua itself, and the steps
}

@test "young collections are told from whole ones" {
    record sample:1 lua5.4 cycles.lua generational none
    [ "$(field generational)" = 1 ]
    [ "$(field minor_n)" -gt "$(field cycle_n)" ]
}

@test "what lives after collections is noted, and a leak rises in it" {
    cat >leak.lua <<'LUA'
collectgarbage("incremental")
local keep = {}
for i = 1, 200000 do
    keep[#keep + 1] = string.rep("x", 100) .. i
    local t = { i }
end
LUA
    record sample:4k lua5.4 leak.lua
    run -0 "$BUILD/modprof" report --leaks t.mprof
    [[ ${output%%Held besides*} == *leak.lua:4* ]]
    [[ ${output%%Held besides*} != *leak.lua:5* ]]
}

@test "where Lua's structures are not looked at, cycles are unknown and calls are not" {
    export MODPROF_LAYOUT=api
    record sample:64k lua5.4 cycles.lua incremental full
    [ "$(field how)" = 1 ]
    [ "$(field full_n)" = 10 ]
}
