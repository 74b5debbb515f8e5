# `modprof check --save-baseline NAME`: what is saved in the history, what is not, and when the disk is full.
bats_require_minimum_version 1.5.0
load own_folder

setup() {
    own_folder || return 1
    echo 'for i = 1, tonumber(os.getenv "CALLS" or 1000) do string.format("%d", i) end' >main.lua
    budgets '{ metric = "crossings.down", func = "string.format", regression = "10%" }'
}

budgets() { printf 'budgets = {\n%s\n}\n' "$1" >.modprof; }
check() { "$MODPROF" check "$@" -- lua5.4 main.lua; }

@test "a run that fails does not become what the next is held against" {
    check --lenient --save-baseline main >/dev/null
    CALLS=2000 run -3 check -b main --save-baseline main
    [[ $output == *"the baseline main stays what it was"* ]]
    CALLS=2000 run -3 check -b main
    CALLS=1050 run -0 check -b main --save-baseline main
    run -0 "$MODPROF" history -m crossings.down
    [[ $output == *"saved runs   3"* ]]
    CALLS=1150 run -0 check -b main
    # The failed one can be named by hand.
    CALLS=2000 run -3 check -b main --save
    "$MODPROF" history --save-baseline main -- lua5.4 main.lua
    CALLS=2000 run -0 check -b main
}

@test "workers are held against workers" {
    echo 'kept = {} for i = 1, 2000 do kept[i] = {} end' >f.lua
    budgets '{ metric = "lua.blocks", regression = "10%" }'
    "$MODPROF" check --lenient --save-baseline main -f json -o main.json -- "$HOSTS/fork_host" f.lua >/dev/null
    run -0 "$MODPROF" history -f json
    [ "$(jq -r '[.series[].command | endswith(" [forked]")] | sort | join(",")' <<<"$output")" = "false,true" ]
    [ "$(jq -r '[.rules[0].runs[].forked] | sort | join(",")' main.json)" = "false,true" ]
    for base in main main.json; do
        run -0 "$MODPROF" check -b $base -- "$HOSTS/fork_host" f.lua
    done
    # Where there is none of the program, those of its workers do not stand in.
    sqlite3 .modprof-history "delete from baseline where command in (select id from command where text not like '%forked]')"
    run -4 "$MODPROF" check -b main -- "$HOSTS/fork_host" f.lua
    [[ $output == *"has no run of this command"* ]]
}

@test "what is incomplete is no baseline" {
    "$MODPROF" run -q -o a.mprof -- lua5.4 main.lua
    truncate -s -20 a.mprof
    run -1 "$MODPROF" check --save-baseline main a.mprof
    [[ $output == *"nothing was measured that could be saved"* ]]
    [ ! -e .modprof-history ]
    "$MODPROF" check -f json -o cut.json a.mprof || true
    run -4 check -b cut.json
    [[ $output == *"missing baseline"* ]]
}

@test "a full disk loses nothing, and is told" {
    (
        ulimit -f 8
        run -1 check --save-baseline main
        [[ $output == *"the run was not saved: "*".modprof-history can not be"* ]]
    )
    [ -z "$(ls .modprof-history* 2>/dev/null)" ]
    check --lenient --save-baseline main >/dev/null
    sum=$(md5sum <.modprof-history)
    (
        ulimit -f 8
        run -1 check --save-baseline other
        run -1 "$MODPROF" history --save-baseline other -- lua5.4 main.lua
        [[ $output == *".modprof-history can not be"* ]]
    )
    [ "$sum" = "$(md5sum <.modprof-history)" ] && [ "$(ls .modprof-history*)" = .modprof-history ]
}

@test "what contradicts itself is told" {
    run -2 check --init --save-baseline main
    [[ $output == *"--init judges nothing"* ]]
    run -2 check --save-baseline ''
}
