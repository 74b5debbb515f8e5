# examples/suite: its programs run, and every budget of theirs is tested.
bats_require_minimum_version 1.5.0

setup() {
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    cp -r "$root/examples/suite" "$BATS_TEST_TMPDIR/suite"
    cd "$BATS_TEST_TMPDIR/suite" || return 1
    export HOME=$PWD TMPDIR=$BATS_TEST_TMPDIR LC_ALL=C.UTF-8 NO_COLOR=1 MODPROF_LIB=$SHIM
    unset COLUMNS MODPROF_MARKS LUA_PATH
}

@test "the suites are within their budgets, and all of these are tested" {
    run -0 "$MODPROF" check --lenient -f json -o ../out.json -- ./run
    # Times may warn on a busy machine; nothing that is counted does.
    jq -e 'all(.rules[]; .verdict == "pass" or .verdict == "untested" or (.deterministic | not))' ../out.json
    jq -r '.rules[] | select(.verdict == "untested") | .rule' ../out.json >untested
    if MODPROF_MARKS=1 MODPROF_OUT=$TMPDIR/marks.mprof LD_PRELOAD=$SHIM lua5.4 -e 'os.exit(modprof and 0 or 1)'; then
        [ ! -s untested ]
    else
        run ! grep -v -E '^(merge|1,000|memory at)' untested
    fi
    [ "$(jq '.rules | length' ../out.json)" -ge 30 ]
}

@test "each suite runs by itself, and without the profiler" {
    lua5.4 modules.lua
    lua5.4 data.lua
    run -0 "$MODPROF" check --lenient -- lua5.4 modules.lua
    [[ $output == *pass*"circles found"*"192"* ]]
}

@test "a module that grows is found" {
    for i in {1..400}; do echo "local function f$i() return 'a line more, number $i' end f$i()"; done | head -190 >>suite/text.lua
    sed -i '/^return text$/d' suite/text.lua
    echo 'return text' >>suite/text.lua
    run -3 "$MODPROF" check --lenient -- lua5.4 modules.lua
    [[ $output == *fail*"bytecode"*"suite.text"* ]]
    [[ $output == *fail*"source "*"suite.text"* ]]
}
