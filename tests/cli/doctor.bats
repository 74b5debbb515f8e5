# doctor: tells beforehand what can be covered, and why not.
bats_require_minimum_version 1.5.0

LIB=/usr/lib/x86_64-linux-gnu/liblua5.4.so.0
ARCHIVE=/usr/lib/x86_64-linux-gnu/liblua5.4.a
SOURCES="$BATS_TEST_DIRNAME/../hosts"

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    cc -I/usr/include/lua5.4 -o linked "$SOURCES/attach_plain.c" -llua5.4
    cc -I/usr/include/lua5.4 -o hidden "$SOURCES/attach_plain.c" "$ARCHIVE" -lm -ldl
    cc -I/usr/include/lua5.4 -static -o static "$SOURCES/attach_plain.c" "$ARCHIVE" -lm 2>/dev/null
    cc -I/usr/include/lua5.4 -o opener "$SOURCES/attach_dlopen.c" -ldl
}

setup() {
    cd "$BATS_TEST_TMPDIR"
    HOST=$BATS_FILE_TMPDIR
}

doctor() { # EXIT-STATUS ARGUMENTS
    local wanted=$1
    shift
    run "$MODPROF" doctor "$@"
    [ "$status" -eq "$wanted" ] || { echo "status $status: $output"; return 1; }
}

says() { [[ $output == *"$1"* ]] || { echo "no '$1' in: $output"; return 1; }; }

@test "the stock interpreter can be covered" {
    doctor 0 -- lua5.4 script.lua
    says "/usr/bin/lua5.4: can be covered, all 20 functions"
    says "Can be covered."
}

@test "a program is covered through the library that it is linked to" {
    doctor 0 "$HOST/linked"
    says "liblua5.4.so.0: can be covered"
}

@test "Lua that is linked in and not exported is found by its symbols" {
    doctor 0 "$HOST/hidden"
    says "$HOST/hidden (linked in, not exported): can be covered"
}

@test "Lua that is linked in, not exported and stripped is named, with what would help" {
    strip -o stripped "$HOST/hidden"
    doctor 4 ./stripped
    says "Lua 5.4.4 in ./stripped (linked in, not exported): not covered: it was stripped"
    says "a build that keeps its symbols"
    says "Can not be covered."
    doctor 4 --format json ./stripped
    jq -e '.verdict == "not" and .objects[0].lua.coverable == 0 and (.objects[0].lua | has("collector") | not)' <<<"$output"
}

@test "of Lua 5.4.1 no Lua functions are sampled, which is said before and after" {
    sed 's/Lua 5\.4\.[0-9] /Lua 5.4.1 /g' /usr/bin/lua5.4 >lua541
    chmod +x lua541
    doctor 0 ./lua541
    says "Lua 5.4.1 in ./lua541: CPU samples and places of allocation hold no Lua functions before 5.4.2"
    # An allocation may be the first to look.
    for alloc in sample:64k exact; do
        MODPROF_ALLOC=$alloc MODPROF_CPU=999 MODPROF_CPU_SOURCE=event MODPROF_OUT=$PWD/t.mprof LD_PRELOAD=$SHIM ./lua541 -e 'local t = os.clock() + 0.2 while os.clock() < t do end'
        run "$MODPROF" report t.mprof
        says "Lua frames in CPU samples: Lua before 5.4.2 does not mark which calls begin a frame of its VM"
    done
}

@test "a script is followed through env to its interpreter" {
    printf '#!/usr/bin/env -S A=1 lua5.4 -i\nprint(1)\n' >script
    chmod +x script
    doctor 0 ./script
    says "./script is a script for /usr/bin/lua5.4"
    says "can be covered"
}

@test "a script is followed through lua-any to the first Lua that it asks for" {
    printf '#!/usr/bin/env lua-any\n-- Lua-Versions: 9.9 5.4 5.1\nprint(1)\n' >script
    chmod +x script
    doctor 0 ./script
    says "lua-any starts the first Lua that the script names and that is installed: /usr/bin/lua5.4"
}

@test "a shell wrapper is followed to what it starts in the end" {
    printf '#!/bin/sh\nX=1\nexec lua5.4 main.lua "$@"\n' >wrapper
    chmod +x wrapper
    doctor 0 ./wrapper
    says "it ends by starting /usr/bin/lua5.4"
}

@test "other versions of Lua are named and not covered" {
    doctor 4 -- lua5.1
    says "Lua 5.1."
    says "only Lua 5.4 is supported"
    doctor 4 -- lua5.3
    says "Lua 5.3."
    doctor 4 -- luajit
    says "LuaJIT in "
}

@test "a program without Lua that may open libraries: look again while it runs" {
    doctor 4 "$HOST/opener"
    says "No Lua found."
    says "modprof doctor PID"
}

@test "a static program can not be covered" {
    doctor 4 "$HOST/static"
    says "it is linked statically"
    says "Can not be covered."
}

@test "a program for another machine can not be covered" {
    cp /usr/bin/lua5.4 other
    printf '\267\000' | dd of=other bs=1 seek=18 conv=notrunc status=none
    doctor 4 ./other
    says "it is for 64-bit ARM; the shim is for x86-64"
}

@test "a program that runs with another user's privileges can not be covered" {
    [ "$(id -u)" -eq 0 ] || skip "needs root"
    cp /usr/bin/lua5.4 privileged
    chown 65534 privileged
    chmod u+s privileged
    doctor 4 ./privileged
    says "set-user-id"
}

@test "a program that brings its own malloc: said" {
    echo 'void *malloc(unsigned long n) { static char b[1 << 20]; static long i; i += (n + 15) & ~15; return b + i - ((n + 15) & ~15); } void free(void *p) { (void)p; }' >own.c
    cc -fno-builtin -I/usr/include/lua5.4 -o own own.c "$SOURCES/attach_plain.c" -llua5.4 -rdynamic
    doctor 0 ./own
    says "the executable brings its own malloc"
}

@test "a program made with AddressSanitizer: what it takes to run with anything preloaded" {
    cc -fsanitize=address -I/usr/include/lua5.4 -o checked "$SOURCES/attach_plain.c" -llua5.4
    doctor 0 ./checked
    says "set ASAN_OPTIONS=verify_asan_link_order=0"
    says "Can be covered."
}

@test "functions that can not be redirected are named, with what goes together with them" {
    cp "$LIB" library.so
    at=$(nm -D --defined-only library.so | awk '/ lua_setallocf/ { print $1 }')
    printf '\314' | dd of=library.so bs=1 seek=$((16#$at)) conv=notrunc status=none
    doctor 0 ./library.so
    says "16 of 20 functions can be covered"
    says "not lua_setallocf: a breakpoint is set in its first instructions"
    says "Can be covered in part"
}

# Starts a Lua that waits until `let_go`; its id in $pid.
waiting_lua() { # ENVIRONMENT...
    mkfifo in up
    env "$@" lua5.4 -e 'io.stdout:write("up\n") io.stdout:flush() io.read()' <in >up 3>&- &
    pid=$!
    exec 9>in
    read -r <up
}

let_go() {
    exec 9>&-
    wait "$pid"
}

@test "a process: what it holds by now, and whether the shim is in it" {
    waiting_lua A=1
    doctor 0 "$pid"
    let_go
    says "process $pid: /usr/bin/lua5.4"
    says "the shim is not in it"
    says "can be covered"
}

@test "a process under the shim that has Lua is active" {
    waiting_lua LD_PRELOAD="$SHIM" MODPROF_OUT="$PWD/x.mprof"
    doctor 0 "$pid"
    let_go
    says "the shim is in it, and active"
}

@test "a process under the shim that has no Lua is dormant" {
    mkfifo in
    LD_PRELOAD=$SHIM cat <in 3>&- &
    pid=$!
    exec 9>in
    until grep -q libmodprof /proc/$pid/maps; do sleep 0.05; done
    doctor 4 "$pid"
    let_go
    says "the shim is in it, and dormant"
}

@test "a process that is not there, and a program that is not there" {
    doctor 1 999999999
    says "there is no process 999999999"
    doctor 1 -- no-such-program-anywhere
    says "was not found in PATH"
    doctor 1 ./no-such-file
    says "was not found"
}

@test "a file that is no program" {
    echo hello >text
    doctor 4 ./text
    says "neither an ELF executable nor a script"
    doctor 1 .
    says "Is a directory"
}

@test "JSON for programs" {
    doctor 0 --format json -- lua5.4
    lua5.4 -e 'package.cpath = "/usr/lib/x86_64-linux-gnu/lua/5.4/?.so;" .. package.cpath
        local d = require("cjson").decode(io.read("a"))
        assert(d.schema_version == 1 and d.verdict == "covered")
        assert(d.executable == "/usr/bin/lua5.4" and d.objects[1].lua.coverable == 20)' <<<"$output"
    doctor 4 --format=json "$HOST/static"
    says '"verdict": "not"'
}

@test "usage" {
    doctor 0 --help
    says "usage: modprof doctor"
    doctor 2
    doctor 2 --format xml -- lua5.4
    doctor 2 --nonsense
    doctor 2 lua5.4 too-many
}

# What is said beforehand is what a trace says afterwards.
collector_is() { # PROGRAM STEPS FINALIZERS
    "$MODPROF" doctor -f json "$1" | jq -e --argjson s "$2" --argjson f "$3" \
        '[.objects[].lua | select(. != null).collector] | length > 0 and all(.steps == $s and .finalizers == $f)'
    rm -f t.mprof
    LD_PRELOAD=$SHIM MODPROF_OUT=$PWD/t.mprof MODPROF_ALLOC=sample:64k "$1" 'for i = 1, 100000 do local t = { i } end' >/dev/null
    "$MODPROF" report -f json t.mprof | jq -e --argjson s "$2" --argjson f "$3" '.processes[0].collector.seen | .steps == $s and .finalizers == $f'
}

@test "whether the collector's steps and finalizers will be seen is said beforehand" {
    cc -I/usr/include/lua5.4 -o unlisted "$SOURCES/attach_plain.c" "$ARCHIVE" -lm -ldl -Wl,--no-eh-frame-hdr
    collector_is "$HOST/linked" true true
    collector_is "$HOST/hidden" true true
    collector_is "$PWD/unlisted" false false
    doctor 0 "$HOST/linked"
    says "the collector's own steps and its finalizers can be seen"
    doctor 0 "$PWD/unlisted"
    says "not the collector's own steps and finalizers: where that begins can not be told in this build"
}
