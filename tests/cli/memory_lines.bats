# Memory by line against the books of a host that asks Lua's public API, in its own allocator, for the line that allocates.
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    cat >work.lua <<'LUA'
local kept = {}
local function text(i) return ("text number %d of this run"):format(i) end
local function pair(i) return { i, i } end
local function closure(i) return function() return kept, i end end
local function grown() local t = {} for i = 1, 300 do t[i] = i end return t end
for i = 1, 2000 do
    kept[i] = text(i)
    pair(i)
    kept[-i] = closure(i)
    grown()
end
kept = nil
LUA
}

# Lines `FILE:LINE BLOCKS BYTES HELD HELD_BYTES` of what the host and the report say.
record() {
    LD_PRELOAD=$SHIM MODPROF_ALLOC=exact MODPROF_OUT=$PWD/t.mprof "$HOSTS/heap_lines" work.lua >books
    "$MODPROF" report --section memory --top all -f json t.mprof | lua5.4 "$BATS_TEST_DIRNAME/report/lines.lua" >said
}

@test "every line has made and holds what the host's allocator says, to the byte" {
    record
    grep '^work.lua:[23459] ' books | sort >expected
    grep '^work.lua:[23459] ' said | sort >found
    [ "$(wc -l <expected)" -ge 4 ]
    diff expected found
}

@test "all lines together are all that the allocator gave, and all that it held" {
    record
    total() { awk '{ for (i = 2; i <= 5; i++) s[i] += $i } END { print s[2], s[3], s[4], s[5] }' "$1"; }
    [ "$(total books)" = "$(total said)" ]
}

@test "of 200,000 sites every table has the same sum, to the byte" {
    "$HOSTS/trace_maker" sites huge.mprof
    "$MODPROF" report --section memory --top all -f json huge.mprof |
        lua5.4 "$BATS_TEST_DIRNAME/report/sums.lua" >said
    made=$((200000 * 200001 / 2 + 200000 * 100)) held=$((100000 * 100000 + 100000 * 100))
    for table in lines functions modules kinds; do
        grep -qx "$table $made $held" said
    done
    "$MODPROF" flame --metric live huge.mprof >stacks
    awk -v held="$held" '{ s += $NF } END { exit s != held }' stacks
    run -0 "$MODPROF" report --section memory huge.mprof
    [[ $output == *"more lines (--top all shows them)"* ]]
}
