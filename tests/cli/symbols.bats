# Names of C code: symbols, debug files, inlined functions; and what is said where a file is not the one that ran.
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export TMPDIR=$PWD LC_ALL=C.UTF-8 CC=${CC:-gcc}
    unset MODPROF_DEBUG_DIR DEBUGINFOD_URLS
    cat >busy.c <<'C'
#include <lua.h>
#include <lauxlib.h>
#define INLINE static inline __attribute__((always_inline))
INLINE double inner_step(double x, int i)
{
    return x * 1.0000001 + (double)(i & 7) / (x + 1);
}
INLINE double middle(double x, int n)
{
    for (int i = 0; i < n; i++)
        x = inner_step(x, i);
    return x;
}
__attribute__((noinline)) static double outer_work(int n)
{
    return middle(1.5, n) + 1;
}
static int l_work(lua_State *L)
{
    lua_pushnumber(L, outer_work((int)luaL_checkinteger(L, 1)));
    return 1;
}
int luaopen_busy(lua_State *L)
{
    lua_newtable(L);
    lua_pushcfunction(L, l_work);
    lua_setfield(L, -2, "work");
    return 1;
}
C
}

build() { $CC "$@" -O2 -shared -fPIC -I/usr/include/lua5.4 -o busy.so busy.c; }

record() {
    touch -d '1 hour ago' busy.so # older than the run
    MODPROF_CPU=999 MODPROF_OUT=$PWD/t.mprof LD_PRELOAD=$SHIM \
        lua5.4 -e 'package.cpath = "./?.so" local b = require "busy" for i = 1, 60 do b.work(1000000) end'
}

# The frames within busy.work of the stack that has most samples.
most() {
    "$MODPROF" flame "$@" t.mprof >folded
    sort -t' ' -k1,1 folded | awk '{ w = $NF; sub(/ [0-9]*$/, ""); if (w > best) { best = w; stack = $0 } }
        END { sub(/.*;busy\.work/, "busy.work", stack); print stack }'
}

build_id() { readelf -n busy.so | sed -n 's/.*Build ID: //p'; }

# The debug part of busy.so goes to the file named.
split() { # FILE
    mkdir -p "$(dirname "$1")"
    objcopy --only-keep-debug busy.so "$1"
    strip --strip-all busy.so
}

@test "inlined functions stand within the one that holds them, with their lines" {
    build -g
    record
    [ "$(most)" = "busy.work;outer_work;middle;inner_step" ]
    [[ "$(most --by line)" == "busy.work;outer_work busy.c:16;middle busy.c:"*";inner_step busy.c:6" ]]
    # binutils agrees about the lines.
    address=$(nm busy.so | awk '$3 == "outer_work" { print $1 }')
    addr2line -f -i -e busy.so "0x$address" | grep -q outer_work
}

@test "clang's DWARF, without a table of addresses, is read" {
    command -v clang >/dev/null || skip "there is no clang"
    CC=clang build -g
    record
    [ "$(most)" = "busy.work;outer_work;middle;inner_step" ]
}

@test "a symbol table alone gives names without inlined functions" {
    build
    record
    [ "$(most)" = "busy.work;outer_work" ]
}

@test "an exported symbol that does not cover the address is not believed" {
    build
    strip --strip-all busy.so
    record
    [ "$(most)" = "busy.work;[busy.so]" ]
}

@test "debug files are found by build-id, by --debug-dir and MODPROF_DEBUG_DIR" {
    build -g
    id=$(build_id)
    split "debug/.build-id/${id:0:2}/${id:2}.debug"
    record
    [ "$(most)" = "busy.work;[busy.so]" ]
    [ "$(most --debug-dir debug)" = "busy.work;outer_work;middle;inner_step" ]
    [ "$(MODPROF_DEBUG_DIR=none:$PWD/debug most)" = "busy.work;outer_work;middle;inner_step" ]
    # Also for a file that is gone.
    rm busy.so
    [ "$(most)" = "busy.work;[busy.so not found]" ]
    [ "$(most --debug-dir debug)" = "busy.work;outer_work;middle;inner_step" ]
}

@test "debug files are found by .gnu_debuglink, beside the file and in .debug" {
    build -g
    cp busy.so whole.so
    for place in .debug/busy.debug busy.debug; do
        rm -rf .debug busy.debug
        cp whole.so busy.so
        split $place
        objcopy --add-gnu-debuglink=$place busy.so
        record
        [ "$(most)" = "busy.work;outer_work;middle;inner_step" ]
    done
}

@test "names that are packed into a stripped library are read, and damaged ones are not" {
    build -g
    nm -D --defined-only --format=posix busy.so | cut -d' ' -f1 | sort >known
    nm --defined-only --format=posix busy.so | awk '$2 ~ /[Tt]/ { print $1 }' | sort | comm -13 known - >wanted
    objcopy --only-keep-debug busy.so names
    objcopy -S --keep-symbols=wanted names
    xz names
    strip busy.so
    record
    [ "$(most)" = "busy.work;[busy.so]" ]
    cp busy.so bare.so
    # Sections differ, the build-id does not: that is still the library that ran.
    objcopy --add-section .gnu_debugdata=names.xz busy.so
    [ "$(most)" = "busy.work;outer_work" ]
    size=$(stat -c %s names.xz)
    head -c $((size / 2)) names.xz >half.xz
    { head -c $((size - 40)) names.xz; head -c 40 /dev/zero; } >wrong.xz
    echo 'no archive' >text.xz
    for bad in half wrong text; do
        cp bare.so busy.so
        objcopy --add-section .gnu_debugdata=$bad.xz busy.so
        [ "$(most)" = "busy.work;[busy.so]" ]
    done
}

@test "without a build-id the checksum of the debug link decides" {
    build -g -Wl,--build-id=none
    split busy.debug
    objcopy --add-gnu-debuglink=busy.debug busy.so
    record
    [ "$(most)" = "busy.work;outer_work;middle;inner_step" ]
    echo >>busy.debug
    [ "$(most)" = "busy.work;[busy.so]" ]
}

@test "a debug file of another build is not believed" {
    build -g
    id=$(build_id)
    split "debug/.build-id/${id:0:2}/${id:2}.debug"
    record
    sed -i 's/1.0000001/1.0000002/' busy.c
    mv busy.so right.so
    build -g
    objcopy --only-keep-debug busy.so "debug/.build-id/${id:0:2}/${id:2}.debug"
    mv right.so busy.so
    [ "$(most --debug-dir debug)" = "busy.work;[busy.so]" ]
}

@test "a library that has changed since is marked, whatever symbols it has now" {
    build -g
    record
    sed -i 's/1.0000001/1.0000002/' busy.c
    build -g
    [ "$(most)" = "busy.work;[busy.so changed since]" ]
    # Without a build-id its date tells.
    build -g -Wl,--build-id=none
    record
    [ "$(most)" = "busy.work;outer_work;middle;inner_step" ]
    touch busy.so
    [ "$(most)" = "busy.work;[busy.so changed since]" ]
    # Not that of its text alone: another library, older than the run, may have been moved to its place, even while it ran.
    record
    sed -i 's/outer_work/another_work/' busy.c
    mv busy.so first.so
    build -g -Wl,--build-id=none
    touch -d '1 hour ago' busy.so
    [ "$(most)" = "busy.work;[busy.so changed since]" ]
    mv busy.so other.so
    cp first.so busy.so
    touch -d '1 hour ago' busy.so
    MODPROF_CPU=999 MODPROF_OUT=$PWD/t.mprof LD_PRELOAD=$SHIM \
        lua5.4 -e 'package.cpath = "./?.so" local b = require "busy" os.rename("other.so", "busy.so") for i = 1, 60 do b.work(1000000) end'
    [ "$(most)" = "busy.work;[busy.so changed since]" ]
}

@test "two builds of one library are told apart in one command" {
    build
    record
    mv t.mprof old.mprof
    cp busy.so old.so
    sed -i 's/outer_work/another_work/' busy.c
    build
    record
    mv t.mprof new.mprof
    "$MODPROF" diff old.mprof new.mprof --section cpu --all >out
    grep -q 'another_work' out
    grep -q 'busy.so changed since' out
    run ! grep -q 'outer_work' out
}

@test "debuginfod is asked only when told to" {
    build -g
    id=$(build_id)
    split "www/buildid/$id/debuginfo"
    record
    # A server that logs what it is asked for, on a port of its own choice.
    python3 -u - www >log 2>&1 3>&- <<'PY' &
import functools, http.server, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
print("port", server.server_port)
server.serve_forever()
PY
    server=$!
    until grep -q '^port' log; do kill -0 $server; done
    export DEBUGINFOD_URLS="http://127.0.0.1:$(sed -n 's/^port //p' log)" DEBUGINFOD_CACHE_PATH=$PWD/cache
    plain=$(most)
    asked=$(grep -c GET log) || true
    asking=$(most --debuginfod)
    kill $server
    [ "$plain" = "busy.work;[busy.so]" ]
    [ "$asked" = 0 ]
    [ "$asking" = "busy.work;outer_work;middle;inner_step" ]
    grep -q "GET /buildid/$id/debuginfo" log
}
