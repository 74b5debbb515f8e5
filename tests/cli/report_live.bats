# `modprof report` on what the shim writes: real programs, running, killed, and with odd names.
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export TMPDIR=$PWD LC_ALL=C.UTF-8
    HERE=$BATS_TEST_DIRNAME
}

teardown() {
    [ -z "${pid:-}" ] || kill -9 "$pid" 2>/dev/null || true
}

# A script that never ends; waits until it is at work.
start_endless() {
    echo 'require "pl.pretty"; io.open("ready", "w"):close()
          while true do local s = string.format("%d", 3) end' >endless.lua
    LD_PRELOAD=$SHIM lua5.4 endless.lua 3>&- &
    pid=$!
    for _ in $(seq 600); do [ -e ready ] && [ -s ./*.mprof ] && return; sleep 0.1; done
    return 1
}

@test "the tree of modules adds up, phase by phase" {
    LD_PRELOAD=$SHIM lua5.4 -e 'require "pl.pretty"; require "pl.List"; require "lpeg"'
    "$MODPROF" report --format json >report.json
    run -0 lua5.4 "$HERE/report/phases.lua" pl.pretty pl.utils pl.List lpeg string <report.json
    [ -z "$output" ]
}

@test "nested modules stand under the one that required them" {
    LD_PRELOAD=$SHIM lua5.4 -e 'require "pl.pretty"'
    run -0 "$MODPROF" report --section modules --top all -w 120
    [[ $output == *"─pl.pretty "*"├─pl.utils "*"└─pl.compat "* ]]
    [[ $output == *"covered      Lua 5.4"*"/lua5.4"* ]]
}

@test "a running program is reported as unfinished, exit 4" {
    start_endless
    for _ in $(seq 600); do # it writes once a second
        "$MODPROF" report | grep -q pl.pretty && break
        sleep 0.1
    done
    run -4 "$MODPROF" report
    [[ ${lines[2]} == *"INCOMPLETE:"*"still running"* ]]
    [[ $output == *"pl.pretty"* ]]
}

@test "after kill -9 the trace is completed, once, and nothing stays in /dev/shm" {
    start_endless
    kill -9 "$pid"
    wait "$pid" 2>/dev/null || true
    run -0 "$MODPROF" report
    [[ $output == *"recovered"*"at least "*"killed"*"string.format"* ]] # nobody saw when
    run -0 "$MODPROF" report
    [[ $output != *"recovered"* && $output == *"killed"*"string.format"* ]]
    [ -z "$(ls /dev/shm/modprof.*."$pid".* 2>/dev/null)" ]
    pid=
}

@test "names from the program can not drive the terminal" {
    local name=$'evil\033[31m\nname'
    printf 'error("\\27]0;title\\7")' >"$name.lua"
    LD_PRELOAD=$SHIM lua5.4 -e 'pcall(require, "evil\27[31m\nname")' >/dev/null
    run -0 "$MODPROF" report
    [[ $output != *$'\033'* && $output != *$'\007'* ]]
    [[ $output == *'evil\x1b[31m\nname'* ]]
}

@test "functions without a name in Lua have their symbol, where one covers them" {
    LD_PRELOAD=$SHIM lua5.4 -e 'require "lpeg"'
    run -0 "$MODPROF" report --section crossings --top all
    [[ $output == *"luaopen_lpeg"*"lpeg.so"* ]]
}
