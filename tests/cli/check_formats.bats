# What `modprof check` writes for other programs, held against readers that others wrote; with names and
# messages as nasty as they come.
bats_require_minimum_version 1.5.0
load own_folder

setup() {
    own_folder || return 1
    export FOREIGN=$BUILD/foreign PYTHONPATH=$BATS_TEST_DIRNAME PYTHONDONTWRITEBYTECODE=1
    mkdir "a b"
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
from check_formats import gitlab
one, two = gitlab("one.json"), gitlab("two.json")
assert len(one) > 3 and len(two) > 3
# GitLab knows a finding again by its fingerprint.
assert one[0]["fingerprint"] in [x["fingerprint"] for x in two]
PY
}

@test "junit is read by junitparser, whatever stands in it" {
    check -f junit -o out.xml a.mprof || [ $? = 3 ]
    /usr/bin/python3 - <<'PY'
from check_formats import junit
suite = junit("out.xml")[0]
kinds = [type(c.result[0]).__name__ if c.result else "fine" for c in suite]
assert kinds == ["Failure", "Failure", "fine", "fine", "Skipped", "Skipped", "Error", "Error", "fine"], kinds
text = list(suite)[0].result[0].text
assert """<&">']]>%""" in text and "\U0001F600" in text and "\uffff" not in text
PY
}

@test "openmetrics is read by prometheus_client, whatever stands in it" {
    check -f openmetrics -o out.om a.mprof || [ $? = 3 ]
    /usr/bin/python3 - <<'PY'
from check_formats import openmetrics
got = openmetrics("out.om")
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
from check_formats import github
found = github("out.txt")
assert all(file == "bud,g:ets%.lua" for _, file, *_ in found)
for *_, text in found:
    if "modules.failed" in text:
        assert "a\n<&\">']]>%,:" in text and text.endswith("\r\n::error::x")
kinds = [kind for kind, *_ in found]
assert kinds == ["error"] * 4 + ["warning"] * 2 + ["notice"], kinds
PY
}

@test "every verdict is told in every format" {
    local format verdict trace
    for format in text json junit sarif github gitlab openmetrics; do
        for trace in a cut; do check --all -f $format -o $trace.$format $trace.mprof || [ $? -ge 3 ]; done
        for verdict in off untested pass warn "missing baseline" unstable incomplete fail; do
            case $format,$verdict in
            # These tell only of what somebody has to look at; their words are the levels of the format.
            sarif,off | sarif,untested | sarif,pass | github,off | github,pass | gitlab,off | gitlab,untested | gitlab,pass) continue ;;
            sarif,warn) grep -q '"level": "warning"' a.sarif; continue ;;
            sarif,fail) [ "$(jq '[.runs[0].results[] | select(.level == "error" and (.message.text | test("over the limit")))] | length' a.sarif)" = 2 ]; continue ;;
            gitlab,warn) grep -q '"severity": "minor"' a.gitlab; continue ;;
            gitlab,fail) [ "$(jq '[.[] | select(.severity == "major" and (.description | test("over the limit")))] | length' a.gitlab)" = 2 ]; continue ;;
            junit,fail) grep -q '<failure ' a.junit; continue ;;
            openmetrics,*) grep -q "modprof_budget_verdict=\"$verdict\"} 1$" a.openmetrics cut.openmetrics; continue ;;
            esac
            grep -q "$verdict" a.$format cut.$format || { echo "$format does not tell $verdict"; false; }
        done
    done
}

@test "the readers refuse what is broken" {
    local format
    for format in junit github gitlab openmetrics; do
        check -f $format -o a.$format a.mprof || [ $? = 3 ]
        /usr/bin/python3 "$PYTHONPATH/check_formats.py" $format a.$format
    done
    sed 's/ failures="2"/ failures="3"/' a.junit >count.junit
    sed 's/<skipped /<ignored /; s/<.skipped>/<\/ignored>/' a.junit >element.junit
    sed '0,/&lt;/s//</' a.junit >escape.junit
    sed 's/%0A/\n/' a.github >line.github
    sed 's/line=[0-9]*/line=/' a.github >number.github
    sed 's/"major"/"grave"/' a.gitlab >severity.gitlab
    jq '.[1].fingerprint = .[0].fingerprint' a.gitlab >twice.gitlab
    jq 'del(.[0].location.lines)' a.gitlab >lines.gitlab
    sed '$d' a.openmetrics >end.openmetrics
    sed '0,/\\n/s//\n/' a.openmetrics >label.openmetrics
    sed '0,/="fail"} 1/s//="fail"} 0/' a.openmetrics >none.openmetrics
    local n=0
    for broken in {count,element,escape}.junit {line,number}.github {severity,twice,lines}.gitlab {end,label,none}.openmetrics; do
        run -1 /usr/bin/python3 "$PYTHONPATH/check_formats.py" "${broken#*.}" $broken
        [[ $output == "$broken: "* ]] || { echo "$broken"; false; }
        n=$((n + 1))
    done
    [ $n = 11 ]
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
