#!/usr/bin/env bats
# Modules and chunks: every load and hit counted, told by kind, file and phase.

setup() {
    data=$BATS_TEST_DIRNAME/modules
    cd "$BATS_TEST_TMPDIR" || return
    unset LUA_PATH LUA_CPATH
}

# Runs a program under the shim; its trace is $trace.
profiled() { # PROGRAM ARGS...
    trace=$BATS_TEST_TMPDIR/$((++traces)).mprof
    MODPROF_OUT=$trace LD_PRELOAD=$SHIM "$@"
}

# What the report says of $trace, by a jq expression over its process.
asked() { # JQ
    "$MODPROF" report --format json --top 100000 "$trace" | jq -r ".processes[0] | $1"
}

loads() {
    asked '(.modules[] | select(.kind == "require" and .status != "open") | "\(.status) \(.name)"),
           (.require_hits[] | .name as $name | range(.calls) | "hit \($name)")' | sort
}

# Runs PROGRAM alone with require wrapped in Lua, and under the shim: both count the same.
compare_with_wrapper() { # PROGRAM ARGS...
    ORACLE=oracle.txt lua5.4 "$data/oracle.lua" "$@" >plain.out 2>plain.err </dev/null
    profiled lua5.4 "$@" >shim.out 2>shim.err </dev/null
    sort oracle.txt >oracle.sorted
    loads >shim.txt
    [ "$(wc -l <shim.txt)" -ge 5 ]
    diff oracle.sorted shim.txt
    diff plain.out shim.out
    diff plain.err shim.err
}

# No phase is longer than its span, no span than what it is in; self times add up to the roots.
check_sums() {
    run asked '.modules as $m
        | ($m | map({key: (.id | tostring), value: .}) | from_entries) as $by
        | [ ($m[] | select(.status != "open" and ([.phases_ns[]] | add // 0) > .total_ns)),
            ($m[] | select(.status != "open" and .parent != null
                           and .total_ns > $by[.parent | tostring].total_ns)),
            ($m | ([.[].self_ns] | add) - ([.[] | select(.parent == null) | .total_ns] | add)
                | select(. != 0)) ] | length'
    [ "$output" = 0 ]
}

module() { # NAME JQ
    asked "[.modules[] | select(.name == \"$1\")][0] | $2"
}

chunk() { # NAME JQ
    asked "[.chunks[] | select(.name == \"$1\")][0] | $2"
}

@test "loads and hits of Penlight are those of a wrapped require" {
    printf 'require "pl.pretty" for _, m in ipairs { "app", "data", "dir", "lapp", "List", "Map",
        "sip", "template", "url", "xml", "List" } do require("pl." .. m) end' >penlight.lua
    compare_with_wrapper penlight.lua
    check_sums
}

@test "loads and hits of ldoc are those of a wrapped require" {
    export LUA_PATH=';;/usr/share/lua/5.2/?.lua'
    compare_with_wrapper /usr/bin/ldoc -d html /usr/share/lua/5.4/pl
    [ -s html/index.html ]
    check_sums
}

@test "loads and hits of luacheck are those of a wrapped require" {
    printf 'package.path = "/usr/share/lua/5.1/?.lua;/usr/share/lua/5.1/?/init.lua;" .. package.path
        dofile "%s"' "$(command -v luacheck)" >check.lua
    compare_with_wrapper check.lua --no-color check.lua
    check_sums
}

@test "300 modules: every load, every hit, every path" {
    mkdir gen
    for i in $(seq 300); do
        printf 'for i = 1, %d do require("gen.m" .. i) end return %d' $((i > 10 ? 10 : i - 1)) "$i" >"gen/m$i.lua"
    done
    echo 'package.path = "./?.lua" for i = 1, 300 do require("gen.m" .. i) end' >all.lua
    compare_with_wrapper all.lua
    check_sums
    run asked '[.modules[] | select(.kind == "require" and .load == "Lua file")
                | select((.tried | length) == 1 and .tried[0].errno == 0
                         and .file == .tried[0].path)] | length'
    [ "$output" = 300 ]
}

@test "each kind of load is told by its kind and file" {
    profiled lua5.4 "$data/kinds.lua"
    check_sums
    run asked '.modules[] | select(.kind == "require" or .kind == "dofile")
               | "\(.name)|\(.status)|\(.load)|\(.file)"'
    echo "$output"
    diff - <(printf '%s\n' "$output" | sed 's|/usr/.*/cjson.so|CJSON|' | sort) <<'END'
?|failed|unknown|null
?|failed|unknown|null
binary|ok|Lua file|./binary.lua
body|failed|Lua file|./body.lua
cjson|ok|C library|CJSON
custom|ok|custom|from nowhere
missing.lua|failed|unknown|null
notlib|failed|unknown|null
nowhere|failed|not found|null
plain|ok|Lua file|./plain.lua
preloaded|ok|preload|null
ring_a|ok|Lua file|./ring_a.lua
ring_a|ok|circular|./ring_a.lua
ring_b|ok|Lua file|./ring_b.lua
ring_b|ok|circular|./ring_b.lua
runtime|failed|Lua file|./runtime.lua
script.lua|ok|unknown|script.lua
syntax|failed|Lua file|./syntax.lua
yields.lua|open|unknown|yields.lua
END
    [ "$(module binary .precompiled)" = true ]
    [ "$(module plain .precompiled)" = false ]
    [ "$(module plain .source_bytes)" = 12 ]
    [ "$(asked '.require_hits[] | select(.name == "plain") | .calls')" = 2 ]
}

@test "failed loads say why" {
    profiled lua5.4 "$data/kinds.lua"
    [ "$(module body .error)" = "./body.lua:1: body failed" ]
    [ "$(module syntax .error)" = "./syntax.lua:1: unexpected symbol near '+'" ]
    [[ "$(module nowhere .error)" = "module 'nowhere' not found:"* ]]
    [[ "$(module notlib .error)" = "error loading module 'notlib' from file './notlib.so':"* ]]
    [[ "$(module runtime .error)" = "./runtime.lua:1: attempt to index a nil value"* ]]
    [[ "$(module yields.lua .error)" = "yielded"* ]]
    [ "$(module '?' .error)" = "bad argument #1 to 'require' (string expected, got no value)" ]
}

@test "chunks are counted by name and origin" {
    profiled lua5.4 "$data/kinds.lua"
    [ "$(chunk "@./plain.lua" '"\(.origin) \(.compiled) \(.failed) \(.runs) \(.bytes)"')" = "require 1 0 1 12" ]
    [ "$(chunk "@./syntax.lua" '"\(.origin) \(.compiled) \(.failed) \(.runs)"')" = "require 1 1 0" ]
    [ "$(chunk '[string \"return 4\"]' '"\(.origin) \(.compiled) \(.compiled_again) \(.runs)"')" = "load 3 2 3" ]
    run asked '[.chunks[] | select(.name == "@script.lua") | "\(.origin) \(.compiled) \(.runs)"] | sort | join(",")'
    [ "$output" = "dofile 1 1,loadfile 1 1" ]
    [ "$(chunk "@./binary.lua" .precompiled)" = 1 ]
}

@test "a C library's phases are all there" {
    profiled lua5.4 -e 'require "lpeg"'
    run module lpeg '.phases_ns | .resolve > 0, .map > 0, .relocate > 0, .construct > 0, .run > 0'
    [ "$output" = "$(printf 'true\n%.0s' 1 2 3 4 5)" ]
    check_sums
}

@test "require knows its caller, also in the main script" {
    printf '\nlocal x = 1\nrequire "inner"' >outer.lua
    echo 'return 1' >inner.lua
    printf 'require "outer"' >main.lua
    profiled lua5.4 -e 'package.path = "./?.lua"' main.lua
    [ "$(module inner '"\(.required_by):\(.required_by_line)"')" = "@./outer.lua:3" ]
    [ "$(module outer '"\(.required_by):\(.required_by_line)"')" = "@main.lua:1" ]
}

@test "the main script is known, and when it began" {
    echo 'print(1)' >main.lua
    LUA_INIT='init = 1' profiled lua5.4 main.lua
    [ "$(asked .overview.cold_start.main)" = "@main.lua" ]
    run asked '.overview.cold_start | .state_ns < .libraries_ns and .libraries_ns < .main_ns'
    [ "$output" = true ]
    profiled lua5.4 -e 'print(1)'
    [ "$(asked .overview.cold_start.main)" = "=(command line)" ]
    profiled lua5.4 - <<<'print(1)'
    [ "$(asked .overview.cold_start.main)" = "=stdin" ]
}

@test "10,000 failures in coroutines leave nothing open, and what is not listed is said" {
    cat >storm.lua <<'END'
package.path, package.cpath = "./?.lua", ""
local failed = 0
for i = 1, 10000 do
    local co = coroutine.create(function()
        local ok, message = pcall(require, ({ "body", "syntax", "nowhere" })[i % 3 + 1])
        if i % 2 == 0 then error(message) end
        coroutine.yield()
    end)
    if not coroutine.resume(co) then failed = failed + 1 end
end
require "last"
print(failed)
END
    echo 'error "failed"' >body.lua
    echo 'return +' >syntax.lua
    echo 'return 1' >last.lua
    run profiled lua5.4 storm.lua
    [ "$output" = 5000 ]
    trace=$BATS_TEST_TMPDIR/1.mprof
    run asked '[.modules[] | select(.status == "open")] | length'
    [ "$output" = 0 ]
    [ "$(module last .parent)" = "$(module @storm.lua .id)" ]
    run asked '[.modules[] | select(.status == "failed")] | length'
    [ "$output" = 3000 ]
    run asked '.losses[] | select(.what | test("spans|module loads")) | .n'
    [ "$output" = 7000 ]
    [ "$(chunk @./body.lua '.compiled')" = 3333 ]
}

@test "modules left open by os.exit are shown as open" {
    echo 'os.exit(true, true)' >leaves.lua
    profiled lua5.4 -e 'package.path = "./?.lua" require "leaves"'
    [ "$(module leaves .status)" = open ]
}

@test "a host that evaluates chunks: counted by text, timed, repetition seen" {
    profiled "$HOSTS/span_host" evaluate
    [ "$(chunk '[string \"local sum = 1 + 1 return sum\"]' '"\(.origin) \(.compiled) \(.compiled_again) \(.runs)"')" = "host 5000 4999 5000" ]
    [ "$(chunk '[string \"return 7\"]' '"\(.compiled) \(.compiled_again) \(.runs)"')" = "1 0 1" ]
    [ "$(chunk '[string \"return +\"]' '"\(.compiled) \(.failed) \(.runs)"')" = "1 1 0" ]
}

@test "a chunk that a host keeps is known at every call" {
    run profiled "$HOSTS/span_host" keep
    [ "$output" = "count 300" ]
    trace=$BATS_TEST_TMPDIR/1.mprof
    [ "$(chunk '=kept' '"\(.compiled) \(.runs)"')" = "1 300" ]
}

@test "scripts that a host resumes as coroutines are runs too" {
    run profiled "$HOSTS/span_host" resume
    [ "${lines[0]}" = "0 1" ] && [ "${lines[1]}" = "0 2" ] && [[ "${lines[2]}" = "2 "*no ]]
    trace=$BATS_TEST_TMPDIR/1.mprof
    run asked '.modules[] | select(.kind == "main") | .status'
    [ "$output" = "$(printf 'ok\nopen\nfailed')" ]
    [ "$(asked '[.chunks[].runs] | join(",")')" = 1,1,1 ]
    [ "$(asked '[.modules[] | select(.status == "failed")][0].error')" = "[string \"error 'no'\"]:1: no" ]
}

@test "two states on one thread: a module of one loads a module of the other" {
    echo 'return 2' >two.lua
    LUA_PATH='./?.lua' profiled "$HOSTS/span_host" states
    [ "$(module two '"\(.status) \(.state)"')" = "ok 2" ]
    [ "$(module two .parent)" = "$(module one .id)" ]
    [ "$(asked '[.require_hits[].calls] | add')" = 2 ]
    check_sums
}

@test "threads that share and own states: every load is there" {
    echo 'return 2' >two.lua
    echo 'return nil + 1' >bad.lua
    LUA_PATH='./?.lua' LUA_CPATH=' ' profiled "$HOSTS/span_host" threads
    run asked '[.modules[] | select(.kind == "require") | "\(.name) \(.status)"] | group_by(.)
               | map("\(.[0]) \(length)") | join(",")'
    [ "$output" = "bad failed 300,two ok 300" ]
    [ "$(asked '.require_hits[] | select(.name == "two") | .calls')" = 300 ]
    check_sums
}

@test "a jump over Lua's head closes what it leaves" {
    echo 'return 2' >two.lua
    LUA_PATH='./?.lua' run profiled "$HOSTS/span_host" jump
    [ "$output" = landed ]
    trace=$BATS_TEST_TMPDIR/1.mprof
    [ "$(module leaves .status)" = failed ]
    [ "$(asked '[.modules[] | select(.name == "two")][0].parent as $p
                | [.modules[] | select(.id == $p)][0].parent')" = null ]
}

@test "a host that exits within a module: what is open stays open" {
    echo 'return 2' >two.lua
    LUA_PATH='./?.lua' run profiled "$HOSTS/span_host" leave
    [ "$status" = 3 ]
    trace=$BATS_TEST_TMPDIR/1.mprof
    [ "$(module last .status)" = open ]
    [ "$(module two .status)" = ok ]
}

@test "a fork within a module: both traces know what it was in" {
    echo 'return 2' >two.lua
    echo 'return 3' >three.lua
    LUA_PATH='./?.lua' profiled "$HOSTS/span_host" forks
    [ "$(module three .parent)" = "$(module forks .id)" ]
    [ "$(module two .name)" = null ]
    trace=$(echo "$BATS_TEST_TMPDIR"/1-*.mprof)
    [ "$(module two .parent)" = "$(module forks .id)" ]
    [ "$(module forks '"\(.status) \(.load)"')" = "ok preload" ]
    [ "$(module three .name)" = null ]
    check_sums
}

@test "C++ exceptions out of modules: closed as failed, the next load is no child of theirs" {
    echo 'return 2' >two.lua
    echo 'return nil + 1' >bad.lua
    LUA_PATH='./?.lua' LUA_CPATH=' ' profiled "$HOSTS/span_throws"
    run asked '[.modules[] | select(.name == "bad" and .status == "failed")] | length'
    [ "$output" = 200 ]
    [ "$(module thrower .status)" = failed ]
    run asked '[.modules[] | select(.status == "open")] | length'
    [ "$output" = 0 ]
    run asked '[.modules[] | select(.name == "two")][0].parent as $p
               | .modules[] | select(.id == $p) | .name'
    [[ "$output" = *"require 'two'"* ]]
}
