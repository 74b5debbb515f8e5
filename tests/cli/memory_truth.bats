# Totals of memory against independent counters: the books of hosts' own allocators, and what the C library says of its heap.
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    lib=/usr/lib/$(gcc -print-multiarch)
}

# What the report says of heap_states, in that host's words.
states_said() {
    "$MODPROF" report --top all -f json t.mprof | jq -r '.processes[0].allocations.lua |
        (.states | sort_by(.id)[] | "state \(.id) \(.peak_bytes) \(.live_bytes)"),
        (.kinds[] | "kind \(.kind) \(.blocks) \(.bytes)"),
        "blocks \(.blocks)", "bytes \(.bytes)", "resized \(.resized)", "grown_bytes \(.grown_bytes)",
        "shrunk_bytes \(.shrunk_bytes)", "freed_bytes \(.freed_bytes)"'
}

# The tables by line have all that the states count, where every allocation was recorded.
tables_agree() {
    "$MODPROF" report --top all -f json t.mprof | jq -e '.processes[0] | .allocations.lua as $all | .memory.lua.all |
        .made_blocks == $all.blocks and .made_bytes == $all.bytes + $all.grown_bytes and
        .held_bytes == ([$all.states[].live_bytes] | add) and .left_bytes == 0'
}

states_agree() { # ARGS...
    for alloc in off sample:4k,c-sample:4k exact,c-exact; do
        MODPROF_ALLOC=$alloc MODPROF_OUT=$PWD/t.mprof LD_PRELOAD=$SHIM "$HOSTS/heap_states" "$@" >books
        states_said | diff books -
    done
    tables_agree
}

@test "many states on many threads: each one's highest point and end, all together by kind, to the byte" {
    states_agree threads 8
}

@test "states handed from thread to thread, and C blocks that another thread frees" {
    states_agree handed 20
    "$MODPROF" report --top all -f json t.mprof | jq -e '.processes[0].memory.c.lines |
        any(.made_blocks == 20 * 50 and .freed_blocks == 20 * 50 and .held_bytes == 0)'
}

@test "an allocator that is exchanged while Lua runs, at any time, is counted on" {
    states_agree switched 20
    [ "$("$MODPROF" report -f json t.mprof | jq '[.processes[0].allocations.lua.states[].allocator_changes] | min')" -gt 20 ]
}

@test "C memory is what mallinfo2 says, to the byte, at any moment" {
    MODPROF_OUT=$PWD/t.mprof LD_PRELOAD=$SHIM GLIBC_TUNABLES=glibc.malloc.tcache_count=0 "$HOSTS/heap_mallinfo" >told
    "$MODPROF" report -f json t.mprof | jq -r '.processes[0].memory.marks[] | "\(.name) \(.c_bytes) \(.lua_bytes)"' >said
    diff told said
    [ "$(awk '$1 == "b" { print $2 }' said)" -gt 1000000 ]
}

# ---- other malloc libraries, preloaded as well ----

with() { # PRELOAD COMMAND...
    local preload=$1
    shift
    MODPROF_ALLOC=exact,c-exact MODPROF_OUT=$PWD/t.mprof LD_PRELOAD=$preload "$@"
}

c_said() {
    "$MODPROF" report -f json t.mprof | jq -r '.processes[0].allocations.c.objects[] | select(.object | endswith("/heap_calls")) |
        to_entries[] | select(.key != "object") | "\(.key) \(.value)"'
}

runs_as_usual() { # PRELOAD
    for way in "threads 4" "handed 5" "switched 5"; do
        # shellcheck disable=SC2086  # two words
        with "$1" "$HOSTS/heap_states" $way >books
        states_said | diff books -
        tables_agree
    done
    [ "$(with "$1" lua5.4 -e 'local t = {} for i = 1, 1e5 do t[i] = tostring(i) end print(#table.concat(t))')" = 488895 ]
}

behind() { # LIBRARY
    [ -e "$1" ]
    runs_as_usual "$SHIM:$1"
    with "$SHIM:$1" "$HOSTS/heap_calls" 4 ordinary >host
    c_said | diff host -
}

in_front() { # LIBRARY
    runs_as_usual "$1:$SHIM"
    run -0 "$MODPROF" report t.mprof
    [[ $output == *"NOT covered"*"malloc: "* ]]
    [[ $output == *"C memory"*"not known"* ]]
}

@test "jemalloc behind the shim: nothing is missing, sizes are its own" {
    behind "$lib/libjemalloc.so.2"
}

@test "jemalloc in front of it: C memory is said to be unknown, Lua's is not" {
    in_front "$lib/libjemalloc.so.2"
}

@test "tcmalloc behind the shim: nothing is missing, sizes are its own" {
    behind "$lib/libtcmalloc_minimal.so.4"
}

@test "tcmalloc in front of it: C memory is said to be unknown, Lua's is not" {
    in_front "$lib/libtcmalloc_minimal.so.4"
}
