# `modprof bench`: real programs, run a few times; figures, comparisons, failures, the history.
bats_require_minimum_version 1.5.0

setup() {
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    cd "$BATS_TEST_TMPDIR" || return 1
    export HOME=$PWD TMPDIR=$PWD/tmp LC_ALL=C.UTF-8 NO_COLOR=1 MODPROF_LIB=$SHIM GIT_CEILING_DIRECTORIES=$PWD/..
    unset COLUMNS GITHUB_SHA CI_COMMIT_SHA MODPROF_HISTORY n
    mkdir tmp
}

# Busy for N steps; N from the environment or the first argument.
busy='local n = tonumber(arg and arg[1] or os.getenv "n") local t = {} for i = 1, n do t[i] = {} end'

@test "plain runs are measured without the profiler, in the same surroundings" {
    cat >see.lua <<'LUA'
local f = io.open("seen", "a")
for _, name in ipairs { "LD_PRELOAD", "MODPROF_OUT", "KEPT" } do f:write(tostring(os.getenv(name)), " ") end
f:write(tostring(io.read "a" == ""), "\n")
print "noise" io.stderr:write "noise"
LUA
    # A sanitized modprof wants its library first, unless it is told otherwise.
    ASAN_OPTIONS=verify_asan_link_order=0:${ASAN_OPTIONS-} KEPT=yes LD_PRELOAD=$SHIM MODPROF_OUT=$PWD/x.mprof run -0 --separate-stderr "$MODPROF" bench -n 2 -w 1 -- lua5.4 see.lua
    [[ $output != *noise* && -z $stderr ]]
    [[ $(sort -u seen) == "nil nil yes true" ]]
    [[ $(wc -l <seen) == 3 ]]
    [[ $output == *"runs         2, after 1 to warm up"* ]]
    [ -z "$(ls tmp)" ]
}

@test "times are those that the program takes" {
    run -0 "$MODPROF" bench -n 3 -w 0 -m wall,cpu,rss -f json -- sleep 0.2
    [[ $(jq '.results[0].app.median > 2e8 and .results[0].app.median < 10e8' <<<"$output") == true ]]
    [[ $(jq '.results[1].app.median < 1e8' <<<"$output") == true ]]
    # The buffer, and the string that is made of it.
    run -0 "$MODPROF" bench -n 3 -w 0 -m rss -f json -- lua5.4 -e 'local s = ("x"):rep(64 << 20)'
    [[ $(jq '.results[0].app.median > 134217728 and .results[0].app.median < 160e6' <<<"$output") == true ]]
}

@test "the JSON is as its schema says, in every case" {
    echo "$busy" >busy.lua
    "$MODPROF" bench -n 6 -w 0 -f json -o a.json --param n=1k,2k,4k -m cpu,lua.blocks -- lua5.4 busy.lua {n}
    run -3 "$MODPROF" bench -n 6 -w 0 -f json -o b.json -m lua.blocks --vs 'lua5.4 busy.lua 1000' -- lua5.4 busy.lua 2000
    "$MODPROF" bench -i -n 2 -w 1 -f json -o c.json -- sh -c 'exit 7'
    run -1 "$MODPROF" bench -i -n 2 -w 0 -f json -o d.json -- not-a-program
    [ ! -e d.json ]
    python3 - "$root/docs/bench.schema.json" a.json b.json c.json <<'PY'
import json, jsonschema, sys
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
for name in sys.argv[2:]:
    jsonschema.validate(json.load(open(name)), schema)
PY
    [[ $(jq -r .verdict b.json) == regressed ]]
    [[ $(jq '[.failures[] | select(.outcome == "exit" and .number == 7)] | length' c.json) == 3 ]]
}

@test "counts find the slightest change, and only above the threshold it fails" {
    echo "$busy" >busy.lua
    run -3 "$MODPROF" bench -n 2 -m lua.blocks,crossings.down --vs 'lua5.4 busy.lua 10000' -- lua5.4 busy.lua 10500
    [[ $output == *"lua.blocks"*regressed* && $output == *"1 pass, 0 better, 1 regressed"* ]]
    run -0 "$MODPROF" bench -n 2 -m lua.blocks --vs 'lua5.4 busy.lua 10000' -- lua5.4 busy.lua 10100
    run -3 "$MODPROF" bench -n 2 -m lua.blocks --threshold 0.5% --vs 'lua5.4 busy.lua 10000' -- lua5.4 busy.lua 10100
    run -0 "$MODPROF" bench -n 2 -m lua.blocks --vs 'lua5.4 busy.lua 10500' -- lua5.4 busy.lua 10000
    [[ $output == *better* ]]
}

@test "runs go in turn, after the warm-up, each prepared" {
    run -0 "$MODPROF" bench -n 2 -w 1 -m wall --lenient --prepare 'sh -c "echo p >>order"' \
        --vs "sh -c 'echo a >>order'" -- sh -c 'echo b >>order'
    [[ $(tr -d '\n' <order) == papbpapbpapb ]]
}

@test "the parameter is in words and environment, and growth is told" {
    echo "$busy" >busy.lua
    run -0 "$MODPROF" bench -n 3 -m lua.blocks --param n=1k,10k,50k,100k -- lua5.4 busy.lua
    [[ $output == *"lua.blocks grows like n (confidence 100%)"* ]]
    run -0 "$MODPROF" bench -n 3 -m lua.blocks --param n=100,200,400,800 -- \
        lua5.4 -e 'for i = 1, {n} do for j = 1, {n} do local t = {} end end'
    [[ $output == *"lua.blocks grows like n^2"* ]]
    run -0 "$MODPROF" bench -n 1 -w 0 --param word=a,b -- X=x-{word} sh -c 'echo "$X $word" >>said'
    [[ $(sort -u said | tr '\n' ' ') == "x-a a x-b b " ]]
    [[ $output != *grows* ]]
}

@test "failures end it, or are told" {
    run -1 --separate-stderr "$MODPROF" bench -n 3 -w 0 -- sh -c 'exit 3'
    [[ $stderr == *"ended with exit status 3"*"--ignore-failure"* ]]
    run -0 "$MODPROF" bench -i -n 3 -w 0 -- sh -c 'exit 3'
    [[ $output == *"3 runs of app ended with exit status 3"* ]]
    run -1 "$MODPROF" bench -n 3 -w 0 -- sh -c 'kill -SEGV $$'
    [[ $output == *"signal 11"* ]]
    run -4 "$MODPROF" bench -i -n 2 -w 0 --timeout 50ms -- sleep 20
    [[ $output == *"2 runs of app took too long"*  ]]
    run -1 "$MODPROF" bench -n 2 --prepare 'sh -c "exit 9"' -- true
    [[ $output == *"exit 9"*"exit status 9"* ]]
    run -1 "$MODPROF" bench -n 2 -- ./not-there
    [[ $output == *"could not be started: No such file"* ]]
}

@test "an interrupt ends it with what there is" {
    env --default-signal "$MODPROF" bench -n 100000 -w 0 -o out -- sh -c 'echo x >>ran' 3>&- &
    pid=$!
    : >>ran
    until [ "$(wc -l <ran)" -gt 5 ]; do sleep 0.02; done
    kill -INT $pid
    status=0
    wait $pid || status=$?
    [ "$status" = 4 ]
    grep -q 'interrupted: these are the runs until then' out
    grep -q '^wall ' out
}

@test "operations that the program reports have percentiles and rates" {
    cat >ops.lua <<'LUA'
local f = io.open(os.getenv "MODPROF_BENCH_OUT", "a")
for i = 1, 100 do f:write("time step ", i * 1000, "\n") end
f:write "time bulk 1000000 500\nvalue size 42 records\nnonsense\n"
LUA
    run -0 "$MODPROF" bench -n 3 -w 0 -f json -- lua5.4 ops.lua
    [[ $(jq -c '[.results[] | select(.metric | startswith("op.step")) | .app.median]' <<<"$output") == "[50500,95050,99010,19801.9801980198]" ||
        $(jq -c '[.results[] | select(.metric | startswith("op.step")) | .app.median | round]' <<<"$output") == "[50500,95050,99010,19802]" ]]
    [[ $(jq '.results[] | select(.metric == "op.bulk.rate") | .app.median' <<<"$output") == 500000 ]]
    [[ $(jq -c '.results[] | select(.metric == "value.size") | [.unit, .app.max]' <<<"$output") == '["records",42]' ]]
    [[ $output == *"3 lines of MODPROF_BENCH_OUT were not understood"* ]]
    LUA_PATH="$root/examples/bench/?.lua" run -0 "$MODPROF" bench -n 2 -w 0 -m op.merge.p99,value.records -- lua5.4 "$root/examples/bench/merge.lua" 1000
    [[ $output == *"op.merge.p99"*"1,000 records"* ]]
    run -4 "$MODPROF" bench -n 2 -w 0 -m op.gone.p50 -- true
    [[ $output == *"op.gone.p50 was not measured"* ]]
}

@test "baselines are saved, compared with, and refused where they do not fit" {
    echo "$busy" >busy.lua
    export n=1000
    run -4 "$MODPROF" bench -n 2 -m lua.blocks -b main -- lua5.4 busy.lua
    [[ $output == *"there is no history yet"* ]]
    run -0 "$MODPROF" bench -n 2 -m lua.blocks -b main --lenient -- lua5.4 busy.lua
    run -4 "$MODPROF" bench -n 2 -m lua.blocks -b main --lenient --strict -- lua5.4 busy.lua
    run -0 "$MODPROF" bench -n 2 -m lua.blocks --save-baseline main -- lua5.4 busy.lua
    [ -e .modprof-history ]
    run -0 "$MODPROF" bench -n 2 -m lua.blocks -b main -- lua5.4 busy.lua
    n=1100 run -3 "$MODPROF" bench -n 2 -m lua.blocks -b main -- lua5.4 busy.lua
    [[ $output == *"baseline main, of 20"* ]]
    run -4 "$MODPROF" bench -n 2 -m lua.blocks -b other -- lua5.4 busy.lua
    [[ $output == *"there is no baseline other of this command"*"there are: main"* ]]
    sqlite3 .modprof-history "update machine set text = 'a slow one'"
    run -4 "$MODPROF" bench -n 2 -m lua.blocks -b main -- lua5.4 busy.lua
    [[ $output == *"another machine (a slow one)"*"--any-machine"* ]]
    n=1100 run -3 "$MODPROF" bench -n 2 -m lua.blocks -b main --any-machine -- lua5.4 busy.lua
    echo "not a database, but long enough to look like one if nobody looked: ...................................." >.modprof-history
    run -1 "$MODPROF" bench -n 2 -m lua.blocks -b main -- lua5.4 busy.lua
    [[ $output == *"is no history of modprof"* ]]
}

@test "what is wrong on the command line is told" {
    run -2 "$MODPROF" bench
    [[ $output == *"no program was given"* ]]
    run -2 "$MODPROF" bench -m lua.alocated -- true
    [[ $output == *'did you mean `lua.allocated`'* ]]
    run -2 "$MODPROF" bench -m lua.peak:x -- true
    [[ $output == *"of the whole process"* ]]
    run -2 "$MODPROF" bench -m wall,wall -- true
    run -2 "$MODPROF" bench --vs 'a | b' -- true
    [[ $output == *"needs a shell"* ]]
    run -2 "$MODPROF" bench --vs a -b main -- true
    run -2 "$MODPROF" bench --threshold 5 --detect 5 -- true
    [[ $output == *"must be above"* ]]
    run -2 "$MODPROF" bench --param n= -- true
    run -2 "$MODPROF" bench -n 0 -- true
    run -2 "$MODPROF" bench --time soon -- true
    run -0 "$MODPROF" bench --metrics
    [[ $output == *crossings.down* && $output == *wall* ]]
}
