# `modprof flame` and `modprof export`: sampled programs, and what every trace holds.
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export TMPDIR=$PWD LC_ALL=C.UTF-8
}

# Loops in known places: Lua calling C calling Lua, and a coroutine.
record() {
    cat >work.lua <<'LUA'
local M = {}
local function spin(n)
    local s = 0
    for i = 1, n do s = s + i % 7 end
    return s
end
function M.direct(n)
    return (spin(n))
end
function M.sorted(n)
    local t = {3, 1, 2}
    table.sort(t, function(a, b) spin(n); return a < b end)
end
function M.yielding(n)
    local co = coroutine.wrap(function() while true do spin(n); coroutine.yield() end end)
    for _ = 1, 3 do co() end
end
return M
LUA
    cat >main.lua <<'LUA'
package.path = "./?.lua"
local work = require "work"
local stop = os.clock() + 1
local r = 1
while os.clock() < stop do
    r = r * 16807 % 2147483647 -- rounds of no pattern: samples, which come in one, meet all of it
    local n = 5000 + r % 10000
    work.direct(2 * n)
    work.sorted(n)
    work.yielding(n)
end
LUA
    touch -d '1 hour ago' work.lua main.lua
    MODPROF_CPU=999 LD_PRELOAD=$SHIM lua5.4 main.lua
}

record_plain() { # without samples
    MODPROF_CPU=off LD_PRELOAD=$SHIM lua5.4 -e 'require "pl.pretty"; string.rep("x", 3)'
}

# Share of the weight of all lines that match, in percent.
share() { # PATTERN
    awk -v p="$1" '{ w = $NF; sum += w } $0 ~ p { part += w } END { printf "%d", 100 * part / sum }' folded
}

@test "stacks hold Lua, C and coroutines in their true order, under their names" {
    record
    "$MODPROF" flame >folded
    grep -q 'main.lua (main chunk);work.direct;spin (work) ' folded
    grep -q 'main.lua (main chunk);work.sorted;table.sort;work.lua:12;spin (work) ' folded
    grep -q 'main.lua (main chunk);work.yielding;coroutine.wrap (inner);work.lua:15;spin (work) ' folded
    [ "$(share 'spin .work. [0-9]')" -ge 80 ]
    [ "$(share 'work.direct;spin')" -ge 15 ]
    [ "$(share 'table.sort;work.lua:12;spin')" -ge 15 ]
    [ "$(share 'work.lua:15;spin')" -ge 15 ]
}

@test "lines are those of the loop" {
    record
    "$MODPROF" flame --by line >folded
    [ "$(share ';spin .work. work.lua:4 [0-9]*$')" -ge 75 ]
}

@test "--invert begins with the innermost, --by module merges" {
    record
    "$MODPROF" flame --invert >folded
    [ "$(share '^spin .work.;')" -ge 75 ]
    run -0 "$MODPROF" flame --by module
    [[ $output == *";main.lua;work"* ]]
}

@test "only the time asked for is added up" {
    record
    "$MODPROF" flame | awk '{ sum += $NF } END { print sum }' >all
    half=$("$MODPROF" report -f json | jq '.processes[0].duration_ns / 2e6 | floor') # a busy machine makes it long
    "$MODPROF" flame --from "${half}ms" | awk '{ sum += $NF } END { print sum }' >part
    [ "$(cat part)" -lt "$(cat all)" ]
    [ "$(cat part)" -gt 0 ]
    run -1 "$MODPROF" flame --from 1000000s
    [[ $output == *"between --from and --to"* ]]
    run -2 "$MODPROF" flame --to 0
    [[ $output == *"nothing is before it"* ]]
    run -2 "$MODPROF" flame --from soon
    [[ $output == *"--from takes a time like"* ]]
}

@test "the report has functions, lines and the states of time" {
    record
    run -0 "$MODPROF" report --section cpu
    [[ $output == *"sampled "*" Hz"*"Lua code "*"exact lines "*"spin (work)"*"work.lua:4"* ]]
    # Whatever is cut off for want of room, it is not the number of a line.
    local deep=$PWD/a/folder/whose/name/takes/all/the/room/that/there/is
    mkdir -p "$deep"
    printf 'local function spin(n)\n  local s = 0\n  for i = 1, n do\n    s = s + i %% 7\n  end\n  return s\nend\nspin(2e7)\n' >"$deep/hot.lua"
    MODPROF_CPU=999 MODPROF_OUT=deep.mprof LD_PRELOAD=$SHIM lua5.4 "$deep/hot.lua"
    run -0 "$MODPROF" report --section cpu --width 80 deep.mprof
    [[ $output =~ /hot.lua:4\ +spin\ .hot ]]
    rm deep.mprof
    "$MODPROF" report --format json --section cpu >report.json
    run -0 jq -r '.processes[0].cpu | .functions[0].label, (.samples > 100), (.time_ns > 500000000)' report.json
    [ "${lines[0]}" = "spin (work)" ]
    [ "${lines[1]}" = true ]
    [ "${lines[2]}" = true ]
}

@test "--annotate shows the file with the share of each line" {
    record
    run -0 "$MODPROF" report --annotate work.lua
    [[ $output =~ ([0-9]+)\.[0-9]%\ +[0-9.]+%\ +4\ \ +for\ i\ =\ 1,\ n\ do ]]
    [ "${BASH_REMATCH[1]}" -ge 75 ]
    [[ $output == *"      1  local M = {}"* ]]
    run -0 "$MODPROF" report --annotate other.lua
    [[ $output == *"no sample is of"*"; there are: "*"work.lua"* ]]
    touch work.lua # another date, the same text
    run -0 "$MODPROF" report --annotate work.lua
    [[ $output == *"      1  local M = {}"* ]]
    # Another text of the same length, older than the run, is moved there.
    sed 's/^local M/local N/' work.lua >other.lua
    touch -d '1 hour ago' other.lua
    mv work.lua right.lua
    mv other.lua work.lua
    run -0 "$MODPROF" report --annotate work.lua
    [[ $output == *"has changed since"* ]]
    mv right.lua work.lua
    run -0 "$MODPROF" report --annotate work.lua
    [[ $output == *"      1  local M = {}"* ]]
    echo '-- more' >>work.lua
    run -0 "$MODPROF" report --annotate work.lua
    [[ $output == *"has changed since"* ]]
}

@test "a chunk whose host left out the @ before its path is a file, others are texts" {
    cat >hot.lua <<'LUA'
local function spin(n)
    local s = 0
    for i = 1, n do s = s + i % 7 end
    return s
end
spin(2e7)
LUA
    cat >host.lua <<'LUA'
local path = arg[1]
assert(load(io.open(path):read("a"), path))()
-- A name that is neither a path nor the text, of a function that its line does not name.
assert(load("return (function(n) local s = 0 for i = 1, n do s = s + i % 7 end end)(...)", "some name"))(2e7)
LUA
    MODPROF_CPU=999 MODPROF_OUT=t.mprof LD_PRELOAD=$SHIM lua5.4 host.lua "$PWD/hot.lua"
    "$MODPROF" flame --by line t.mprof >folded
    grep -q 'hot.lua:6 (main chunk);spin (hot.lua) hot.lua:3 ' folded
    grep -q ';\[string "some name"\]:1 [0-9]*$' folded
    run ! grep -F '"]:1 [string' folded
    run -0 "$MODPROF" report --annotate hot.lua t.mprof
    [[ $output =~ [0-9]%\ +3\ +for\ i\ =\ 1 ]]
    run -0 "$MODPROF" report --section cpu --width 200 t.mprof
    [[ $output =~ hot.lua:3\ +spin\ .hot.lua. ]]
}

@test "the picture is well-formed, and names can not be markup" {
    printf 'local function f() local s = 0; for i = 1, 3e7 do s = s + i end end f()' >'<b>&"x".lua'
    MODPROF_CPU=999 LD_PRELOAD=$SHIM lua5.4 '<b>&"x".lua'
    "$MODPROF" flame -o out.svg --title '</text><script>alert(1)</script>'
    grep -q '<svg' out.svg
    [ "$(grep -c '<script>' out.svg)" = 1 ]
    grep -q '&lt;b&gt;&amp;&quot;x&quot;.lua' out.svg
    run ! grep -q '<b>' out.svg
    run -0 python3 -c 'import xml.dom.minidom; xml.dom.minidom.parse("out.svg")'
    # A long title ends before the search box, and is there as a whole.
    "$MODPROF" flame -o long.svg --title "$(printf 'ä%.0s' {1..200})end"
    grep -q '>ä\{94\}…</text>' long.svg
    grep -q '<title>ä\{200\}end</title>' long.svg
    python3 -c 'import xml.dom.minidom; xml.dom.minidom.parse("long.svg")'
    "$MODPROF" flame -o out.html
    grep -q '<!DOCTYPE html>' out.html
    run ! grep -E -o '(src|href)="[^"]*"' out.svg out.html
}

@test "without samples it is said how to record them" {
    record_plain
    run -1 "$MODPROF" flame
    [[ $output == *"no CPU samples"*"MODPROF_CPU=999"*"--metric load"* ]]
    run -2 "$MODPROF" flame --metric alloc
    [[ $output == *"does not know \`alloc\`"* ]]
    run -1 "$MODPROF" flame --metric wall
    [[ $output == *"MODPROF_WALL=999"* ]]
}

@test "a thread is chosen by its id" {
    record
    tid=$("$MODPROF" export -f chrome | jq '[.traceEvents[] | select(.ph == "X") | .tid][0]')
    "$MODPROF" flame >all
    "$MODPROF" flame --thread "$tid" >one
    cmp all one
    run -1 "$MODPROF" flame --thread worker
    [[ $output == *"samples is of that thread or state"* ]]
}

@test "options that mean nothing for a metric are refused" {
    record_plain
    run -2 "$MODPROF" flame --metric crossings --thread 1
    [[ $output == *"--metric crossings does not tell threads apart"* ]]
    run -2 "$MODPROF" flame --metric load --by line
    run -2 "$MODPROF" flame --metric crossings --from 1s
}

@test "loads are chosen by time, crossings added up by module, stacks of any metric inverted" {
    record_plain
    run -1 "$MODPROF" flame --metric load --from 30s
    [[ $output == *"nothing of --metric load"* ]]
    run -0 "$MODPROF" flame --metric crossings --by module
    [[ $output == *$'\n'"string "* && $output != *string.rep* ]]
    run -0 "$MODPROF" flame --metric load --invert
    [[ $output == *"pl.utils;pl.pretty"* ]]
}

@test "module loads and crossings are in every trace" {
    record_plain
    run -0 "$MODPROF" flame --metric load
    [[ $output == *"pl.pretty;pl.utils"* ]]
    run -0 "$MODPROF" flame --metric crossings
    [[ $output == *$'\n'"string;string.rep 1"* ]]
}

@test "Go's pprof reads what is exported, with the same shares" {
    local pprof
    pprof=$(find /usr/lib/go-* -path '*/bin/go' | tail -n 1)
    record
    "$MODPROF" flame >folded
    "$MODPROF" export -f pprof -o profile.gz
    run -0 env HOME="$PWD" "$pprof" tool pprof -top profile.gz
    [[ $output == "File: lua5.4"* ]]
    [[ $output == *"Type: cpu"* ]]
    [[ $output =~ ([0-9]+)\.?[0-9]*%\ +[0-9.]+%\ +[0-9.]+m?s\ +[0-9.]+%\ +spin\ \(work\) ]]
    local more=$((BASH_REMATCH[1] - $(share 'spin .work. [0-9]*$'))) # pprof rounds, share cuts
    [ $more = 0 ] || [ $more = 1 ]
    "$MODPROF" export -f pprof --by line -o lines.gz
    run -0 env HOME="$PWD" "$pprof" tool pprof -top -lines lines.gz
    [[ $output == *"spin (work) work.lua:4"* ]]
}

# shellcheck disable=SC2016 # $f is a variable of jq
@test "speedscope's weights add up, and its frames are all there" {
    record
    "$MODPROF" export -f speedscope -o s.json
    run -0 jq -r '.shared.frames as $f | .profiles[0] | ((.weights | add) == .endValue),
        ((.samples | length) == (.weights | length)), ([.samples[][] | $f[.] != null] | all),
        ([.samples[] | map($f[.].name) | join(";") | contains("work.direct;spin (work)")] | any)' s.json
    [ "$output" = $'true\ntrue\ntrue\ntrue' ]
}

# shellcheck disable=SC2016 # likewise
@test "trace events of module loads nest as the loads did" {
    record_plain
    "$MODPROF" export -f chrome -o c.json
    run -0 jq -r '[.traceEvents[] | select(.ph == "X" and .cat == "require")] |
        (map(select(.name == "pl.pretty"))[0]) as $a | (map(select(.name == "pl.utils"))[0]) as $b |
        ($a.ts <= $b.ts), ($a.ts + $a.dur >= $b.ts + $b.dur), ($b.dur > 0)' c.json
    [ "$output" = $'true\ntrue\ntrue' ]
}

@test "export says what it needs" {
    record_plain
    run -2 "$MODPROF" export
    [[ $output == *"--format is needed"* ]]
    run -2 "$MODPROF" export -f pprf
    [[ $output == *"did you mean"*"pprof"* ]]
    run -2 "$MODPROF" export -f speedscope --invert
    run -1 "$MODPROF" export -f pprof -o x.gz
    [[ $output == *"no CPU samples"* ]]
}

@test "the collector is told apart in an interpreter without symbols" {
    MODPROF_CPU=999 LD_PRELOAD=$SHIM lua5.4 -e 'local keep = {}
        for i = 1, 20000 do keep[i] = {i} end
        for i = 1, 2e6 do local t = {} end'
    run -0 "$MODPROF" report --format json --section cpu
    run -0 jq -r '.processes[0].cpu | .collector_within_lua, (.state_ns.collector / .time_ns > 0.05)' <<<"$output"
    [ "$output" = $'false\ntrue' ]
}

# $1 times as many rounds in `slow`; `gone` in the first run only, `new` in others.
record_change() {
    cat >change.lua <<'LUA'
local n = tonumber(arg[1])
local function slow(n) local s = 0 for i = 1, n do s = s + i % 7 end return s end
local function same(n) local s = 0 for i = 1, n do s = s + i % 5 end return s end
local function gone(n) local s = 0 for i = 1, n do s = s + i % 3 end return s end
local function new(n) local s = 0 for i = 1, n do s = s + i % 9 end return s end
for _ = 1, 20 do
    slow(n * 1000000)
    string.rep("x", 3)
    same(1000000)
    if n == 1 then gone(1000000) else new(1000000) end
end
LUA
    MODPROF_CPU=999 MODPROF_OUT=$PWD/$1.mprof LD_PRELOAD=$SHIM lua5.4 change.lua "$1"
}

class_of() { # NAME
    python3 - "$1" <<'PY'
import sys, xml.etree.ElementTree as tree
ns = "{http://www.w3.org/2000/svg}"
for g in tree.parse("change.svg").iter(ns + "g"):
    title = g.find(ns + "title")
    if title is not None and title.text.startswith(sys.argv[1] + "\n"):
        print(g.get("class").split()[1])
PY
}

@test "--diff holds the stacks of both traces, and colours what changed" {
    record_change 1
    record_change 4
    "$MODPROF" flame 1.mprof >before
    "$MODPROF" flame 4.mprof >after
    awk '{ w = $NF; sub(/ [0-9]+$/, ""); stack[$0]; if (FILENAME == "before") a[$0] = w; else b[$0] = w }
        END { for (s in stack) print s, a[s] + 0, b[s] + 0 }' before after | sort >want
    "$MODPROF" flame --diff 4.mprof 1.mprof | sort >got
    diff want got
    "$MODPROF" flame --diff 4.mprof -o change.svg 1.mprof
    [ "$(class_of 'slow (change.lua)')" = m3 ]
    [ "$(class_of 'new (change.lua)')" = m3 ]
    [ "$(class_of 'gone (change.lua)')" = l3 ]
    grep -q 'gone)$' change.svg
    # A trace against itself: nothing is news.
    "$MODPROF" flame --diff 1.mprof -o change.svg 1.mprof
    [ "$(class_of 'slow (change.lua)')" = k4 ]
    run ! grep -E -q 'class="f [ml][1-3]' change.svg
}

@test "several traces a side are runs, whose means are compared" {
    record_change 1
    record_change 4
    "$MODPROF" flame --diff 4.mprof 1.mprof | sort >one
    # The same run again changes no mean.
    "$MODPROF" flame 1.mprof 1.mprof --vs 4.mprof 4.mprof 4.mprof | sort >several
    diff one several
    "$MODPROF" flame 1.mprof --diff 4.mprof --diff 4.mprof | sort >several
    diff one several
    "$MODPROF" flame --metric crossings 1.mprof 1.mprof --vs 4.mprof >crossings
    grep -q 'string.rep 20 20$' crossings
    "$MODPROF" flame 1.mprof 1.mprof --vs 4.mprof -o change.svg
    grep -q 'means of 2 and 1 run\b' change.svg
    grep -q 'from 1.mprof and 1 more to 4.mprof' change.svg
    run -2 "$MODPROF" flame 1.mprof --vs
    [[ $output == *"--vs"* ]]
}

@test "--compare share scales both sides to the same total, and says so" {
    record_change 1
    "$MODPROF" flame 1.mprof --vs 1.mprof 1.mprof --compare share >same
    awk '{ if ($NF != $(NF - 1)) exit 1 }' same # means are the same already
    record_change 4
    "$MODPROF" flame 1.mprof --vs 4.mprof --compare share >shares
    awk '{ a += $(NF - 1); b += $NF } END { exit !(b > 0 && a / b > 0.999 && a / b < 1.001) }' shares
    "$MODPROF" flame 4.mprof | awk '{ b += $NF } END { print b }' >want
    awk '{ b += $NF } END { print b }' shares >got
    diff want got
    "$MODPROF" flame 1.mprof --vs 4.mprof --compare share -o change.svg
    grep -q 'before scaled by [0-9.]* to the same total' change.svg
    run -2 "$MODPROF" flame --compare share 1.mprof
    [[ $output == *"--compare is for --diff and --vs"* ]]
    run -2 "$MODPROF" flame --compare what 1.mprof --vs 4.mprof
}

@test "--diff takes every metric, and says what the other trace lacks" {
    record_change 1
    MODPROF_CPU=off MODPROF_OUT=$PWD/plain.mprof LD_PRELOAD=$SHIM lua5.4 change.lua 1
    run -0 "$MODPROF" flame --diff plain.mprof --metric crossings 1.mprof
    [[ $output == *"string;string.rep 20 20"* ]]
    run -1 "$MODPROF" flame --diff plain.mprof 1.mprof
    [[ $output == *"no CPU samples"* ]]
    run -1 "$MODPROF" flame --diff nowhere.mprof 1.mprof
    [[ $output == *nowhere.mprof* ]]
    run -2 "$MODPROF" export -f pprof --diff plain.mprof -o x.gz 1.mprof
    [[ $output == *"modprof flame --diff"* ]]
}

@test "of a trace that is cut off it is said what is missing, and what is intact is shown" {
    MODPROF_ALLOC=exact MODPROF_OUT=$PWD/whole.mprof LD_PRELOAD=$SHIM lua5.4 -e 'local t = {} for i = 1, 1000 do t[i] = { i } end'
    head -c $(($(stat -c %s whole.mprof) - 20)) whole.mprof >cut.mprof
    run --separate-stderr "$MODPROF" flame --metric live cut.mprof
    [ "$status" -eq 4 ] || [ "$status" -eq 1 ]
    [[ $stderr == *"cut.mprof: incomplete: the file is cut off"* ]]
    run --separate-stderr -0 "$MODPROF" flame --metric live whole.mprof
    [ -z "$stderr" ]
}

@test "a trace is never what a picture is written to" {
    record_plain
    trace=(*.mprof)
    cp "${trace[0]}" before
    ln -s "${trace[0]}" link
    for out in "${trace[0]}" link; do
        run -1 "$MODPROF" flame --metric load -o "$out" "${trace[0]}"
        [[ $output == *"is a trace, and stays one"* ]]
        run -1 "$MODPROF" export -f html -o "$out" "${trace[0]}"
        run -1 "$MODPROF" diff -o "$out" "${trace[0]}" "${trace[0]}"
    done
    cmp before "${trace[0]}"
    echo other >before
    "$MODPROF" flame --metric load -o before "${trace[0]}"
    grep -q "pl.pretty" before
}
