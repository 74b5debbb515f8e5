# `modprof history`: what `modprof bench` saved, over time, with its changes; never machines mixed.
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    root=$BATS_TEST_DIRNAME/../..
    export MODPROF_LIB=$SHIM GITHUB_SHA=0123456789abcdef
    unset MODPROF_HISTORY CI_COMMIT_SHA
    echo 'for i = 1, tonumber(os.getenv "N") do local t = {} end' >busy.lua
}

save() { # N...
    local n
    for n; do
        N=$n "$MODPROF" bench -n 2 -w 0 -m lua.blocks --save -- lua5.4 busy.lua >/dev/null
    done
}

@test "a change of the level is told where it happened" {
    save 1000 1000 1000 1000 1000 1000
    GITHUB_SHA=beefbeefbeef save 1200 1200 1200 1200 1200 1200
    run -0 "$MODPROF" history
    [[ $output == *lua.blocks*12*"+"*"lua5.4 busy.lua"* ]]
    run -0 "$MODPROF" history -m lua.blocks -- lua5.4 busy.lua
    [[ $output == *"worse at commit beefbeefbe,"* && $output == *"saved runs   12"* ]]
    run -0 "$MODPROF" history -m lua.blocks --threshold 50
    [[ $output == *"no change of its level"* ]]
    run -0 "$MODPROF" history -m lua.blocks -n 3 -f json
    [[ $(jq -c '.series[0] | [.runs, (.points | length), (.changes | length), .changes[0].point, .changes[0].worse]' <<<"$output") == "[12,3,1,null,true]" ]]
    "$MODPROF" history -m lua.blocks -f json -o one.json
    [[ $(jq -r '.series[0] | .points[.changes[0].point].commit' one.json) == beefbeefbeef ]]
    [[ $(jq '.series[0] | .changes[0] | .after - .before' one.json) == 200 ]]
    "$MODPROF" history -f json -o list.json
    python3 - "$root/docs/history.schema.json" one.json list.json <<'PY'
import json, jsonschema, sys
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
for name in sys.argv[2:]:
    jsonschema.validate(json.load(open(name)), schema)
PY
}

@test "machines and commands are never mixed" {
    save 1000 1000 1000 1000
    sqlite3 .modprof-history "update machine set text = 'a slow one'"
    run -4 "$MODPROF" history -m lua.blocks
    [[ $output == *"on others; --any-machine"* ]]
    save 2000 2000 2000 2000
    run -0 "$MODPROF" history -m lua.blocks
    [[ $output == *"1 series of other machines are left out"* && $output == *"no change"* && $output != *"a slow one"* ]]
    run -0 "$MODPROF" history -m lua.blocks --any-machine
    [[ $output == *"a slow one"* && $(grep -c "no change" <<<"$output") == 2 ]]
    N=1 "$MODPROF" bench -n 2 -w 0 -m lua.blocks --save -- lua5.4 ./busy.lua >/dev/null
    run -0 "$MODPROF" history -f json -- lua5.4 ./busy.lua
    [[ $(jq -c '[.series[] | .command]' <<<"$output") == '["lua5.4 ./busy.lua"]' ]]
}

@test "a sweep has a series for each value" {
    "$MODPROF" bench -n 2 -w 0 -m lua.blocks --save --param N=100,1k -- lua5.4 busy.lua >/dev/null
    run -0 "$MODPROF" history -m lua.blocks --param N=1000 -f json
    [[ $(jq -c '[.series[] | .param]' <<<"$output") == '["N=1000"]' ]]
    run -0 "$MODPROF" history
    [[ $output == *N=100*N=1000* || $output == *N=1000*N=100* ]]
}

@test "what is not there is told, and nothing is made" {
    run -1 "$MODPROF" history
    [[ $output == *"there is no history"* && ! -e .modprof-history ]]
    save 10
    run -4 "$MODPROF" history -m wall
    [[ $output == *"has nothing of wall"* ]]
    run -4 "$MODPROF" history -- other
    [[ $output == *"nothing of other"* ]]
    run -2 "$MODPROF" history -n 0
    run -2 "$MODPROF" history --threshold x
    run -2 "$MODPROF" history -f xml
    run -1 "$MODPROF" history -o /dev/full
    head -c 3000 /dev/urandom >junk
    run -1 "$MODPROF" history --history junk
    [[ $output == *"junk"* ]]
}

@test "a saved run gets a name, and names are listed" {
    GITHUB_SHA=aaaaaaaaaaaa save 1000
    GITHUB_SHA=bbbbbbbbbbbb save 2000 2000
    run -4 "$MODPROF" history --baselines
    [[ $output == *"has no baselines" ]]
    run -0 "$MODPROF" history --save-baseline main -- lua5.4 busy.lua
    [[ $output == "main is the run of lua5.4 busy.lua of 20"*", commit bbbbbbbbbb" ]]
    N=2000 run -0 "$MODPROF" bench -n 2 -w 0 -m lua.blocks -b main -- lua5.4 busy.lua
    run -0 "$MODPROF" history --save-baseline main --commit aaaa lua5.4 busy.lua
    N=2000 run -3 "$MODPROF" bench -n 2 -w 0 -m lua.blocks -b main -- lua5.4 busy.lua
    "$MODPROF" history --save-baseline good -- lua5.4 busy.lua
    run -0 "$MODPROF" history --baselines
    [[ ${lines[1]} == good*0123456789*"lua5.4 busy.lua"* && ${lines[2]} == main*aaaaaaaaaa* && ${#lines[@]} == 3 ]]
    "$MODPROF" history --baselines -f json -o names.json
    python3 -c 'import json, jsonschema, sys
v = json.load(open("names.json"))
jsonschema.validate(v, json.load(open(sys.argv[1])))
assert [(b["name"], b["commit"]) for b in v["baselines"]] == [("good", "0123456789abcdef"), ("main", "aaaaaaaaaaaa")] and v["series"] == []' "$root/docs/history.schema.json"
    run -4 "$MODPROF" history --save-baseline main --commit cccc -- lua5.4 busy.lua
    [[ $output == *"has no run of lua5.4 busy.lua at commit cccc on this machine" ]]
    sqlite3 .modprof-history "update machine set text = 'a slow one'"
    run -4 "$MODPROF" history --save-baseline main -- lua5.4 busy.lua
    run -4 "$MODPROF" history --baselines
    run -0 "$MODPROF" history --baselines --any-machine
    [[ $output == *main*"a slow one"* ]]
    run -1 "$MODPROF" history --save-baseline main --history none -- lua5.4 busy.lua
    [[ $output == *none* && ! -e none ]]
    run -2 "$MODPROF" history --save-baseline main
    run -2 "$MODPROF" history --save-baseline main -m wall -- lua5.4 busy.lua
    run -2 "$MODPROF" history --commit aaaa
}
