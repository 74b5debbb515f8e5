# `modprof bench`: real programs, run a few times; figures, comparisons, failures, the history.
bats_require_minimum_version 1.5.0
load own_folder

setup() {
    own_folder || return 1
    unset n
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
    from=$(date +%s%N)
    run -0 "$MODPROF" bench -n 3 -w 0 -m wall,cpu,rss -f json -- sleep 0.2
    whole=$(($(date +%s%N) - from))
    # Two of the three took as long as the median, or longer; none had the processor while it slept.
    jq -e --argjson whole $whole '.results[0].app | .median > 2e8 and .median <= $whole / 2' <<<"$output"
    jq -e '.results[1].app.median < .results[0].app.median / 2 and .results[1].app.median > 0' <<<"$output"
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

@test "shares have a unit, too" {
    # The time of the collector is seen where gc steps are.
    run --separate-stderr "$MODPROF" bench -n 1 -w 0 -m gc.share -f json -- lua5.4 -e 'for i = 1, 20 do collectgarbage() end'
    [ "$status" = 0 ] || [ "$status" = 4 ]
    [ "$(jq -r '.results[0].unit' <<<"$output")" = percent ]
}
