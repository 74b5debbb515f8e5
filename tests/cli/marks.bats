#!/usr/bin/env bats
# Marks: moments that somebody names, with what lives then.
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    unset MODPROF_ALLOC MODPROF_MARKS MODPROF_MARK_SIGNAL
}

profiled() {
    LD_PRELOAD=$SHIM MODPROF_OUT=$PWD/t.mprof MODPROF_ALLOC=exact "$@"
}

marks() {
    "$HOSTS/sites_dump" t.mprof | grep '^mark'
}

@test "there is no global unless it is asked for" {
    [ "$(profiled lua5.4 -e 'print(modprof)')" = nil ]
    [ "$(MODPROF_MARKS=1 profiled lua5.4 -e 'print(type(modprof.mark))')" = function ]
}

@test "a mark holds what lives at that moment, to the byte" {
    cat >m.lua <<'LUA'
local keep = {}
local function grow(n) for i = 1, n do keep[#keep + 1] = { i } end end
for _, name in ipairs { "start", "middle", "middle", "end" } do
    grow(1000)
    modprof.mark(name)
end
LUA
    MODPROF_MARKS=1 profiled lua5.4 m.lua
    [ "$(marks | grep -c 'origin=Lua')" = 4 ]
    [ "$(marks | grep -o 'name=[a-z]*' | tr '\n' ' ')" = 'name=start name=middle name=middle name=end ' ]
    # The counts before a mark are the state's live bytes at the mark.
    marks | awk '{ for (i = 1; i <= NF; i++) { split($i, kv, "="); f[kv[1]] = kv[2] }
                   if (f["live"] != f["lua_bytes"] || f["lua_bytes"] <= last) bad++
                   last = f["lua_bytes"] } END { exit bad }'
}

@test "marks by name, for whoever compares" {
    cat >m.lua <<'LUA'
local keep = {}
modprof.mark("a")
for i = 1, 5000 do keep[i] = { i } end
modprof.mark("b")
LUA
    MODPROF_MARKS=1 profiled lua5.4 m.lua
    run -0 "$MODPROF" report --growth a b t.mprof
    [[ $output == *m.lua:3* ]]
}

@test "sampled growth has its error, exact growth none; a text without a file keeps its lines in narrow tables" {
    cat >m.lua <<'LUA'
local text = [[local keep = {}
modprof.mark("a")
for i = 1, 50000 do keep[i] = { i } end
modprof.mark("b")
]]
load(text, "a text whose name is rather long, too long for a table")()
LUA
    for alloc in exact sample:4k; do
        LD_PRELOAD=$SHIM MODPROF_OUT=$PWD/t.mprof MODPROF_ALLOC=$alloc MODPROF_MARKS=1 lua5.4 m.lua
        "$MODPROF" report --growth a b --format json t.mprof | jq '.processes[0].growth.rows[0] |
            .error_bytes / (.to_bytes - .from_bytes)' >"$alloc"
    done
    [ "$(cat exact)" = 0 ]
    # Some thousand samples.
    jq -e '. > 0.005 and . < 0.05' sample:4k
    "$MODPROF" report --growth a b -w 80 t.mprof | grep -q '"]:3$'
}

@test "anything may be a name, and none is one" {
    MODPROF_MARKS=1 profiled lua5.4 -e 'modprof.mark() modprof.mark({}) modprof.mark(12) modprof.mark(("x"):rep(100000))'
    [ "$(marks | wc -l)" = 4 ]
}

@test "a program marks by its C function, which is there only under the profiler" {
    [ "$("$HOSTS/mark_host")" = "nobody listens" ]
    [ "$(profiled "$HOSTS/mark_host")" = profiled ]
    [ "$(marks | grep -c 'origin=C')" = 2 ]
}

@test "a signal from outside marks, at the next allocation" {
    cat >s.lua <<'LUA'
io.popen("kill -USR2 $PPID"):close()
for i = 1, 1000 do local t = { i } end
LUA
    MODPROF_MARK_SIGNAL=12 profiled sh -c 'exec lua5.4 s.lua'
    marks | grep -q 'name=signal origin=signal'
}

@test "what is no signal that can be handled is said" {
    for signal in USR2 9 99 0x12; do
        MODPROF_MARK_SIGNAL=$signal profiled lua5.4 -e ''
        run -0 "$MODPROF" report t.mprof
        [[ $output == *"NOT covered"*"MODPROF_MARK_SIGNAL is no number"* ]]
    done
    MODPROF_MARK_SIGNAL=12 profiled lua5.4 -e ''
    run -0 "$MODPROF" report t.mprof
    [[ $output != *MODPROF_MARK_SIGNAL* ]]
}

@test "a program that handles the signal itself gets it, and sees what it had set" {
    run -0 env MODPROF_MARK_SIGNAL=12 LD_PRELOAD="$SHIM" MODPROF_OUT="$PWD/t.mprof" "$HOSTS/mark_host" signal
    [ "$output" = $'before: default\nhandled: yes\nprofiled' ]
    [ "$(marks | grep -c 'origin=signal')" = 1 ]
}

@test "marks are kept however many there are, in order" {
    MODPROF_MARKS=1 profiled lua5.4 -e 'for i = 1, 2000 do modprof.mark("m" .. i % 7) end'
    marks | sed -E 's/.*name=(m[0-9]) .*/\1/' >names
    cmp names <(for i in {1..2000}; do echo "m$((i % 7))"; done)
    run -0 "$MODPROF" report t.mprof
    [[ $output != *"not kept"* ]]
}

@test "a fork's child begins with what it inherited" {
    cat >f.lua <<'LUA'
kept = {}
for i = 1, 1000 do kept[i] = { i } end
LUA
    LD_PRELOAD=$SHIM MODPROF_OUT=$PWD/%p.mprof MODPROF_ALLOC=exact,c-exact "$HOSTS/fork_host" f.lua >out
    read -r parent child <out
    "$HOSTS/sites_dump" "$child.mprof" >said
    grep -q "forked_from=$parent" said
    grep -q '^mark .*origin=fork' said
    grep 'kind=table type=.*[|] @f.lua:2' said | grep -q ' alloc_n=0 .* inherited_n=1000 '
    grep 'kind=table type=.*[|] =child:1' said | grep -q ' alloc_n=501 '
    grep -q '^site heap=C .* alloc_n=0 .* free_n=8 .* live_n=12 live_bytes=12000 .* inherited_n=20 inherited_bytes=20000 ' said
    grep -q '^site heap=C .* alloc_n=5 .* inherited_n=0 ' said
    # The mark at the fork has what was inherited, also in the tables of growth.
    "$MODPROF" report -f json "$child.mprof" | jq -e '.processes[0].memory.marks[0] | .by == "fork" and .c_bytes == 20000'
    awk '/^site heap=Lua/ { for (i = 1; i <= NF; i++) { split($i, kv, "="); f[kv[1]] = kv[2] }; sum += f["inherited_bytes"] }
         /^mark .*origin=fork/ { for (i = 1; i <= NF; i++) { split($i, kv, "="); f[kv[1]] = kv[2] }; lua = f["lua_bytes"]; live = f["live"] }
         END { exit sum != lua || live != lua + 20000 || sum == 0 }' said
    # The books: inherited, made and freed give what lives.
    awk '/^site heap=Lua/ { for (i = 1; i <= NF; i++) { split($i, kv, "="); f[kv[1]] = kv[2] }; sum += f["live_bytes"] }
         /^state/ { for (i = 1; i <= NF; i++) { split($i, kv, "="); g[kv[1]] = kv[2] }; live += g["live_bytes"] }
         END { exit sum != live || sum == 0 }' said
    # So do blocks by size: what was inherited is left until it is freed.
    left=$(awk '/^site heap=Lua/ { for (i = 1; i <= NF; i++) { split($i, kv, "="); f[kv[1]] = kv[2] }; n += f["live_n"] } END { print n }' said)
    "$MODPROF" report -f json "$child.mprof" | jq -e --argjson left "$left" '
        [.processes[0].allocations.lua.size_classes[] | .left] | add == $left and min >= 0'
    run -0 "$MODPROF" report --section allocations "$child.mprof"
    [[ $output == *"left: not freed"* ]]
    # What it holds and did not make is in the tables.
    "$MODPROF" report --section memory "$child.mprof" | sed -n '/^Lua memory by line/,/^$/p' | grep -q 'f.lua:2'
}

@test "a child's first mark keeps what it inherited, before it frees that" {
    echo 'kept = {} for i = 1, 1000 do kept[i] = { i } end' >f.lua
    LD_PRELOAD=$SHIM MODPROF_OUT=$PWD/%p.mprof MODPROF_ALLOC=exact MODPROF_MARKS=1 "$HOSTS/fork_host" f.lua >out
    read -r _ child <out
    "$MODPROF" report --section memory --growth born freed -f json "$child.mprof" | jq -e '.processes[0] |
        (.growth.rows[] | select(.label | contains("f.lua:1")) | .from_blocks > 2000 and .to_blocks == 0) and
        .growth.lua_bytes == .memory.marks[2].lua_bytes - .memory.marks[1].lua_bytes and
        .memory.marks[0].at_ns == 0 and .memory.marks[0].rss_bytes == null'
}

@test "a mark that is not there is said, with the way to make them, and is no success" {
    MODPROF_MARKS=1 profiled lua5.4 -e 'modprof.mark("here")'
    run -1 "$MODPROF" report --growth here there t.mprof
    [[ $output == *'no mark `there`'* && $output != *"MODPROF_MARKS"* ]]
    run -1 "$MODPROF" report --growth here there -f json t.mprof
    jq -e '.processes[0].growth | .known == false and (.reason | contains("there"))' <<<"$output"
    profiled lua5.4 -e 'local t = {} for i = 1, 1e4 do t[i] = {} end'
    run -1 "$MODPROF" report --growth here there t.mprof
    [[ $output == *'no mark `here`'*"MODPROF_MARKS"* ]]
    MODPROF_MARKS=1 MODPROF_ALLOC=off MODPROF_OUT=$PWD/t.mprof LD_PRELOAD=$SHIM lua5.4 -e 'modprof.mark("here")'
    run -1 "$MODPROF" report --growth here here t.mprof
    [[ $output == *"not recorded in this trace"*"MODPROF_ALLOC"* ]]
    run -1 "$MODPROF" report --leaks t.mprof
    [[ $output == *"not recorded in this trace"* ]]
}
