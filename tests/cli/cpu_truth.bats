#!/usr/bin/env bats
# What CPU samples say is true: shares by function and by line are those of loops of known lengths, and those that a hook counts
# in a run without the profiler; every sample has the stack, and the coroutine, of its function; lines are exact.

bats_require_minimum_version 1.5.0
setup() {
    here=$BATS_TEST_DIRNAME/cpu_truth
    cd "$BATS_TEST_TMPDIR" || exit 1
    gcc -O2 -fPIC -shared -I/usr/include/lua5.4 -o spins.so "$here/spins.c"
    export LUA_CPATH="$PWD/?.so" LUA_PATH=none
    lua5.4 "$here/oracle.lua" "$here/truth.lua" 0.5 >oracle 2>/dev/null
}

# true_of HOST C-NAME: what the samples of HOST say of the script, with at most half a percent of stale lines.
true_of() {
    MODPROF_CPU=2999 MODPROF_OUT=$PWD/t.mprof LD_PRELOAD=$SHIM "$1" "$here/truth.lua" 4 >told
    "$MODPROF" flame t.mprof --by line -o folded
    "$MODPROF" report t.mprof --format json | jq '.processes[0].cpu' >cpu.json
    jq 'del(.functions, .lines)' cpu.json
    lua5.4 "$here/compare.lua" oracle told folded "$(jq .sampler.period_ns cpu.json)" "$2"
    jq -e '.inexact_line_samples <= 0.005 * .lua_samples and .no_lua_stack_samples <= 0.005 * .lua_samples' cpu.json
}

host() { # OPTION...
    gcc -O2 -I/usr/include/lua5.4 -o host "$here/truth_host.c" "$@"
}

@test "on the stock interpreter" {
    true_of lua5.4 spins_burn
}

@test "with a C library without symbols" {
    strip spins.so
    true_of lua5.4 spins.spin
}

@test "on a host that is linked to liblua5.4.so" {
    host -llua5.4
    true_of ./host spins_burn
}

@test "on a host with Lua linked in, with its symbols and stripped" {
    host /usr/lib/x86_64-linux-gnu/liblua5.4.a -lm -ldl -Wl,-E
    true_of ./host spins_burn
    strip host
    true_of ./host spins_burn
}

@test "on Lua compiled as C++, whose errors are exceptions" {
    gcc -O2 -I/usr/include/lua5.4 -x c++ -fpermissive -include lua5.4/lua.h -o host "$here/truth_host.c" -x none -llua5.4-c++ -lstdc++ ||
        skip "no liblua5.4-c++"
    gcc -O2 -fPIC -shared -x c++ -I/usr/include/lua5.4 -o spins.so "$here/spins.c"
    true_of ./host spin
}

# The sources of Lua are no Debian package for users; MODPROF_TEST_LUA names a folder with them (lua.h, lvm.c ...).
from_source() { # OPTION...
    [ -e "${MODPROF_TEST_LUA:-}/lvm.c" ] || skip "MODPROF_TEST_LUA names no sources of Lua 5.4"
    find "$MODPROF_TEST_LUA" -maxdepth 1 -name '*.c' ! -name lua.c ! -name luac.c ! -name onelua.c ! -name ltests.c >sources
    # shellcheck disable=SC2046 # names of files
    gcc "$@" -DLUA_USE_LINUX -I"$MODPROF_TEST_LUA" -o host "$here/truth_host.c" $(cat sources) -lm -ldl -Wl,-E
}

@test "on Lua built without optimisation" {
    from_source -O0
    true_of ./host spins_burn
}

@test "on Lua built with -O3 -fomit-frame-pointer" {
    from_source -O3 -fomit-frame-pointer
    true_of ./host spins_burn
    strip host
    true_of ./host spins_burn
}
