#!/usr/bin/env bats
# Exact figures of Lua's memory: each block at its stack, however blocks carry their sites, however many there are.
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    unset MODPROF_ALLOC MODPROF_MARKS
    # Errors, tail calls, coroutines in coroutines, finalizers, metamethods, chunks that come and go; what makes a table is on one line.
    cat >work.lua <<'LUA'
local kept = {}
local function text(i) return ("text number %d of this run"):format(i) end
local function pair(i) return { i, i } end
local function closure(i) return function() return kept, i end end
local function grown() local t = {} for i = 1, 40 do t[i] = i end return t end
local function deep(n, f) if n == 0 then return (f(n)) end local r = deep(n - 1, f) return r end
local function tail(n, f) if n == 0 then return f(n) end return tail(n - 1, f) end
local function fails(i) local t = { i } error({ t }) end
local function broken(i) return load("x = = " .. i) end
local function loaded(i) return load("local a = { " .. i .. " } return { a }", "@chunk")() end
local function gc(o) kept[#kept + 1] = { o } end
local function index(t, k) return { k } end
local function concat(a, b) return { a, b } end
local function close() kept[1] = { {} } end
local function meta() return { __gc = gc, __index = index, __concat = concat, __close = close } end
local mt = meta()
local function object() return setmetatable({}, mt) end
local function closes() local c <close> = object() return { c } end
local function yields() for i = 1, 5 do kept[i] = pair(i) coroutine.yield() kept[i] = { text(i) } end error({}) end
local function inner() local co = coroutine.create(yields) while resume(co) and coroutine.status(co) ~= "dead" do pair(1) end return { co } end
local function less(a, b) local c = { a } return c[1][1] < b[1] end
local function sorted(n) local t = {} for i = 1, n do t[i] = { i * 7919 % n } end table.sort(t, less) return t end
local function each() for w in ("a b c d"):gmatch("%a") do kept[w] = { w } end end
local function stray(e) local co = coroutine.create(pair) load(function() call(co, e) end) back() return far(), { e } end
local function fail() far(true) end
local function swap(c) return c .. #pair(1) end
local function again(o)
    table.unpack(o, 1, 2)
    table.unpack(o, 1, 3)
    pcall(index, o, 1)
    pcall(index, o, 2)
    pcall(table.unpack, o, 1, 2)
    pcall(table.unpack, o, 1, 3)
    return pcall(deep, 2, index)
end
for i = 1, 60 do
    kept[i] = text(i)
    pair(i)
    kept[-i] = closure(i)
    grown()
    deep(i % 12, pair)
    tail(i % 12, pair)
    pcall(fails, i)
    pair(i)
    broken(i)
    pair(i)
    loaded(i)
    closes()
    if i % 10 == 0 then change() end
    local o = object()
    kept[-i - 100] = o.field
    kept[-i - 200] = o .. i
    again(o)
    pcall(again, o)
    pcall(pcall, again, o)
    resume(coroutine.create(inner))
    pair(i)
    sorted(12)
    each()
    stray(fail);
    ("x"):rep(20):gsub("x", swap)
    if i % 20 == 0 then collectgarbage() end
end
mt.__gc = nil
LUA
}

record() { # ALLOC COMMAND...
    local alloc=$1
    shift
    LD_PRELOAD=$SHIM MODPROF_OUT=$PWD/t.mprof MODPROF_ALLOC=$alloc "$@"
    "$HOSTS/sites_dump" t.mprof >said
}

# The stacks of `said` as heap_stacks prints its own, but for what ran outside of Lua.
stacks() {
    awk '/^site heap=Lua/ {
            for (i = 1; i <= NF; i++) if (split($i, kv, "=") == 2) f[kv[1]] = kv[2]
            stack = $0
            sub(/^[^|]*[|] ?/, "", stack)
            gsub(/C:[^ ]*( [(]inner[)])?/, "C", stack)
            n[stack] += f["alloc_n"]; bytes[stack] += f["alloc_bytes"] + f["grow_bytes"]; held[stack] += f["close_n"]
        }
        END { for (s in n) if (s != "") print n[s], bytes[s], held[s], "| " s }' said | sort
}

# What `said` says of FIELD of all states and of all sites: equal.
balanced() { # FIELD...
    local field
    for field; do
        awk -v f="$field=" 'function get(i) { return index($i, f) == 1 ? substr($i, length(f) + 1) : 0 }
            /^state/ { for (i = 1; i <= NF; i++) a += get(i) }
            /^site heap=Lua/ { for (i = 1; i <= NF; i++) b += get(i) }
            END { if (a != b) print f, a, b; exit a != b }' said
    done
}

all_balanced() {
    balanced alloc_n alloc_bytes grow_bytes shrink_bytes free_bytes live_bytes peak_bytes
    grep -q 'lost_sites=0 lost_tracks=0 ' said
}

@test "every stack has made and holds what a host says that asks for it at each request, to the byte" {
    record exact "$HOSTS/heap_stacks" own work.lua >books
    grep -v '| $' books | sort >expected
    stacks >found
    [ "$(wc -l <expected)" -gt 80 ]
    grep -q ' coroutine .* coroutine ' expected
    diff expected found
    all_balanced
}

@test "blocks that carry their sites, blocks in the table, and a host that changes from one to the other say the same" {
    record exact "$HOSTS/heap_stacks" own work.lua >/dev/null
    stacks >expected
    record exact "$HOSTS/heap_stacks" plain work.lua
    grep -q 'tag_bytes=4' said
    stacks | diff expected -
    all_balanced
    record exact,no-tag "$HOSTS/heap_stacks" plain work.lua
    grep -q 'tag_bytes=0' said
    stacks | diff expected -
    all_balanced
    record exact "$HOSTS/heap_stacks" changing work.lua
    grep -q 'setallocf_n=6' said
    stacks | diff expected -
    all_balanced
}

@test "of more blocks than the table has room for none is lost" {
    cat >many.lua <<'LUA'
local kept = {}
for i = 1, 1500000 do
    kept[i] = function() end
end
print(collectgarbage "count" * 1024)
kept = nil
collectgarbage()
LUA
    record exact lua5.4 many.lua >count
    all_balanced
    grep 'kind=function.*[|] @many.lua:3 ' said | grep -q ' alloc_n=1500000 .* free_n=1500000 .* live_n=0 .* peak_n=1500000 '
}

@test "prototypes that come and go at the same addresses do not take each other's stacks" {
    cat >chunks.lua <<'LUA'
for i = 1, 3000 do
    local lines = ("\n"):rep(i % 7)
    load(lines .. "local t = {} return t", "@chunk" .. i % 5)()
end
LUA
    record exact lua5.4 chunks.lua
    all_balanced
    for chunk in 0 1 2 3 4; do
        for line in 1 2 3 4 5 6 7; do
            # i % 5 == chunk and i % 7 == line - 1
            n=$(lua5.4 -e "local n = 0 for i = 1, 3000 do if i % 5 == $chunk and i % 7 == $line - 1 then n = n + 1 end end print(n)")
            grep "kind=table type=.*[|] @chunk$chunk:$line < @chunks.lua:3 " said | grep -q " alloc_n=$n " ||
                { echo "chunk$chunk:$line is not there $n times"; return 1; }
        done
    done
}

@test "states of many threads, and one that wanders through many: the books of all are balanced" {
    record exact "$HOSTS/threads" eight
    balanced alloc_n alloc_bytes grow_bytes shrink_bytes free_bytes live_bytes
    "$MODPROF" report --section memory t.mprof | grep -q '^At the peak  what each state held when it held most'
    record exact "$HOSTS/threads" wander
    all_balanced
    record exact "$HOSTS/threads" open_states
    balanced alloc_n alloc_bytes grow_bytes shrink_bytes free_bytes live_bytes
}

# One of them looks at Lua's structures first; of six runs one had threads that had gone on without.
@test "threads that begin at the same moment all have the stacks of what they make, from the first on" {
    for i in $(seq 20); do
        record exact "$HOSTS/threads" eight >/dev/null
        stacks | awk '{ print $1, $2, substr($0, index($0, "|")) }' >found
        # Eight of the same.
        awk '$1 % 8 || $2 % 8 { bad = 1; print } END { exit bad || NR < 5 }' found
        [ "$i" != 1 ] || cp found expected
        diff expected found
    done
}

@test "a killed process's exact figures are completed from its memory" {
    echo 'local kept = {} for i = 1, 20000 do kept[i] = {} end' >killed.lua
    echo 'io.popen("kill -9 $PPID"):close()' >>killed.lua
    run -137 env LD_PRELOAD="$SHIM" MODPROF_OUT="$PWD/t.mprof" MODPROF_ALLOC=exact sh -c 'exec lua5.4 killed.lua'
    "$HOSTS/sites_dump" t.mprof >said
    grep 'kind=table type=.*[|] @killed.lua:1 ' said | grep -q ' alloc_n=20001 .* live_n=20001 '
}

@test "more stacks than there is room for: they are put together, and the books stay balanced" {
    cat >tree.lua <<'LUA'
local function tree(d)
    if d == 0 then return {} end
    local left = tree(d - 1)
    local right = tree(d - 1)
    return { left, right }
end
local kept = tree(17)
LUA
    record exact,sites:500 lua5.4 tree.lua
    balanced alloc_n alloc_bytes grow_bytes shrink_bytes free_bytes live_bytes
    [ "$(tables '@tree.lua:2')" = 131072 ]
    [ "$(tables '@tree.lua:5')" = 131071 ]
    "$MODPROF" report t.mprof | grep -q 'allocations are counted for their line alone'
}

# Tables made at LINE, whatever its callers.
tables() { # LINE
    awk -v line="$1" '/^site heap=Lua kind=table type=/ { gsub(/[*]/, ""); split($0, side, "[|] "); split(side[2], frame, " ")
        if (frame[1] == line) { sub(/.* alloc_n=/, ""); n += $1 } } END { print n + 0 }' said
}

# 60,000 stacks of six functions, each on a line of its own; the program counts how often the innermost one is which.
many_stacks() { # ALLOC
    cat >many.lua <<'LUA'
local F, text, made = 300, { "local fs, made = {}, ..." }, {}
for i = 1, F do
    made[i] = 0
    text[#text + 1] = ("fs[%d] = function(n, s) if n == 0 then made[%d] = made[%d] + 1 return { s } end local r = fs[s %% %d + 1](n - 1, (s * 1103515245 + 12345) // 7 %% 2147483648) return r end"):format(i, i, i, F)
end
text[#text + 1] = "return fs"
local fs = load(table.concat(text, "\n"), "=many")(made)
for i = 1, 60000 do fs[i % F + 1](5, i * 7919 % 1000003) end
for i = 1, F do if made[i] > 0 then print("=many:" .. i + 1, made[i]) end end
LUA
    record "$1" lua5.4 many.lua >told
    balanced alloc_n alloc_bytes grow_bytes shrink_bytes free_bytes live_bytes
}

@test "of stacks that find no room each allocation keeps its line" {
    many_stacks exact
    "$MODPROF" report t.mprof | grep -q 'frames of stacks found no room'
    awk '/^site heap=Lua kind=table type=/ { gsub(/[*]/, ""); split($0, side, "[|] "); split(side[2], frame, " "); sub(/.* alloc_n=/, ""); n[frame[1]] += $1 }
         END { for (line in n) if (line ~ /^=many:/ && line != "=many:1") printf "%s\t%d\n", line, n[line] }' said | sort >by_line
    sort told | diff - by_line
    # With more lines than sites these are told, and the rest together.
    many_stacks exact,sites:200
    grep -q 'overflow=1' said
}

# Fibers take turns within one mapping, on a thread that was on one of them when it was first seen.
@test "on fibers each table is charged to the coroutine that made it, and to the line" {
    local way
    for way in states one; do
        record exact "$HOSTS/fibers" $way 20480
        awk '/^site heap=Lua kind=table type=/ {
                for (i = 1; i <= NF; i++) {
                    if (split($i, kv, "=") == 2) f[kv[1]] = kv[2]
                    if ($i == "|") line = $(i + 1)
                }
                if (line ~ /^@?=?fibers.lua:[2-7]$/) n[line] += f["alloc_n"]
            }
            END { for (line in n) print n[line] }' said | sort -n >found
        printf '%s\n' 80 100 120 140 160 180 | diff - found
        all_balanced
    done
}
