#!/usr/bin/env bats
# Hosts as they are in the field: what they count themselves is what the trace says.

setup() {
    cd "$BATS_TEST_TMPDIR" || return
}

# Runs the host alone and under the shim: same output, in $output.  Traces are *.mprof.
hosted() { # WAY [SIZE]
    "$HOSTS/embed" "$@" >plain.out 2>plain.err
    env -u MODPROF_OUT LD_PRELOAD="${BEFORE:-}${BEFORE:+:}$SHIM" "$HOSTS/embed" "$@" >shim.out 2>shim.err
    diff plain.out shim.out
    diff plain.err shim.err
    [ -s plain.out ]
}

# What the host printed about NAME.
told() { # NAME
    awk -v name="$1" '$1 == name { print $2 }' plain.out
}

# A jq expression over each trace's process.
asked() { # JQ
    local f
    for f in *.mprof; do
        "$MODPROF" report --format json --top 100000 "$f" | jq -r ".processes[0] | $1"
    done | sort -n
}

calls='(.crossings.functions[] | select(.label == "tick") | .lua_to_c.calls)'

complete() {
    run asked '.complete and (.losses | length) == 0'
    [ "$(sort -u <<<"$output")" = true ]
}

@test "a game that calls functions of a script at every frame" {
    hosted game
    complete
    [ "$(asked "$calls")" = "$(told tick)" ]
    [ "$(asked .crossings.c_to_lua.lua_pcallk)" = "$(told pcalls)" ]
    [ "$(asked .crossings.c_to_lua.by_host)" = "$(told pcalls)" ]
    [ "$(asked '.chunks | map(.runs) | add')" = 1 ]
}

@test "the same by the public API alone" {
    export MODPROF_LAYOUT=api
    hosted game
    complete
    [ "$(asked "$calls")" = "$(told tick)" ]
    [ "$(asked .crossings.c_to_lua.by_host)" = "$(told pcalls)" ]
    [ "$(asked '.chunks | map(.runs) | add')" = 1 ]
}

@test "threads with states of their own" {
    hosted threads
    complete
    [ "$(asked "$calls")" = "$(told tick)" ]
    [ "$(asked .overview.lua_states)" = "$(told states)" ]
}

@test "thousands of short states" {
    hosted states
    complete
    [ "$(asked "$calls")" = "$(told tick)" ]
    [ "$(asked .overview.lua_states)" = "$(told states)" ]
    [ "$(asked '.chunks | map(.runs) | add')" = "$(told states)" ]
}

@test "fibers: loads that are interrupted for those of other fibers end well" {
    hosted fibers
    run asked '[.modules[] | select(.kind == "require") | "\(.status) \(.parent != null)"] | group_by(.) | map("\(.[0]) \(length)") | join(",")'
    [ "$output" = "ok true $(told modules)" ]
    run asked '[.modules[] | select(.status != "ok")] | length'
    [ "$output" = 0 ]
    [ "$(asked "$calls")" = "$(told tick)" ]
}

@test "a prefork server: each worker's requests are in its own trace" {
    hosted prefork
    complete
    [ "$(find . -name '*.mprof' | wc -l)" = 9 ]
    [ "$(asked "$calls" | tr '\n' ' ')" = "1000 2000 3000 4000 5000 6000 7000 8000 " ]
}

@test "Lua in short children only: a trace of each, none of the parent" {
    hosted children
    complete
    [ "$(asked "$calls" | tr '\n' ' ')" = "1000 1000 1000 1000 " ]
}

@test "children past the C library: what they do is in traces of their own, not in the parent's" {
    for way in fork_unseen_idle fork_unseen; do
        rm -f ./*.mprof
        LD_PRELOAD=$SHIM "$HOSTS/processes" "$way" >/dev/null
        [ "$(asked .complete | sort -u)" = true ]
        "$MODPROF" report --format json ./*.mprof | jq -c '.processes[] | select(.forked_from == null) |
            [(.allocations.lua | del(.states)), (.crossings.functions | map([.label, .lua_to_c.calls]) | sort)]' >"$way"
    done
    [ -s fork_unseen ]
    diff fork_unseen_idle fork_unseen
    [ "$("$MODPROF" report --format json ./*.mprof | jq '[.processes[] | select(.forked_from != null)] | length')" = 4 ]
}

@test "allocators preloaded before the shim: everything of Lua's is counted" {
    for BEFORE in libjemalloc.so.2 libtcmalloc_minimal.so.4; do
        find /usr/lib -name "$BEFORE" | grep -q . || skip "no $BEFORE"
        rm -f ./*.mprof
        hosted threads
        complete
        [ "$(asked "$calls")" = "$(told tick)" ]
        rm -f ./*.mprof
        hosted prefork
        [ "$(asked "$calls" | tr '\n' ' ')" = "1000 2000 3000 4000 5000 6000 7000 8000 " ]
    done
}
