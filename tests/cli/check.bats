# `modprof check`: budgets held against real traces, exit statuses, every format by an independent reader.
bats_require_minimum_version 1.5.0
load own_folder

setup() {
    own_folder || return 1
    mkdir app
    echo 'local t = {} for i = 1, 2000 do t[i] = "s" .. i end return t' >app/heavy.lua
    echo 'return { 1 }' >app/light.lua
    cat >main.lua <<'LUA'
require "app.heavy"
require "app.light"
for i = 1, 1000 do string.format("%d", i) end
pcall(require, "not.there")
load("return 1")()
load("return 1")()
LUA
    LD_PRELOAD=$SHIM MODPROF_OUT=a.mprof lua5.4 main.lua
}

# Budgets of these rules.
budgets() { printf 'budgets = {\n%s\n}\n' "$1" >.modprof; }

mixed() {
    budgets '{ metric = "crossings.down", func = "string.format", limit = 999, message = "say <\"&%> less" },
 { metric = "crossings.down", func = "string.format", limit = "10k", warn = 500 },
 { metric = "lua.peak", limit = "1 KiB", level = "warn" },
 { metric = "module.self", module = "gone.*", limit = "1 ms" },
 { metric = "modules.loaded", module = "app.*", limit = 2 },
 { metric = "losses", limit = 0, level = "off" },'
}

verdicts() { jq -r '.rules[].verdict' | paste -sd' '; }

@test "counts are exact: the limit itself passes, one less fails" {
    budgets '{ metric = "crossings.down", func = "string.format", limit = 1000 },
        { metric = "modules.loaded", module = "app.*", limit = 2 },
        { metric = "modules.failed", limit = 1 },
        { metric = "chunks.repeated", limit = 1 },
        { metric = "crossings.down", func = "os.execute", limit = 0 },
        { metric = "covered", at_least = 1 }'
    run -0 "$MODPROF" check a.mprof
    [[ ${lines[-1]} == "pass: 6 rules of .modprof, 1 process: 6 pass" ]]
    budgets '{ metric = "crossings.down", func = "string.format", limit = 999 },
        { metric = "modules.loaded", module = "app.*", limit = 1 },
        { metric = "modules.failed", limit = 0 },
        { metric = "chunks.repeated", limit = 0 },
        { metric = "modules.loaded", module = "app.*", at_least = 3 },
        { metric = "covered", at_least = 2 }'
    run -3 "$MODPROF" check a.mprof
    [[ ${lines[-1]} == *": 6 fail" ]]
    [[ $output == *"1,000"*"999"*"string.format (1,000)"* ]]
    [[ $output == *"not.there (1)"* ]]
}

@test "warnings do not fail, untested rules are never a pass" {
    mixed
    run -3 "$MODPROF" check a.mprof
    [[ ${lines[-1]} == "fail: 6 rules of .modprof, 1 process: 1 fail, 2 warn, 1 untested, 1 pass, 1 off" ]]
    sed -i /999/d .modprof
    run -0 "$MODPROF" check a.mprof
    run -4 "$MODPROF" check --strict a.mprof
    budgets '{ metric = "module.self", module = "gone", limit = "1 h" }'
    run -1 "$MODPROF" check a.mprof
    [[ $output == *".modprof:2: limit of module.self: \`h\` is not a unit"* ]]
    budgets '{ metric = "module.self", module = "gone", limit = "1 s" }'
    run -4 "$MODPROF" check a.mprof
    [[ $output == *untested* ]]
}

@test "the module that brought the memory is named" {
    budgets '{ metric = "lua.peak", limit = "1 KiB" },
        { metric = "module.lua", module = "app.*", limit = "1 KiB" },
        { metric = "module.lua", module = "app.*", except = "app.heavy", limit = "16 KiB" }'
    run -3 "$MODPROF" check a.mprof
    [[ $(grep -c 'app.heavy' <<<"$output") == 2 ]]
    [[ ${lines[-1]} == *"2 fail, 1 pass" ]]
}

@test "incomplete data: over is over, within is no verdict" {
    cp a.mprof cut.mprof
    truncate -s -20 cut.mprof
    budgets '{ metric = "losses", limit = 0 }'
    run -4 "$MODPROF" check cut.mprof
    [[ $output == *incomplete*"cut off"* ]]
    mkfifo input
    LD_PRELOAD=$SHIM MODPROF_OUT=run.mprof lua5.4 -e 'require "app.heavy" io.open("said", "w"):close() io.read()' <>input 3>&- &
    pid=$!
    while [ ! -e said ]; do sleep 0.1; done
    budgets '{ metric = "modules.loaded", limit = 1000 }, { metric = "lua.live", limit = "1 B" }'
    run "$MODPROF" check run.mprof
    kill -9 $pid
    wait $pid || true
    [ "$status" = 4 ]
    [[ $output == *"still running"* ]]
}

@test "of a killed process the kernel's account is not known: null, and no rule is kept by it" {
    LD_PRELOAD=$SHIM MODPROF_OUT=killed.mprof lua5.4 -e 'os.execute("kill -9 $PPID") io.read()' || true
    "$MODPROF" report -f json killed.mprof |
        jq -e '.processes[0].ending | .reason == "killed" and [.max_rss_bytes, .user_ns, .system_ns] == [null, null, null]'
    "$MODPROF" report -f json a.mprof | jq -e '.processes[0].ending | .max_rss_bytes > 0 and .user_ns >= 0'
    budgets '{ metric = "process.cpu", limit = "3600 s" }, { metric = "process.rss", limit = "1 GiB" }'
    "$MODPROF" check -f json killed.mprof >out.json || true
    jq -e '[.rules[] | .measured == null and .verdict != "pass"] == [true, true]' out.json
    budgets '{ metric = "process.wall", limit = "3600 s" }' # it may have slept for longer
    run -4 "$MODPROF" check killed.mprof
    [[ $output == *"nobody saw when it ended"* ]]
}

@test "the largest part is most of it only where it is" {
    LD_PRELOAD=$SHIM MODPROF_OUT=parts.mprof lua5.4 -e 'for i = 1, 60 do ("").len("") end for i = 1, 30 do ("").rep("", 1) end for i = 1, 20 do ("").sub("", 1) end'
    budgets '{ metric = "crossings.down", func = "string.*", limit = 1 }'
    run -3 "$MODPROF" check parts.mprof
    [[ $output == *"largest part, remarks"* ]]
    "$MODPROF" check -f json parts.mprof >out.json || true
    jq -e '.rules[0].sentence | contains("110, most of it string.len (60)")' out.json
    budgets '{ metric = "lua.peak", limit = "1 B" }'
    "$MODPROF" check -f json parts.mprof >out.json || true
    jq -e '.rules[0].sentence | contains(", the largest part ")' out.json
}

@test "what is missing has a status of its own" {
    budgets '{ metric = "losses", limit = 0 }'
    run -4 "$MODPROF" check none.mprof
    [[ $output == *none.mprof* ]]
    rm a.mprof
    run -4 "$MODPROF" check
    echo garbage >bad.mprof
    run -1 "$MODPROF" check bad.mprof
    rm .modprof
    run -1 "$MODPROF" check bad.mprof
    [[ $output == *"there is no .modprof"*"--init"* ]]
    run -2 "$MODPROF" check --format jsn
    [[ $output == *"did you mean \`json\`"* ]]
    run -2 "$MODPROF" check --wat
}

@test "the file is found upwards, or named" {
    budgets '{ metric = "losses", limit = 0 }'
    mkdir -p one/two
    cd one/two
    run -0 "$MODPROF" check ../../a.mprof
    [[ $output == *"$BATS_TEST_TMPDIR/.modprof"* ]]
    echo 'budgets = { { metric = "losses", limit = 0, name = "mine" } }' >other
    run -0 "$MODPROF" check -c other ../../a.mprof
    [[ $output == *mine*"1 rule of other"* ]]
}

@test "--init writes rules that hold, and never over a file" {
    run -0 "$MODPROF" check --init a.mprof
    grep -q 'metric = "module.lua", module = "app.heavy"' .modprof
    sum=$(md5sum <.modprof)
    run -1 "$MODPROF" check --init a.mprof
    [[ $output == *"there already"* ]]
    [ "$sum" = "$(md5sum <.modprof)" ]
    run -0 "$MODPROF" check a.mprof
    [[ $output != *untested* ]]
    LD_PRELOAD=$SHIM MODPROF_OUT=b.mprof lua5.4 main.lua
    run "$MODPROF" check b.mprof
    [[ $status == 0 ]]
}

@test "the manual lists every metric as --metrics does" {
    "$MODPROF" check --metrics | awk '{ print $1, $2, $3 }' >metrics.txt
    sed -n 's/^\.It Cm \([a-z0-9_.]*\) No (\([a-z]*\), \([a-z]*\))$/\1 \2 \3/p' "$root/docs/man/modprof-config.5" >manual.txt
    [ "$(wc -l <metrics.txt)" -gt 40 ]
    diff metrics.txt manual.txt
}

@test "at most 40 lines unless asked" {
    { echo 'budgets = {}'; echo 'for i = 1, 1000 do budgets[i] = { metric = "losses", limit = 0 } end'; } >.modprof
    run -0 "$MODPROF" check a.mprof
    [ "${#lines[@]}" -le 40 ]
    [[ $output == *"and 964 more"* ]]
    run -0 "$MODPROF" check --all a.mprof
    [ "${#lines[@]}" -gt 1000 ]
}

@test "json is as its schema says" {
    mixed
    "$MODPROF" check --format json --output out.json a.mprof || [ $? = 3 ]
    [ "$(verdicts <out.json)" = "fail warn warn untested pass off" ]
    [ "$(jq -r '.verdict, .exit_status, .rules[0].line, .rules[0].measured' out.json | paste -sd' ')" = "fail 3 2 1000" ]
    /usr/bin/python3 -c 'import json, jsonschema
jsonschema.validate(json.load(open("out.json")), json.load(open("'"$root"'/docs/check.schema.json")))'
}

@test "junit is read by junitparser" {
    mixed
    run -3 "$MODPROF" check -f junit -o out.xml a.mprof
    run -0 /usr/bin/python3 -c 'from junitparser import JUnitXml
for s in JUnitXml.fromfile("out.xml"):
    print(s.tests, s.failures, s.errors, s.skipped)
    for c in s:
        for r in c.result: print(type(r).__name__, r.message == r.text, r.text)'
    [[ ${lines[0]} == "6 1 0 2" ]]
    [[ ${lines[1]} == "Failure True "*'say <"&%> less' ]]
}

@test "github gets annotations and a summary" {
    mixed
    GITHUB_STEP_SUMMARY=$PWD/summary.md run -3 "$MODPROF" check -f github a.mprof
    [[ ${lines[0]} == '::error file=.modprof,line=2,title=modprof%3A fail::crossings.down string.format: 1,000'*'%25)'*'less' ]]
    [ "$(grep -c '^::warning ' <<<"$output")" = 2 ]
    [ "$(grep -c '^::notice ' <<<"$output")" = 1 ]
    grep -q '^### modprof check: fail' summary.md
    [ "$(grep -c '^| ' summary.md)" = 7 ]
}

@test "sarif and gitlab name the rule's line" {
    mixed
    run -3 "$MODPROF" check -f sarif -o out.sarif a.mprof
    jq -e '.version == "2.1.0" and (.runs[0].results | length) == 3
        and .runs[0].results[0].locations[0].physicalLocation.region.startLine == 2
        and .runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri == ".modprof"
        and ([.runs[0].results[].ruleId] - [.runs[0].tool.driver.rules[].id]) == []
        and all(.runs[0].results[]; .message.text != "" and (.level == "error" or .level == "warning"))' out.sarif
    run -3 "$MODPROF" check -f gitlab -o out.gitlab a.mprof
    jq -e 'length == 3 and ([.[].fingerprint] | unique | length) == 3
        and .[0].location.lines.begin == 2 and .[0].severity == "major"' out.gitlab
}

@test "openmetrics is read by prometheus_client" {
    mixed
    run -3 "$MODPROF" check -f openmetrics -o out.om a.mprof
    run -0 /usr/bin/python3 -c 'from prometheus_client.openmetrics.parser import text_string_to_metric_families as read
for m in read(open("out.om").read()):
    print(m.name, m.type, len(m.samples), m.samples[0].value)'
    [[ ${lines[0]} == "modprof_budget_measured gauge 4 1000" ]]
    [[ ${lines[1]} == "modprof_budget_limit gauge 4 999" ]]
    [[ ${lines[2]} == "modprof_budget_verdict stateset 48 0" ]]
}
