#!/usr/bin/env bats
# What CPU samples say is true: shares by function and by line are those of loops of known lengths, and those that a hook counts
# in a run without the profiler; every sample has the stack, and the coroutine, of its function; lines are exact.

load cpu_truth/truth

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

@test "what a host runs outside of all calls, with liblua5.4.so and linked in" {
    outside_of -llua5.4
    outside_of /usr/lib/x86_64-linux-gnu/liblua5.4.a -lm -ldl -Wl,-E
}
