# `modprof check -- program`, repeated runs, baselines and the artifact.
bats_require_minimum_version 1.5.0
load own_folder

setup() {
    own_folder || return 1
    mkdir app
    echo 'local t = {} for i = 1, 2000 do t[i] = "s" .. i end return t' >app/heavy.lua
    cat >main.lua <<'LUA'
require "app.heavy"
print "said by the program"
for i = 1, tonumber(os.getenv "CALLS" or 1000) do string.format("%d", i) end
os.exit(tonumber(os.getenv "STATUS" or 0), true)
LUA
}

budgets() { printf 'budgets = {\n%s\n}\n' "$1" >.modprof; }
calls='{ metric = "crossings.down", func = "string.format", regression = "10%" }'

# What the program leaves behind, beside what was there.
nothing_is_left() { [ -z "$(ls tmp)" ] && [ -z "$(ls ./*.mprof 2>/dev/null)" ]; }

@test "a program is run for its traces, as often as asked, and leaves nothing" {
    budgets '{ metric = "crossings.down", func = "string.format", limit = 1000 }, { metric = "process.cpu", limit = "1 min" }'
    run -0 --separate-stderr "$MODPROF" check -n 3 -- lua5.4 main.lua
    [[ $output != *"said by the program"* && -z $stderr ]]
    [[ ${lines[-1]} == "pass: 2 rules of .modprof, 3 runs: 2 pass" ]]
    [[ $output == *"median of 3 runs"* ]]
    nothing_is_left
    CALLS=1001 run -3 "$MODPROF" check -- lua5.4 main.lua
    [[ ${lines[-1]} == "fail: 2 rules of .modprof, 1 process: 1 fail, 1 pass" ]]
    run -0 "$MODPROF" check --show-output -- lua5.4 main.lua
    [[ ${lines[0]} == "said by the program" ]]
    nothing_is_left
}

@test "a program that fails is not judged, unless asked" {
    budgets '{ metric = "losses", limit = 0 }'
    STATUS=7 run -1 "$MODPROF" check -- lua5.4 main.lua
    [[ $output == "modprof check: lua5.4 ended with exit status 7, so its run is not judged; --any-status takes it as it is" ]]
    STATUS=7 run -0 "$MODPROF" check --any-status -- lua5.4 main.lua
    run -1 "$MODPROF" check -- ./none
    [[ ${#lines[@]} == 1 && $output == *none* ]]
    run -4 "$MODPROF" check -- true
    [[ $output == *"ran no Lua 5.4"* ]]
    run -1 "$MODPROF" check -- sh -c 'kill -9 $$'
    [[ $output == *"ended by signal 9"* ]]
    nothing_is_left
}

@test "traces and a program do not go together" {
    budgets '{ metric = "losses", limit = 0 }'
    run -2 "$MODPROF" check a.mprof -- lua5.4 main.lua
    [[ ${lines[0]} == *"a.mprof and a program behind -- are too much"* ]]
    run -2 "$MODPROF" check --runs 3
    [[ ${lines[0]} == *"--runs is for a program"* ]]
    run -2 "$MODPROF" check --
    [[ ${lines[0]} == *"followed by the program"* ]]
    run -2 "$MODPROF" check -n 0 -- lua5.4 main.lua
    run -2 "$MODPROF" check -n some -- lua5.4 main.lua
}

@test "the processes of a program are judged by command" {
    cat >run.sh <<'SH'
lua5.4 -e 'for i = 1, 10 do string.format("%d", i) end'
lua5.4 -e 'for i = 1, 20 do string.format("%d", i) end'
SH
    budgets '{ metric = "crossings.down", func = "string.format", limit = 15 }'
    run -3 "$MODPROF" check -n 2 -- sh run.sh
    [[ ${lines[-1]} == "fail: 1 rule of .modprof, 4 processes of 2 commands: 1 fail" ]]
    nothing_is_left
}

@test "a baseline is a trace, a folder of them, or what json said" {
    budgets "$calls"
    "$MODPROF" run -q -o base.mprof -- lua5.4 main.lua
    mkdir base
    cp base.mprof base/
    "$MODPROF" check -f json -o base.json base.mprof || [ $? = 4 ]
    for base in base.mprof base base.json; do
        run -0 "$MODPROF" check --baseline $base -- lua5.4 main.lua
        [[ $output == *pass*"+0.0% against 1,000"* ]]
        CALLS=1100 run -0 "$MODPROF" check --baseline $base -- lua5.4 main.lua
        CALLS=1101 run -3 "$MODPROF" check --baseline $base -- lua5.4 main.lua
        [[ $output == *fail*"1,101"*"1,000 +10%"*"+10.1% against 1,000"* ]]
    done
    echo 'baseline = "base.json"' >>.modprof
    CALLS=1101 run -3 "$MODPROF" check -- lua5.4 main.lua
    CALLS=1101 run -4 "$MODPROF" check -b other.json -- lua5.4 main.lua
}

@test "no baseline is no verdict, unless lenient" {
    budgets "$calls"
    run -4 "$MODPROF" check -- lua5.4 main.lua
    [[ $output == *"missing baseline"*"no --baseline was given"* ]]
    run -4 "$MODPROF" check -b none -- lua5.4 main.lua
    [[ $output == *"there is no baseline none"* ]]
    run -0 "$MODPROF" check --lenient -b none -- lua5.4 main.lua
    echo 'budgets = 1' >wrong.json
    run -1 "$MODPROF" check -b wrong.json -- lua5.4 main.lua
    [[ $output == *"wrong.json is neither a trace nor"* ]]
    budgets '{ metric = "losses", limit = 0 }'
    "$MODPROF" run -q -o base.mprof -- lua5.4 main.lua
    run -0 "$MODPROF" check -b base.mprof base.mprof
    [[ ${lines[0]} == *"--baseline changes nothing" ]]
}

@test "one run of a time is not compared" {
    budgets '{ metric = "process.cpu", regression = "10%" }'
    "$MODPROF" run -q -o base.mprof -- lua5.4 main.lua
    run -4 "$MODPROF" check -b base.mprof -- lua5.4 main.lua
    [[ $output == *unstable*"a time needs 5 runs of each: here are 1, in the baseline 1"* ]]
    run -0 "$MODPROF" check --lenient -b base.mprof -- lua5.4 main.lua
}

@test "times a hundred times as long are found" {
    budgets '{ metric = "process.cpu", regression = "50%" }'
    CALLS=10 "$MODPROF" check -n 6 -f json -o base.json -- lua5.4 main.lua || [ $? = 4 ]
    CALLS=3000000 run -3 "$MODPROF" check -n 6 -b base.json -- lua5.4 main.lua
    [[ $output == *fail*"6 and 6 runs"* ]]
    "$MODPROF" check -n 6 -f json -o now.json -b base.json -- lua5.4 main.lua || true
    /usr/bin/python3 -c 'import json, jsonschema, sys
jsonschema.validate(json.load(open("now.json")), json.load(open(sys.argv[1])))' "$root/docs/check.schema.json"
}

@test "the artifact is whole, and replaces only its like" {
    budgets '{ metric = "crossings.down", func = "string.format", limit = 10 }, { metric = "losses", limit = 0 }'
    run -3 "$MODPROF" check --artifact out -n 2 -- lua5.4 main.lua
    # index.html is there where the viewer was built in, and samples where a run took some ms.
    [ "$(find out -type f ! -name index.html ! -name flame-cpu.svg -printf '%P\n' | sort | paste -sd' ')" = "flame-crossings.svg flame-load.svg gl-code-quality.json \
junit.xml metrics.om.txt modprof-artifact summary.md traces/001-run-00001.mprof traces/002-run-00002.mprof verdict.json verdict.sarif verdict.txt" ] ||
        { find out -type f; false; }
    run -3 "$MODPROF" check out/traces
    [[ ${lines[-1]} == "$(tail -n 1 out/verdict.txt)" ]]
    jq -e '.exit_status == 3' out/verdict.json
    [ "$(jq -r '.processes[].trace' out/verdict.json | paste -sd' ')" = "traces/001-run-00001.mprof traces/002-run-00002.mprof" ]
    # Without an artifact they are not kept.
    run -3 "$MODPROF" check -f json -o now.json -- lua5.4 main.lua
    jq -e '.processes == [.processes[0] | .trace = null]' now.json
    run -3 "$MODPROF" check -f json -o now.json out/traces
    jq -e '[.processes[].trace] == ["out/traces/001-run-00001.mprof", "out/traces/002-run-00002.mprof"]' now.json
    /usr/bin/python3 -c 'import sys, xml.etree.ElementTree as e
for f in sys.argv[1:]: e.parse(f)' out/flame-load.svg out/flame-crossings.svg out/junit.xml
    # From its own traces, anew.
    run -3 "$MODPROF" check --artifact out/ out/traces
    [ -s out/traces/001-001-run-00001.mprof ]
    mkdir empty mine
    touch mine/precious file
    run -3 "$MODPROF" check --artifact empty out/traces
    [ -s empty/verdict.txt ]
    for there in mine file; do
        run -1 "$MODPROF" check --artifact $there out/traces
        [[ $output == *"$there is there and is no artifact of modprof"* ]]
    done
    [ -e mine/precious ]
    run -1 "$MODPROF" check --artifact none/deeper out/traces
    [[ $output == *"can not be written"* ]]
    # Nothing half done stays behind.
    [ -z "$(find . -name '*.new-*')" ]
}

@test "the page of the artifact has the verdicts of all runs, against the baseline" {
    [ -s "$BUILD/viewer/page.html" ] || skip "built without the viewer: $(cat "$BUILD/viewer/why")"
    budgets "$calls"
    run -4 "$MODPROF" check -n 3 -f json -o good.json -- lua5.4 main.lua
    CALLS=2000 run -3 "$MODPROF" check -n 12 --baseline good.json --artifact out -- lua5.4 main.lua
    document() { /usr/bin/python3 "$root/tests/cli/page/read.py" document "$1"; }
    document out/index.html >page.json
    # More runs than a page holds: it says so, and its verdicts are of all.
    jq -e '(.traces | length) == 10 and (.title | test("first 10 of 12"))' page.json
    jq -e '.compare == null and .traces[1].name == "traces/002-run-00002.mprof"' page.json
    jq -S '.traces[0].check' page.json >told
    jq -S . out/verdict.json | cmp - told
    jq -e '.rules[0] | .verdict == "fail" and (.runs[0].values | length) == 12 and .comparison != null' told
    [ "$(find out/traces -name '*.mprof' | wc -l)" = 12 ]
    # The budgets are still asked where nobody says what came of them.
    CALLS=2000 run -0 "$MODPROF" export --format page-json out/traces/001-run-00001.mprof
    [ "$(jq -r '.traces[0].check.rules[0].verdict' <<<"$output")" = "missing baseline" ]
    for bad in good.json .modprof none; do
        sed -i 's/modprof-check/other/' good.json
        run --separate-stderr -1 "$MODPROF" export --format page-json --verdicts $bad out/traces
        [[ $stderr == *"the verdicts in $bad can not be read: "* && -z $output ]]
    done
    run -2 "$MODPROF" export --format page-json --verdicts out/verdict.json --no-config out/traces
}

@test "an artifact that can not be finished leaves the old one" {
    budgets '{ metric = "losses", limit = 0 }'
    run -0 "$MODPROF" check --artifact out -- lua5.4 main.lua
    sum=$(find out -type f | sort | xargs md5sum)
    # No file may be larger than a KiB: as on a full disk.
    (
        ulimit -f 1
        run "$MODPROF" check --artifact out out/traces
        [ "$status" != 0 ]
    )
    [ "$sum" = "$(find out -type f | sort | xargs md5sum)" ]
    [ -z "$(find . -name '*.new-*')" ]
}
