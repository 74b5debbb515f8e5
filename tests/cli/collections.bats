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

# The sums of a record hold whatever the machine does: runs are as many as pauses, cycles as many as the list has.
sums_hold() {
    local pauses
    pauses=$(field pauses | tr , '\n' | awk '{ s += $1 } END { print s }')
    [ "$pauses" = $(($(field step_n) + $(field full_n) + $(field call_n))) ]
    [ "$(grep -c '^cycle' said)" = $(($(field cycle_n) + $(field minor_n) - $(field unlisted_n))) ]
    [ "$(field finalize_ns)" -le $(($(field step_ns) + $(field full_ns) + $(field call_ns))) ]
    [ "$(field pause_max_ns)" -le $(($(field step_ns) + $(field full_ns) + $(field call_ns))) ]
}

@test "cycles are counted as their finalizers count them, however rarely allocation is sampled" {
    local mode few cycles_few
    for mode in incremental generational; do
        record sample:512k lua5.4 cycles.lua "$mode" none 20000
        [ "$(field finalize_n)" = "$(cat printed)" ]
        few=$(cat printed)
        cycles_few=$(($(field cycle_n) + $(field minor_n)))
        record sample:512k lua5.4 cycles.lua "$mode" none 400000
        [ "$(field finalize_n)" = "$(cat printed)" ]
        [ "$(cat printed)" -gt $((few + 5)) ]
        # The last one may have called its finalizers and go on.
        between $(($(field cycle_n) + $(field minor_n) - cycles_few)) $(($(cat printed) - few - 1)) $(($(cat printed) - few + 1))
        [ "$(field full_n)" = 0 ]
        sums_hold
    done
}

@test "the time of steps is that of the cycles that they made" {
    local times
    record sample:512k lua5.4 cycles.lua incremental none 200000
    [ "$(field unlisted_n)" = 0 ]
    times=$(awk '$1 == "cycle" { for (i = 2; i <= NF; i++) { split($i, p, "="); v[p[1]] = p[2] }
        s += v["step_ns"]; if (v["step_ns"] > v["end_ns"] - v["begin_ns"] || v["step_max_ns"] > v["step_ns"]) exit 1 }
        END { printf "%d", s }' said)
    # The last one has not ended.
    [ "$times" -le $(($(field step_ns) + $(field call_ns))) ]
    [ "$times" -gt 0 ]
}

# collected.c times what it can see itself, from inside and from outside: the truth lies between.
time_is_true() { # HOST MODE
    local finalizers inside around closing
    record sample:512k "./$1" "$2"
    read -r finalizers inside around closing <printed
    [ "$(field how)" = 15 ]
    [ "$(field finalize_n)" = "$finalizers" ]
    [ "$(field close_finalize_n)" = "$closing" ]
    between "$(field finalize_ns)" "$inside" $(($(field step_ns) + $(field full_ns) + $(field call_ns)))
    between $(($(field step_ns) + $(field full_ns) + $(field call_ns))) "$(field finalize_ns)" "$around"
    sums_hold
}

all_modes_are_true() { # HOST
    time_is_true "$1" steps
    [ "$(field step_n)" -ge "$(field cycle_n)" ]
    [ "$(field cycle_n)" -gt 100 ]
    time_is_true "$1" young
    [ "$(field minor_n)" -gt 1000 ]
    [ "$(field unlisted_n)" -gt 0 ] # the list is bounded
    time_is_true "$1" full
    [ "$(field full_n)" = 12 ]
}

host_with() { # NAME COMPILER OPTION...
    local name=$1 compiler=$2
    shift 2
    "$compiler" -O2 -I/usr/include/lua5.4 -o "$name" "$BATS_TEST_DIRNAME/../hosts/collected.c" "$@" -lpthread
}

@test "times and finalizers, Lua in its library" {
    host_with host cc -llua5.4
    all_modes_are_true host
}

@test "times and finalizers, Lua built as C++" {
    host_with host g++ -x c++ -llua5.4-c++
    all_modes_are_true host
}

@test "times and finalizers, Lua linked in, its names gone" {
    host_with host cc /usr/lib/x86_64-linux-gnu/liblua5.4.a -lm -ldl -Wl,-E
    strip host
    all_modes_are_true host
}

@test "a collector that is stopped makes no steps; finalizers at the end are counted apart" {
    host_with host cc -llua5.4
    time_is_true host stopped
    [ "$(field step_n)" -le 1 ] # before it was stopped
    [ "$(field finalize_n)" = 0 ]
    [ "$(field close_finalize_n)" = 1500 ]
}

@test "states on threads have a collector each" {
    host_with host cc -llua5.4
    record sample:512k ./host young 8
    [ "$(field finalize_n | sort)" = "$(cut -d' ' -f1 printed | sort)" ]
    [ "$(grep -c '^gc ' said)" = 8 ]
}

@test "what a finalizer asks of the collector is no collection" {
    cat >asks.lua <<'LUA'
local n = 0
local function sentinel()
    setmetatable({}, { __gc = function() n = n + 1 collectgarbage() collectgarbage "step" sentinel() end })
end
sentinel()
for i = 1, 100000 do local t = { i } end
collectgarbage()
print(n)
LUA
    record sample:512k lua5.4 asks.lua
    [ "$(field finalize_n)" = "$(cat printed)" ]
    [ "$(field full_n)" = 1 ]
    sums_hold
}

@test "the collector's time is charged to the lines whose blocks it freed, by their bytes" {
    cat >charged.lua <<'LUA'
collectgarbage "incremental"
local keep, rep = {}, string.rep
local function much(i) return rep("x", 3000) .. i end
local function little(i) return rep("y", 1000) .. i end
local function kept(i) keep[i] = { i } end
for i = 1, 3000 do
    much(i) little(i) kept(i)
end
LUA
    record exact lua5.4 charged.lua
    "$BUILD/modprof" flame --metric gc --by line -o folded t.mprof
    awk '{ w = $NF; all += w
        if (/charged.lua:3/) much += w
        if (/charged.lua:4/) little += w
        if (/charged.lua:5/) kept += w }
        END { printf "much %d little %d kept %d all %d\n", much, little, kept, all
              exit !(much > 2.5 * little && much < 3.5 * little && kept < 0.05 * all) }' folded
    run -0 "$BUILD/modprof" report --format json t.mprof
    jq -e '.processes[0].collector | .seen.steps and .seen.finalizers and .charged_ns <= .total_ns and .charged_ns > 0.5 * .total_ns' <<<"$output"
    jq -e '.processes[0] | .memory.lua.all.collector_ns == .collector.charged_ns' <<<"$output"
    run -0 "$BUILD/modprof" report t.mprof
    [[ $output == *"Garbage collector by line"*charged.lua:3* ]]
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
    [ "$pauses" = $(($(field step_n) + $(field full_n) + $(field call_n))) ]
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
    [ "$(field step_n)" = 0 ]
    run -0 "$BUILD/modprof" report t.mprof
    [[ $output == *"the collector's steps"*"Lua's structures are not looked at"* ]]
    run "$BUILD/modprof" flame --metric gc t.mprof
    [[ $output == *"is not known in these traces"* ]]
}

# Lua built from its own sources (tests/lua_source/): WHICH is VERSION/INTERPRETER, HOW what can be seen there.
counted_on() { # WHICH HOW
    local mode
    [ -x "$BUILD/lua/$1" ] || skip "no sources of Lua ${1%%/*}: $(cat "$BUILD/lua/${1%%/*}.why" 2>/dev/null)"
    for mode in incremental generational; do
        record sample:512k "$BUILD/lua/$1" cycles.lua "$mode" none 50000
        [ "$(field how)" = "$2" ]
        [ "$(field step_n)" -gt 5 ]
        [ "$2" = 7 ] || [ "$(field finalize_n)" = "$(cat printed)" ]
        sums_hold
    done
}

@test "on Lua 5.4.2" {
    counted_on 5.4.2/lua 15
}

@test "on Lua 5.4.7" {
    counted_on 5.4.7/lua 15
}

@test "on Lua 5.4.9" {
    counted_on 5.4.9/lua 15
}

@test "on Lua built without optimisation" {
    counted_on 5.4.4/lua-O0 15
}

@test "where a compiler has put the call of finalizers into other functions, they are said to be not covered" {
    MODPROF_OUT=$PWD/t.mprof LD_PRELOAD=$SHIM "$BUILD/lua/5.4.4/lua-O3" -e '' || skip "no sources of Lua 5.4.4"
    "$HOSTS/sites_dump" t.mprof >said
    [ "$(field how)" = 7 ] || skip "this compiler has not"
    counted_on 5.4.4/lua-O3 7
    run -0 "$BUILD/modprof" report t.mprof
    [[ $output == *"the collector's finalizers"* ]]
}
