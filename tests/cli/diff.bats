# `modprof diff`: what is news between two runs, and what is noise.
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export TMPDIR=$PWD LC_ALL=C.UTF-8
    cat >v1.lua <<'LUA'
local M = {}
local function spin(n)
  local s = 0
  for i = 1, n do s = s + i % 7 end
  return s
end
function M.steady(f)
  local r = 1
  return (spin(30 * f)) + r
end
function M.grows(f)
  local x = 1
  local s = 0
  for i = 1, 10 * f do s = s + i % 3 end
  return s + #string.rep("x", 100)
end
function M.goes(f)
  local s = 0
  for i = 1, 20 * f do s = s + i % 3 end
  local x = 1
  local y = 1
  return s + x + y
end
-- Lengths of no pattern, the same in every run: no two samples in a row find the program where the last ones did.
local r = 1
for i = 1, N do
  r = r * 16807 % 2147483647
  local f = r % 1000 + 500
  M.steady(f) M.grows(f) M.goes(f)
end
LUA
    # M.grows takes thirty times as long, M.goes is another function, everything stands two lines lower.
    sed -e 's/1, 10 \*/1, 300 */' -e 's/M\.goes/M.comes/' -e '1s/^/\n\n/' -e 's/^  local y = 1$/&\n  y = y + 1\n  y = y * 2/' v1.lua |
        sed -e 's/#string.rep("x", 100)/#string.rep("x", 100):upper()/' >v2.lua
}

# One run a side, on a machine that may be busy, which slows parts of a run down: a margin that this does not reach.
margin="--margin 300"

# record SCRIPT TRACE [LUA]: the script always runs under one name.
record() {
    cp "$1" main.lua
    MODPROF_CPU=1999 MODPROF_OUT=$PWD/$2 LD_PRELOAD=$SHIM lua5.4 -e "${3:-N = 300}" main.lua
}

verdict() { # LABEL
    jq -r --arg l "$1" '.sections[] | select(.name == "cpu") | .rows[] | select(.label == $l) | .verdict' out.json
}

@test "two runs of one program are no news" {
    record v1.lua a.mprof
    record v1.lua b.mprof
    # shellcheck disable=SC2086 # two words
    run -0 "$MODPROF" diff $margin --compare share a.mprof b.mprof --section cpu
    [[ $output == *"news         nothing;"* ]]
    "$MODPROF" diff a.mprof b.mprof -f json >out.json
    [ "$(jq '[.sections[] | select(.nature == "counted") | .rows[] | select(.verdict != "same")] | length' out.json)" = 0 ]
}

@test "what got slower, what is new and what is gone is told by function, though the source has changed" {
    record v1.lua a.mprof
    record v2.lua b.mprof
    # shellcheck disable=SC2086
    "$MODPROF" diff $margin a.mprof b.mprof -f json >out.json
    [ "$(verdict M.grows)" = more ]
    [ "$(verdict M.steady)" = same ] || [ -z "$(verdict M.steady)" ]
    [ "$(verdict 'spin (main.lua)')" = same ]
    [ "$(verdict M.comes)" = new ]
    [ "$(verdict main.lua:17)" = gone ] # no line tells what it was called
    # shellcheck disable=SC2086
    "$MODPROF" diff $margin b.mprof a.mprof -f json >out.json
    [ "$(verdict M.grows)" = less ]
    run -0 "$MODPROF" diff a.mprof b.mprof
    [[ $output == *"slower"*"M.grows (by its lines)"* ]]
    [[ $output == *"Benjamini-Hochberg"* ]]
    [[ $output == *"crossings.down"*"string.upper"* ]]
}

@test "a run that is many times as long has the same shares" {
    record v1.lua a.mprof
    record v1.lua b.mprof 'N = 3000'
    "$MODPROF" diff a.mprof b.mprof -f json >out.json
    [ "$(verdict 'spin (main.lua)')" = more ]
    # shellcheck disable=SC2086 # two words
    # Everything takes ten times as long, which is no news of any function's; a busy machine keeps within the margin.
    run -0 "$MODPROF" diff $margin a.mprof b.mprof
    [[ $output == *"pace         B takes x"*"(of shares, nothing is news)"*"--compare share"* ]]
    "$MODPROF" diff $margin a.mprof b.mprof -f json | jq -e '.sections[] | select(.name == "cpu") | .pace > 4'
    run -0 "$MODPROF" diff $margin --compare share a.mprof b.mprof
    [[ $output != *"pace  "* ]]
    "$MODPROF" diff --margin 50 --compare share a.mprof b.mprof -f json >out.json
    [ "$(verdict 'spin (main.lua)')" = same ]
}

@test "several runs a side, and folders, are means of runs" {
    mkdir a b
    for i in 1 2 3; do
        record v1.lua a/$i.mprof
        record v1.lua b/$i.mprof
    done
    "$MODPROF" diff a b -f json >folders.json
    "$MODPROF" diff a/1.mprof a/2.mprof a/3.mprof --vs b/1.mprof b/2.mprof b/3.mprof -f json >files.json
    cmp <(jq 'del(.a, .b)' folders.json) <(jq 'del(.a, .b)' files.json)
    [ "$(jq '.a.runs | length' files.json)" = 3 ]
    # A mean of three runs is one run's worth, not three.
    "$MODPROF" diff a/1.mprof b -f json >one.json
    run -0 jq -s '(.[0].sections[0].a.value / .[1].sections[0].a.value) | . > 0.5 and . < 2' files.json one.json
    [ "$output" = true ]
    run -0 "$MODPROF" diff a b
    [[ $output == *"t test of the scatter of the runs"* ]]
}

@test "what is compared is what the flame graph of each side has" {
    record v1.lua a.mprof
    record v1.lua b.mprof
    "$MODPROF" diff a.mprof b.mprof -f json >out.json
    for side in a b; do
        "$MODPROF" flame $side.mprof >$side.folded
        # What the VM does for a function is its own time there.
        folded=$(awk '/;spin .main.lua.(;\[vm\])? [0-9]*$/ { sum += $NF } END { print sum }' $side.folded)
        [ "$(jq --arg s $side '.sections[0].rows[] | select(.label == "spin (main.lua)") | .[$s].value' out.json | cut -d. -f1)" = "$folded" ]
    done
}

@test "JSON is what docs/diff.schema.json says" {
    record v1.lua a.mprof
    record v2.lua b.mprof
    "$MODPROF" diff a.mprof b.mprof -f json >out.json
    python3 - "$BATS_TEST_DIRNAME/../../docs/diff.schema.json" out.json <<'PY'
import json, jsonschema, sys
schema, value = (json.load(open(f)) for f in sys.argv[1:])
jsonschema.Draft7Validator.check_schema(schema)
jsonschema.validate(value, schema)
# The schema has no holes: another member is an error.
value["sections"][0]["rows"][0]["more"] = 1
try:
    jsonschema.validate(value, schema)
except jsonschema.ValidationError:
    sys.exit(0)
sys.exit("anything is valid")
PY
}

@test "exit statuses: compared, worse with --exit-code, usage, incomplete" {
    record v1.lua a.mprof
    record v2.lua b.mprof
    run -0 "$MODPROF" diff a.mprof b.mprof
    run -3 "$MODPROF" diff --exit-code --section cpu a.mprof b.mprof
    run -0 "$MODPROF" diff --exit-code --section cpu a.mprof a.mprof
    run -2 "$MODPROF" diff a.mprof
    [[ $output == *"two traces are needed"* ]]
    run -2 "$MODPROF" diff a.mprof a.mprof b.mprof
    [[ $output == *"--vs"* ]]
    run -2 "$MODPROF" diff --level x a.mprof b.mprof
    run -1 "$MODPROF" diff a.mprof none.mprof
    run -1 "$MODPROF" diff --section nothing a.mprof b.mprof
    head -c -20 b.mprof >cut.mprof
    run -4 "$MODPROF" diff a.mprof cut.mprof
}

@test "traces without samples are compared by what is counted" {
    export MODPROF_CPU=off
    LD_PRELOAD=$SHIM MODPROF_OUT=$PWD/a.mprof lua5.4 -e 'require "pl.pretty"'
    LD_PRELOAD=$SHIM MODPROF_OUT=$PWD/b.mprof lua5.4 -e 'require "pl.pretty" require "pl.Date" for i = 1, 50 do math.sin(i) end'
    run -0 "$MODPROF" diff a.mprof b.mprof
    [[ $output == *"neither side has samples"* ]]
    [[ $output == *"module.lua"*"new"*"pl.Date"* ]]
    [[ $output == *"new"*"+50"*"math.sin"* ]]
}

@test "memory is compared by line, and chance of sampling is no news" {
    cat >grow.lua <<'LUA'
local kept, n = {}, tonumber(arg[1])
for i = 1, 20000 do
    local s = "passing " .. i
    kept[i % n + 1] = "kept text " .. i
end
LUA
    for run in a:10 b:10 c:20000; do
        LD_PRELOAD=$SHIM MODPROF_CPU=off MODPROF_ALLOC=sample:4k MODPROF_OUT=${run%:*}.mprof lua5.4 grow.lua "${run#*:}"
    done
    run -0 "$MODPROF" diff --section line.held a.mprof c.mprof
    [[ $output == *"line.held"*grow.lua:4* ]]
    run -0 "$MODPROF" diff --section line.allocated a.mprof b.mprof
    [[ $output != *grow.lua:* ]]
}

@test "how long a program waited for a processor is in its trace, as the kernel says" {
    [ -r /proc/self/schedstat ] || skip "this kernel does not tell"
    cpu=$(taskset -cp $$ | grep -o '[0-9]*$')
    # Beside a program that never gives up the processor, until that has cost some ms.
    timeout 60 taskset -c "$cpu" sh -c 'while :; do :; done' &
    other=$!
    began=$(date +%s%N)
    LD_PRELOAD=$SHIM MODPROF_OUT=a.mprof taskset -c "$cpu" lua5.4 -e '
        local function queued()
            local f = assert(io.open "/proc/self/schedstat")
            return tonumber(f:read "a":match "^%d+ (%d+)"), f:close()
        end
        while queued() < 5e6 do end
        print((queued()))' >said
    lasted=$(($(date +%s%N) - began))
    kill "$other"
    wait "$other" || true
    "$MODPROF" report -f json a.mprof >a.json
    jq -e --argjson said "$(cat said)" --argjson lasted "$lasted" \
        '.processes[0].ending.queued_ns | . >= $said - 1000 and . <= $lasted' a.json
    "$MODPROF" diff -f json a.mprof a.mprof | jq -e --argjson said "$(cat said)" \
        '.a.runs[0].processes[0].queued_ns >= $said - 1000'
    [[ $("$MODPROF" diff a.mprof a.mprof) == *"waited "*" for a processor: A "*", B "*"; on a busy"* ]]
    # Its end record is what says it.
    head -c -20 a.mprof >cut.mprof
    run -4 "$MODPROF" diff cut.mprof a.mprof
    [[ $output == *"waited "*" for a processor: A unknown, B "*"; on a busy"* ]]
}

@test "what a trace that was cut off does not tell is unknown, and no zero" {
    LD_PRELOAD=$SHIM MODPROF_OUT=b.mprof lua5.4 -e 'for i = 1, 1e5 do math.abs(i) end'
    # The first frame is intact: it says what the process was, and nothing of what it did.
    for cut in $(seq 256 256 "$(stat -c %s b.mprof)"); do
        head -c "$cut" b.mprof >a.mprof
        "$MODPROF" report -f json a.mprof >a.json 2>errors || true # incomplete
        jq -e '.processes[0]' a.json && break
    done
    jq -e '.processes[0].overview.lua_to_c_calls == 0' a.json
    for sides in "a.mprof b.mprof" "b.mprof a.mprof"; do
        # shellcheck disable=SC2086
        run -4 "$MODPROF" diff $sides
        [[ $output == *"too low?"* && $output == *"unknown"* ]]
        [[ $output != *" 0 B "* && $output != *$'\nnew '* && $output != *$'\ngone '* ]]
        # shellcheck disable=SC2086
        "$MODPROF" diff -f json $sides | jq -e '
            [.sections[] | select(.name == "lua.peak" or .name == "module.lua") | .rows[].verdict] | unique == ["unknown"]'
        # A number stands only where something is known, and there is a change only where both sides are.
        "$MODPROF" diff -f json $sides | jq -e '
            [.sections[].rows[] | select(.verdict == "unknown") | (.a.value == null) != (.b.value == null) and .change == null] | length > 1 and all'
    done
}
