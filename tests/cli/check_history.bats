# `modprof check --baseline NAME` and `--save-baseline NAME`: baselines by name, in the history.
bats_require_minimum_version 1.5.0
load own_folder

setup() {
    own_folder || return 1
    echo 'for i = 1, tonumber(os.getenv "CALLS" or 1000) do string.format("%d", i) end' >main.lua
    budgets '{ metric = "crossings.down", func = "string.format", regression = "10%" }'
}

budgets() { printf 'budgets = {\n%s\n}\n' "$1" >.modprof; }
check() { "$MODPROF" check "$@" -- lua5.4 main.lua; }

@test "what was saved under a name is what runs are held against" {
    GITHUB_SHA=0123456789abcdef run -4 check --save-baseline main
    [[ $output == *"no --baseline was given"* ]]
    CALLS=1100 run -0 check -b main
    [[ $output == *pass*"1,100"*"1,000 +10%"*"+10.0% against 1,000"* ]]
    [[ ${lines[-1]} == "pass: 1 rule of .modprof, 1 process, baseline main of 20"*", commit 0123456789: 1 pass" ]]
    CALLS=1101 run -3 check -b main
    [[ $output == *fail*"+10.1% against 1,000"* ]]
    # A name in the file of budgets is one of the history, too.
    echo 'baseline = "main"' >>.modprof
    CALLS=1101 run -3 check
    CALLS=1101 run -3 check -f json
    [ "$(jq -r .baseline <<<"$output")" = main ]
    [ "$(sqlite3 .modprof-history 'select count(*) from run')" = 1 ]
}

@test "a name that is not there is no verdict, and the one that was meant is told" {
    run -4 check -b main
    [[ $output == *"missing baseline"*"there is no baseline main: no such file, and no history that has it"* ]]
    [ ! -e .modprof-history ]
    check --lenient --save >/dev/null
    run -4 check -b main
    [[ $output == *"there is no baseline main: no such file, and none of that name in $PWD/.modprof-history; it has no baselines"* ]]
    check --lenient --save-baseline main >/dev/null
    run -4 check -b mian
    [[ $output == *"did you mean \`main\`?"* ]]
    run -4 check -b release
    [[ $output == *"; it has main"* ]]
    run -0 check --lenient -b release
    [[ $output == *"1 missing baseline"* ]]
    run -1 check -b .modprof-history
    [[ $output == *"is a history: --history .modprof-history --baseline NAME"* ]]
    echo 'for i = 1, 5 do string.format("%d", i) end' >other.lua
    run -4 "$MODPROF" check -b main -- lua5.4 other.lua
    [[ $output == *"the baseline main has no run of this command"* ]]
    budgets '{ metric = "lua.blocks", regression = "10%" }'
    run -4 check -b main
    [[ $output == *"the baseline main has nothing of this"* ]]
    mv .modprof-history elsewhere
    budgets '{ metric = "crossings.down", func = "string.format", regression = "10%" }'
    run -0 check -b main --history elsewhere
    MODPROF_HISTORY=$PWD/elsewhere run -0 check -b main
    head -c 3000 main.lua /dev/zero >junk
    run -1 check -b main --history junk
    [[ $output == *junk* ]]
}

@test "machines are not compared, unless asked" {
    check --lenient --save-baseline main >/dev/null
    sqlite3 .modprof-history "update machine set text = 'a slow one'"
    run -4 check -b main
    [[ $output == *"the baseline main is of another machine (a slow one); --any-machine"* ]]
    CALLS=1101 run -3 check -b main --any-machine
    [[ $output == *"machine a slow one"* ]]
    # What this machine has goes first.
    CALLS=1101 check --lenient --save-baseline main >/dev/null
    CALLS=1101 run -0 check -b main --any-machine
    [[ $output == *"+0.0% against 1,101"* && $output != *"a slow one"* ]]
}

@test "each command has its own, and bench and check share one history" {
    cat >run.sh <<'SH'
lua5.4 main.lua
CALLS=70 lua5.4 main.lua x
SH
    "$MODPROF" check --lenient --save-baseline main -- sh run.sh >/dev/null
    run -0 "$MODPROF" check -b main -- sh run.sh
    sed -i s/70/80/ run.sh
    run -3 "$MODPROF" check -b main -- sh run.sh
    [[ $output == *"80"*"70 +10%"* ]]
    run -0 "$MODPROF" history -f json -- lua5.4 main.lua x
    [ "$(jq -r '.series[] | [.metric, .place, .points[0].median] | join(" ")' <<<"$output")" = "crossings.down string.format 70" ]
    # What bench adds up is not what check looks at one by one.
    "$MODPROF" bench -n 2 -w 0 -m lua.allocated,module.lua --save-baseline counts -- lua5.4 main.lua >/dev/null
    budgets '{ metric = "lua.allocated", regression = "10%" }, { metric = "module.lua", regression = "10%" }, { metric = "module.lua", each = false, regression = "10%" }'
    run -4 check -b counts -f json
    [ "$(jq -r '[.rules[].verdict] | join(",")' <<<"$output")" = "pass,missing baseline,pass" ]
    check --lenient --save-baseline both >/dev/null
    run -0 check -b both
    run -0 "$MODPROF" history -m module.lua -f json
    [ "$(jq -c '[.series[] | [.place, .runs]] | sort' <<<"$output")" = '[["",1],["each",1],["together",1]]' ]
}
