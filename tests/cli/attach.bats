# attach: Lua is found and covered wherever it lives, and programs run on as if nothing were there.
bats_require_minimum_version 1.5.0

LIB=/usr/lib/x86_64-linux-gnu/liblua5.4.so.0
ARCHIVE=/usr/lib/x86_64-linux-gnu/liblua5.4.a
SOURCES="$BATS_TEST_DIRNAME/../hosts"
CHUNK='local t = {} for i = 1, 100 do t[i] = string.format("%d", i) end io.write(#t, " ", t[100])'

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    cc -I/usr/include/lua5.4 -o linked "$SOURCES/attach_plain.c" -llua5.4
    cc -I/usr/include/lua5.4 -o hidden "$SOURCES/attach_plain.c" "$ARCHIVE" -lm -ldl
    cc -I/usr/include/lua5.4 -o opener "$SOURCES/attach_dlopen.c" -ldl
    cc -I/usr/include/lua5.4 -DOWN_LUA -o own_and_opener "$SOURCES/attach_dlopen.c" "$ARCHIVE" \
        -lm -ldl
    cc -I/usr/include/lua5.4 -no-pie -o hidden_low "$SOURCES/attach_plain.c" "$ARCHIVE" -lm -ldl
    cc -I/usr/include/lua5.4 -o threads "$SOURCES/attach_threads.c" -ldl -lpthread
    cc -o refuse "$SOURCES/attach_refuse.c"
}

setup() {
    cd "$BATS_TEST_TMPDIR"
    HOST=$BATS_FILE_TMPDIR
}

# Runs a program under the shim; its output to $output, what the shim says to $said.
preloaded() {
    run --separate-stderr env LD_PRELOAD="$SHIM" MODPROF_VERBOSE=1 MODPROF_OUT="$PWD/out.mprof" "$@"
    said=$stderr
    [ "$status" -eq 0 ] || { echo "status $status: $output $stderr"; return 1; }
}

said_times() { grep -c -- "$1" <<<"$said" || true; }

expect_covered() { # FILE [TIMES]
    [ "$(said_times "Lua 5.4.[0-9]* in .*$1: covered")" -eq "${2:-1}" ] || { echo "$said"; return 1; }
}

@test "the stock interpreter, Lua linked in and exported" {
    preloaded lua5.4 -e "$CHUNK"
    [ "$output" = "100 100" ]
    expect_covered /lua5.4
}

@test "a host linked to the library" {
    preloaded "$HOST/linked" "$CHUNK"
    [ "$output" = "100 100" ]
    expect_covered /liblua5.4.so.0
}

@test "a host with Lua linked in and not exported" {
    [ -z "$(nm -D --defined-only "$HOST/hidden" | grep lua_newstate)" ]
    preloaded "$HOST/hidden" "$CHUNK"
    [ "$output" = "100 100" ]
    expect_covered /hidden
}

@test "the same, stripped of its symbols: not seen, and runs on" {
    strip -o stripped "$HOST/hidden"
    preloaded ./stripped "$CHUNK"
    [ "$output" = "100 100" ]
    [ "$(said_times covered)" -eq 0 ]
    [ ! -e out.mprof ]
}

# As if it were compiled as C++: its functions have other names, the program is the same.
as_cxx() { # FILE NEW
    nm --defined-only "$ARCHIVE" 2>/dev/null | awk '$2 == "T" && $3 ~ /^lua/ {
        print $3, $3 == "lua_newstate" ? "_Z12lua_newstatePFPvS_S_mmES_" : "_Z" length($3) $3 "P9lua_Statex" }' >names
    objcopy --redefine-syms=names "$1" "$2"
}

@test "Lua compiled as C++, by its symbols or exported and stripped, counts as Lua compiled as C" {
    cc -I/usr/include/lua5.4 -c -o host.o "$SOURCES/attach_plain.c"
    as_cxx host.o cxx.o
    as_cxx "$ARCHIVE" cxx.a
    cc -o cxx cxx.o cxx.a -lm -ldl
    cc -s -o exported cxx.o cxx.a -lm -ldl -Wl,-E
    for host in "$HOST/hidden" ./cxx ./exported; do
        preloaded "$host" "$CHUNK"
        [ "$output" = "100 100" ]
        expect_covered "/$(basename "$host")"
        "$MODPROF" report --format json out.mprof >"$(basename "$host").json"
        rm out.mprof
    done
    count='.processes[0] | [.crossings.functions[]? | [.name, .lua_to_c.calls]] | sort'
    jq -c "$count" hidden.json | tee plain
    jq -e "$count | length > 2" hidden.json
    jq -c "$count" cxx.json | cmp plain -
    jq -c "$count" exported.json | cmp plain -
}

@test "states that were made past the entry of lua_newstate are not passed over in silence" {
    echo 'lua_newstate made_here' >names
    objcopy --redefine-syms=names "$ARCHIVE" inlined.a
    cat >entry.c <<'C'
void *made_here(void *f, void *ud);
void *lua_newstate(void *f, void *ud) { return made_here(f, ud); }
C
    cc -O2 -fno-optimize-sibling-calls -I/usr/include/lua5.4 -o inlined "$SOURCES/attach_plain.c" entry.c inlined.a -lm -ldl
    preloaded ./inlined "$CHUNK"
    [ "$output" = "100 100" ]
    "$MODPROF" report out.mprof | grep "NOT covered .*the states were not made by lua_newstate"
}

@test "Lua opened late, into the global and into a local scope, and bound deeply" {
    for how in global local deepbind; do
        preloaded "$HOST/opener" $how 1 "$LIB" "$CHUNK"
        [ "$output" = "100 100" ]
        expect_covered "$LIB"
    done
}

@test "Lua opened, closed and opened again 60 times stays one copy that is always covered" {
    preloaded "$HOST/opener" local 60 "$LIB" 'string.rep("x", 3)'
    expect_covered "$LIB" 60
    [ "$(of_report out.mprof '#p.copies')" -eq 1 ]
}

@test "two copies in one process: one linked in, one opened" {
    preloaded "$HOST/own_and_opener" local 2 "$LIB" "$CHUNK"
    [ "$output" = "100 100100 100100 100" ]
    expect_covered /own_and_opener
    expect_covered "$LIB" 2
}

@test "a Lua 5.3 beside: only 5.4 is covered, and the other is named" {
    preloaded env LD_PRELOAD="$SHIM:/usr/lib/x86_64-linux-gnu/liblua5.3.so.0" lua5.4 -e "$CHUNK"
    [ "$output" = "100 100" ]
    expect_covered /lua5.4
    [[ $said == *"not covered: Lua 5.3."*"liblua5.3.so.0: only Lua 5.4 is supported"* ]]
}

@test "other versions run on untouched, and leave no file; a collector is told" {
    preloaded lua5.1 -e 'io.write(_VERSION, string.format("%d", 7))'
    [ "$output" = "Lua 5.17" ]
    [[ $said == *"not covered: Lua 5.1."*"only Lua 5.4 is supported"* ]]
    [ ! -e out.mprof ]
    preloaded lua5.3 -e 'io.write(_VERSION, string.format("%d", 7))'
    [ "$output" = "Lua 5.37" ]
    [[ $said == *"not covered: Lua 5.3."*"only Lua 5.4 is supported"* ]]
    [ ! -e out.mprof ]
    preloaded luajit -e 'local n = 0 for i = 1, 1e6 do n = n + i end io.write(_VERSION, n)'
    [ "$output" = "Lua 5.1500000500000" ]
    [[ $said == *"not covered: LuaJIT"*"only Lua 5.4 is supported"* ]]
    [ ! -e out.mprof ]
    "$MODPROF" run -q -o run.mprof -- lua5.3 -e ''
    run "$MODPROF" report run.mprof
    [[ $output == *"NOT covered  Lua 5.3."*"only Lua 5.4 is supported"* ]]
    [[ $output != *"no copy"* ]]
}

@test "Lua that the loader keeps apart is said to be not covered" {
    LD_PRELOAD=$SHIM MODPROF_OUT=out.mprof "$HOSTS/kept_apart"
    run "$MODPROF" report out.mprof
    [[ $output == *"NOT covered  Lua 5.4."*"liblua5.4.so.0: it was opened into a namespace of its own (dlmopen)"* ]]
    [[ $output != *" covered      Lua"* ]]
    LD_PRELOAD=$SHIM MODPROF_OUT=out.mprof "$HOSTS/kept_apart" liblua5.4.so.0
    run "$MODPROF" report out.mprof
    [[ $output == *" covered      Lua 5.4."*"NOT covered  Lua 5.4."*"(dlmopen)"* ]]
}

@test "without Lua nothing is said, written or left behind" {
    preloaded sh -c 'echo $$; exec cat /proc/self/maps'
    pid=${output%%$'\n'*}
    [[ $output == *libmodprof.so* ]]
    [[ $output != *Zydis* && $output != */dev/shm/* ]]
    [ -z "$said" ]
    [ ! -e out.mprof ]
    [ -z "$(find /dev/shm -name "modprof.*.$pid.*")" ]
}

@test "a kernel that lets no memory become executable: not covered, runs on" {
    preloaded "$HOST/refuse" exec lua5.4 -e "$CHUNK"
    [ "$output" = "100 100" ]
    [[ $said == *"not covered: Lua 5.4."*"the system does not allow program code to be changed"* ]]
    expect_covered /lua5.4 0
}

@test "memory that must not be writable and executable at once: covered all the same" {
    preloaded "$HOST/refuse" write-exec lua5.4 -e "$CHUNK"
    [ "$output" = "100 100" ]
    expect_covered /lua5.4
}

@test "a kernel that lets program text be changed in no way: not covered, runs on" {
    preloaded "$HOST/refuse" all lua5.4 -e "$CHUNK"
    [ "$output" = "100 100" ]
    [[ $said == *"the system does not allow program code to be changed"* ]]
    expect_covered /lua5.4 0
    run "$MODPROF" report out.mprof
    [[ $output == *"NOT covered  Lua 5.4."*"in /usr/bin/lua5.4: the system does not allow program code to be changed"* ]]
}

# Evaluates EXPRESSION on the first process of the report (p).
of_report() { # FILE EXPRESSION
    "$MODPROF" report --format json "$1" | lua5.4 -e '
        package.cpath = "/usr/lib/x86_64-linux-gnu/lua/5.4/?.so;" .. package.cpath
        local p = require("cjson").decode(io.read("a")).processes[1]
        local function calls(name)
            local n = 0
            for _, f in ipairs(p.crossings.functions) do
                if f.label == name then n = n + f.lua_to_c.calls end
            end
            return math.tointeger(n)
        end
        print(load("local p, calls = ... return " .. arg[1])(p, calls))' - "$2"
}

@test "threads that open and close four copies at once: every state and every call is counted" {
    for i in 1 2 3 4; do cp "$LIB" library$i.so; done
    preloaded "$HOST/threads" 50 'for i = 1, 30 do string.format("%d", i) end' \
        ./library1.so ./library2.so ./library3.so ./library4.so
    expect_covered "library[1-4].so" 200
    [ "$(of_report out.mprof 'calls("string.format")')" -eq 6000 ]
    [ "$(of_report out.mprof '#p.copies')" -eq 4 ]
}

@test "a host at a low address, where nothing can be mapped close above" {
    preloaded "$HOST/hidden_low" "$CHUNK"
    [ "$output" = "100 100" ]
    expect_covered /hidden_low
}

@test "an entry that can not be moved: its group is not covered, and named; the rest is" {
    cp "$LIB" library.so
    at=$(nm -D --defined-only library.so | awk '/ lua_setallocf/ { print $1 }')
    printf '\314' | dd of=library.so bs=1 seek=$((16#$at)) conv=notrunc status=none
    preloaded "$HOST/opener" local 1 ./library.so "$CHUNK"
    [ "$output" = "100 100" ]
    run "$MODPROF" report out.mprof
    [[ $output == *"lua_setallocf in ./library.so: a breakpoint is set in its first instructions"* ]]
    [[ $output == *"lua_newstate in ./library.so: it goes together with lua_setallocf"* ]]
    [ "$(of_report out.mprof 'calls("string.format")')" -eq 100 ]
}

@test "a plain name is looked up for the library that asks, as without the shim" {
    mkdir plugins
    echo 'int answer(void) { return 42; }' | cc -shared -fPIC -o plugins/plug.so -x c -
    cat >asker.c <<'C'
#include <dlfcn.h>
int ask(void) { void *p = dlopen("plug.so", RTLD_NOW); return p ? ((int (*)(void))dlsym(p, "answer"))() : -1; }
C
    cc -shared -fPIC -o libasker.so asker.c -Wl,-rpath,'$ORIGIN/plugins' -ldl
    echo 'int ask(void); int main(void) { return ask() == 42 ? 0 : 3; }' |
        cc -o main -x c - -x none ./libasker.so
    ./main
    preloaded ./main
}

@test "without the structures of Lua, by its public API alone, the output is the same" {
    export MODPROF_LAYOUT=api
    preloaded lua5.4 -e "$CHUNK"
    [ "$output" = "100 100" ]
    expect_covered /lua5.4
}

@test "MODPROF=off stays dormant" {
    MODPROF=off preloaded lua5.4 -e "$CHUNK"
    [ "$output" = "100 100" ]
    [ -z "$said" ]
    [ ! -e out.mprof ]
}

@test "program text is neither writable afterwards nor left different elsewhere" {
    preloaded lua5.4 -e 'for l in io.lines("/proc/self/maps") do if l:find(" rwx") then print(l) end end'
    [ -z "$output" ]
}
