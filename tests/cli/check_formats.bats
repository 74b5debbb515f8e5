# What `modprof check` writes for other programs, held against readers that others wrote; with names and
# messages as nasty as they come.
bats_require_minimum_version 1.5.0

setup() {
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    cd "$BATS_TEST_TMPDIR" || return 1
    export HOME=$PWD TMPDIR=$PWD/tmp LC_ALL=C.UTF-8 NO_COLOR=1 FOREIGN=$BUILD/foreign
    unset COLUMNS GITHUB_STEP_SUMMARY GITHUB_WORKSPACE CI_PROJECT_DIR
    mkdir tmp "a b"
    cd "a b"
    cat >main.lua <<'LUA'
pcall(require, "x\n<&\">']]>%\u{FFFF}\u{1F600}\xFF|`*_")
for i = 1, 1000 do string.format("%d", i) end
LUA
    LD_PRELOAD=$SHIM MODPROF_OUT=a.mprof lua5.4 main.lua
    cp a.mprof cut.mprof
    truncate -s -20 cut.mprof
    # Every verdict there is.
    cat >'bud,g:ets%.lua' <<'LUA'
local nasty = "a\n<&\">']]>%,:\u{FFFF}\u{1F600}\xFF|`*_\27[1m\r\n::error::x"
budgets = {
    { metric = "modules.failed", limit = 0, message = nasty },
    { metric = "crossings.down", func = "string.format", limit = 10, name = nasty, message = nasty },
    { metric = "crossings.down", func = "string.format", limit = "10k", warn = 10, message = nasty },
    { metric = "lua.peak", limit = "1 KiB", level = "warn" },
    { metric = "module.self", module = "gone", limit = "1 ms", message = nasty },
    { metric = "losses", limit = 0, level = "off" },
    { metric = "losses", regression = "10%" },
    { metric = "process.cpu", regression = "10%" },
    { metric = "uncovered", limit = 1000 },
}
LUA
    "$MODPROF" check -c 'bud,g:ets%.lua' -f json -o base.json a.mprof || true
    jq '.rules |= map(select(.metric == "process.cpu"))' base.json >cpu.json
}

check() { "$MODPROF" check -c 'bud,g:ets%.lua' -b cpu.json "$@"; }

@test "the verdicts of this file are all that there are" {
    check -f json -o one.json a.mprof || [ $? = 3 ]
    check -f json -o two.json cut.mprof || [ $? -ge 3 ]
    jq -e -s '[.[].rules[].verdict] | unique == (["off","untested","pass","warn","missing baseline","unstable","incomplete","fail"] | sort)' one.json two.json
    /usr/bin/python3 -c 'import json, jsonschema, sys
for f in "one.json", "two.json":
    jsonschema.validate(json.load(open(f)), json.load(open(sys.argv[1])))' "$root/docs/check.schema.json"
}

@test "sarif is as its schema says" {
    [ -e "$FOREIGN/fetched" ] || skip "$(cat "$FOREIGN/why" 2>/dev/null || echo 'tests/foreign/fetch was not run')"
    check -f sarif -o one.sarif a.mprof || [ $? = 3 ]
    check -f sarif -o two.sarif cut.mprof || [ $? -ge 3 ]
    node "$root/tests/foreign/sarif.mjs" one.sarif two.sarif
    # The checker does check.
    jq '.runs[0].results[0].level = "wrong"' one.sarif >wrong.sarif
    run ! node "$root/tests/foreign/sarif.mjs" wrong.sarif
    [ "$(jq '.runs[0].results | length' one.sarif)" = 6 ]
    jq -e '.runs[0] | . as $run | all(.results[]; .ruleId == $run.tool.driver.rules[.ruleIndex].id)' one.sarif
    jq -e 'all(.runs[0].results[]; .locations[0].physicalLocation.artifactLocation.uri == "bud%2Cg%3Aets%25.lua")' one.sarif
}

@test "gitlab's report has what GitLab asks for" {
    check -f gitlab -o one.json a.mprof || [ $? = 3 ]
    check -f gitlab -o two.json cut.mprof || [ $? -ge 3 ]
    /usr/bin/python3 - <<'PY'
import json, jsonschema
# As https://docs.gitlab.com/ci/testing/code_quality/ describes the report format.
schema = {"type": "array", "items": {"type": "object",
    "required": ["description", "check_name", "fingerprint", "location", "severity"],
    "properties": {
        "description": {"type": "string", "minLength": 1}, "check_name": {"type": "string", "minLength": 1},
        "fingerprint": {"type": "string", "minLength": 1},
        "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
        "location": {"type": "object", "required": ["path", "lines"], "properties": {
            "path": {"type": "string", "pattern": r"^(?!\./|/)"},
            "lines": {"type": "object", "required": ["begin"], "properties": {"begin": {"type": "integer", "minimum": 1}}}}}}}}
for f in "one.json", "two.json":
    v = json.load(open(f))
    jsonschema.validate(v, schema)
    assert len({x["fingerprint"] for x in v}) == len(v) > 3
# GitLab knows a finding again by its fingerprint.
assert [x["fingerprint"] for x in json.load(open("one.json"))][0] in [x["fingerprint"] for x in json.load(open("two.json"))]
PY
}

@test "junit is read by junitparser, whatever stands in it" {
    check -f junit -o out.xml a.mprof || [ $? = 3 ]
    /usr/bin/python3 - <<'PY'
from junitparser import JUnitXml, Failure, Error, Skipped
suite = list(JUnitXml.fromfile("out.xml"))[0]
kinds = [type(c.result[0]).__name__ if c.result else "fine" for c in suite]
assert kinds == ["Failure", "Failure", "fine", "fine", "Skipped", "Skipped", "Error", "Error", "fine"], kinds
assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (9, 2, 2, 2)
text = list(suite)[0].result[0].text
assert """<&">']]>%""" in text and "\U0001F600" in text and "\uffff" not in text
PY
}

@test "openmetrics is read by prometheus_client, whatever stands in it" {
    check -f openmetrics -o out.om a.mprof || [ $? = 3 ]
    /usr/bin/python3 - <<'PY'
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read
got = {m.name: m for m in read(open("out.om", newline="\n").read())}
assert sorted(got) == ["modprof_budget_limit", "modprof_budget_measured", "modprof_budget_verdict"]
rule = [s.labels["rule"] for s in got["modprof_budget_measured"].samples][1]
assert rule.startswith("a\n<&\">']]>%,:") and "\U0001F600" in rule, repr(rule)
on = [s for s in got["modprof_budget_verdict"].samples if s.value]
assert [s.labels["modprof_budget_verdict"] for s in on][:3] == ["fail", "fail", "warn"] and len(on) == 9
PY
}

@test "an annotation is one line, and says what was meant" {
    check -f github -o out.txt a.mprof || [ $? = 3 ]
    /usr/bin/python3 - <<'PY'
import re
lines = open("out.txt", newline="").read().split("\n")
assert lines.pop() == ""
kinds = []
for line in lines:
    m = re.fullmatch(r"::(error|warning|notice) file=([^,:]*),line=(\d+),title=([^,:]*)::([^\r]*)", line)
    assert m, line
    back = lambda s: s.replace("%3A", ":").replace("%2C", ",").replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
    assert back(m[2]) == "bud,g:ets%.lua", m[2]
    kinds.append(m[1])
    if "modules.failed" in m[5]:
        assert "a\n<&\">']]>%,:" in back(m[5]) and back(m[5]).endswith("\r\n::error::x")
assert kinds == ["error"] * 4 + ["warning"] * 2 + ["notice"], kinds
PY
}

@test "github gets at most ten annotations of a kind, and a summary below its limit" {
    cat >many.lua <<'LUA'
local long = "0123456789|" for i = 1, 9 do long = long .. long end
budgets = {}
for i = 1, 500 do
    budgets[#budgets + 1] = { metric = "crossings.down", limit = 0, message = long }
    budgets[#budgets + 1] = { metric = "crossings.down", limit = 0, level = "warn", message = long }
    budgets[#budgets + 1] = { metric = "module.self", module = "none", limit = "1 s" }
end
LUA
    export GITHUB_STEP_SUMMARY=$PWD/summary.md
    run -3 "$MODPROF" check -c many.lua -f github a.mprof
    for kind in error warning notice; do [ "$(grep -c "^::$kind " <<<"$output")" = 10 ]; done
    [ "$(stat -c %s summary.md)" -le 1048576 ] && [ "$(stat -c %s summary.md)" -gt 900000 ]
    grep -q '^and [0-9]* more rules$' summary.md
    run -3 "$MODPROF" check -c many.lua -f github a.mprof
    [ "$(stat -c %s summary.md)" -le 1048576 ]
    grep -q '^### modprof check: fail' summary.md
}

@test "a terminal gets no control characters" {
    check --color never a.mprof >out.txt || [ $? = 3 ]
    run ! grep -q -P '[\x00-\x08\x0b-\x1f\x7f]' out.txt
    grep -q -F '\x1b[1m' out.txt
}

@test "files are named as the repository has them" {
    mkdir -p repository/sub/deep
    cd repository/sub/deep
    cp ../../../a.mprof .
    echo 'budgets = { { metric = "crossings.down", limit = 0 } }' >../.modprof
    GITHUB_WORKSPACE=$(realpath ../..) run -3 "$MODPROF" check -f github a.mprof
    [[ ${lines[0]} == "::error file=sub/.modprof,line=1,"* ]]
    CI_PROJECT_DIR=$(realpath ..) "$MODPROF" check -f gitlab -o out.json a.mprof || true
    [ "$(jq -r '.[0].location.path' out.json)" = .modprof ]
    mkdir ../../.git
    run -3 "$MODPROF" check -f github a.mprof
    [[ ${lines[0]} == "::error file=sub/.modprof,line=1,"* ]]
}
