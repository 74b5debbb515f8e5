#!/usr/bin/env bats
# What CPU samples say is true (cpu_truth.bats) on builds of Lua other than the distribution's, from its own sources (tests/lua_source/).

load cpu_truth/truth

# Lua built from its own sources (tests/lua_source/): WHICH is VERSION/INTERPRETER.
from_source() { # WHICH
    [ -x "$BUILD/lua/$1" ] || skip "no sources of Lua ${1%%/*}: $(cat "$BUILD/lua/${1%%/*}.why" 2>/dev/null)"
    true_of "$BUILD/lua/$1" spins_burn
}

@test "on Lua built without optimisation" {
    from_source 5.4.4/lua-O0
}

@test "on Lua built with -O3 -fomit-frame-pointer" {
    from_source 5.4.4/lua-O3
    strip -o stripped "$BUILD/lua/5.4.4/lua-O3"
    true_of ./stripped spins_burn
}

@test "on Lua 5.4.2" {
    from_source 5.4.2/lua
}

@test "on Lua 5.4.7" {
    from_source 5.4.7/lua
}

@test "on Lua 5.4.9" {
    from_source 5.4.9/lua
}

@test "what a host runs outside of all calls, by compilers and options" {
    [ -e "$BUILD/lua/5.4.4/sum" ] || skip "no sources of Lua 5.4.4: $(cat "$BUILD/lua/5.4.4.why" 2>/dev/null)"
    local sources=("$BUILD"/lua/5.4.4/l*.c) n=0
    for i in "${!sources[@]}"; do [[ ${sources[i]} == */luac.c || ${sources[i]} == */lua.c ]] && unset "sources[i]"; done
    for how in "gcc -O0" "gcc -O3 -fomit-frame-pointer" "clang -O0"; do
        [[ $how != clang* ]] || command -v clang >/dev/null || continue
        rm -rf objects && mkdir objects
        (cd objects && $how -c -w -std=gnu99 -DLUA_USE_LINUX "${sources[@]}")
        outside_of objects/*.o -lm -ldl -Wl,-E
        n=$((n + 1))
    done
    [ $n -ge 2 ]
}
