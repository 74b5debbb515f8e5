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

# What the report says of heap_arenas, in that host's words.
dropped_said() {
    "$MODPROF" report --top all -f json t.mprof | jq -r '.processes[0].allocations.lua |
        (.kinds[] | "kind \(.kind) \(.blocks) \(.bytes)"),
        "blocks \(.blocks)", "bytes \(.bytes)", "resized \(.resized)", "grown_bytes \(.grown_bytes)",
        "shrunk_bytes \(.shrunk_bytes)", "freed_bytes \(.freed_bytes)", "dropped \(.dropped_states) \(.dropped_bytes)"'
}

@test "states that are dropped without lua_close are known, to the byte: more of them than there are slots" {
    for way in same shifted mapped threads mixed; do
        for alloc in off sample:4k,c-sample:4k exact; do
            MODPROF_ALLOC=$alloc MODPROF_OUT=$PWD/t.mprof LD_PRELOAD=$SHIM "$HOSTS/heap_arenas" $way 300 >books
            dropped_said | diff books -
            "$MODPROF" report -f json t.mprof | jq -e '.processes[0] | all(.losses[]; .what | startswith("states") | not) and .memory.lua.all.left_bytes == 0'
        done
        tables_agree
    done
    "$MODPROF" report --leaks t.mprof | grep '150 states were dropped without lua_close: the host took '
}

@test "states in memory that nobody may read for a while are not taken for dropped" {
    for alloc in off exact; do
        MODPROF_ALLOC=$alloc MODPROF_OUT=$PWD/t.mprof LD_PRELOAD=$SHIM "$HOSTS/heap_arenas" parked 40 >books
        dropped_said | diff books -
    done
}

# The host checks that each request reached the allocator of the state that made it.
@test "states whose memory the host puts back as it was reach their own allocators, and are told of" {
    for way in parked closed turns template reborn; do
        for alloc in off sample:4k,c-sample:4k exact; do
            MODPROF_ALLOC=$alloc MODPROF_OUT=$PWD/t.mprof LD_PRELOAD=$SHIM "$HOSTS/heap_restored" $way 200 >said
            "$HOSTS/heap_restored" $way 200 | diff - said
            "$MODPROF" report -f json t.mprof | jq -r '.processes[0].losses[].what' >lost
            case $way in
            template) grep -qx 'states whose memory was put back as it was some time before' lost ;;
            *) grep -qx 'states that were there again after they had ended: not counted since' lost ;;
            esac
        done
    done
}

@test "C memory is what mallinfo2 says, to the byte, at any moment" {
    MODPROF_OUT=$PWD/t.mprof LD_PRELOAD=$SHIM GLIBC_TUNABLES=glibc.malloc.tcache_count=0 "$HOSTS/heap_mallinfo" >told
    "$MODPROF" report -f json t.mprof | jq -r '.processes[0].memory.marks[] | "\(.name) \(.c_bytes) \(.lua_bytes)"' >said
    diff told said
    [ "$(awk '$1 == "b" { print $2 }' said)" -gt 1000000 ]
}

@test "flame graphs and tables have the same sums, of all metrics, exact or sampled" {
    cat >work.lua <<'LUA'
local kept, files = {}, {}
for i = 1, 3000 do kept[i % 900] = { i, ("text %d"):format(i) } end
for i = 1, 30 do files[i] = io.open("work.lua") files[i]:read(10) end
for i = 1, 600 do kept[i] = nil end
collectgarbage()
for i = 1, 3000 do local t = { i } end
LUA
    for alloc in exact,c-exact sample:2k,c-sample:1k; do
        MODPROF_ALLOC=$alloc MODPROF_OUT=$PWD/t.mprof LD_PRELOAD=$SHIM lua5.4 work.lua
        for metric in alloc-bytes alloc-count live peak; do
            "$MODPROF" flame --metric $metric t.mprof | awk -v m=$metric '{ s += $NF } END { printf "%s %d\n", m, s }'
        done >flames
        "$MODPROF" report -f json t.mprof | jq -r '.processes[0].memory | .lua.all as $l | .c.all as $c |
            "alloc-bytes \($l.made_bytes + $c.made_bytes)", "alloc-count \($l.made_blocks + $c.made_blocks)",
            "live \($l.held_bytes + $c.held_bytes)", "peak \($l.peak_bytes + $c.peak_bytes)"' | diff flames -
        grep -q '^live [1-9]' flames
    done
}

@test "exact tables of C have all that was counted, but for what was made before the first Lua state, which is said" {
    for host in heap_mallinfo "heap_calls 1" "heap_calls 8"; do
        # shellcheck disable=SC2086  # a command and its argument
        MODPROF_ALLOC=c-exact MODPROF_OUT=$PWD/t.mprof LD_PRELOAD=$SHIM "$HOSTS"/$host >/dev/null
        "$MODPROF" report -f json t.mprof | jq -e '.processes[0] |
            ([.allocations.c.objects[].usable_bytes] | add) == .memory.c.all.made_bytes and
            ([.allocations.c.objects[].blocks] | add) == .memory.c.all.made_blocks'
        run -0 "$MODPROF" report --section memory t.mprof
        [[ $output != *"in none of the tables"* ]]
    done
    # This one starts a thread first.
    MODPROF_ALLOC=c-exact MODPROF_OUT=$PWD/t.mprof LD_PRELOAD=$SHIM "$HOSTS/heap_states" handed 2 >/dev/null
    run -0 "$MODPROF" report --section memory t.mprof
    [[ $output == *"C memory, most of it from before the first Lua state"*"in none of the tables"* ]]
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
