# `modprof export` against readers that others wrote (tests/foreign): npm's pprof-format, and speedscope in Chromium.
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export TMPDIR=$PWD HOME=$PWD LC_ALL=C.UTF-8 FOREIGN=$BUILD/foreign
    root=$BATS_TEST_DIRNAME/../..
    [ -e "$FOREIGN/fetched" ] || skip "$(cat "$FOREIGN/why" 2>/dev/null || echo 'tests/foreign/fetch was not run')"
}

needs_browser() {
    CHROMIUM=$(command -v chromium || command -v chromium-browser) || skip "Chromium is missing"
    [ -e "$root/viewer/node_modules/playwright-core" ] || skip "the packages of viewer/ are missing (make viewer fetches them)"
    export CHROMIUM
}

speedscope() {
    timeout 120 node "$root/tests/foreign/speedscope.mjs" "$1"
}

# Functions of hostile names: markup, semicolons, quotes, line ends, text that is no UTF-8.
record() {
    cat >names.lua <<'LUA'
local code = [[
return function(n) local s = 0 for i = 1, n do s = s + i % 7 end return s end
]]
local chunk = {"<img src=x onerror=alert(1)>", "a;b c 12", "line\nend", "\xff\xfe\xc0", "\"quoted\"\\", "]]>&amp;"}
local list = {}
for i, name in ipairs(chunk) do list[i] = load(code, "=" .. name)() end
local stop = os.clock() + 0.6
while os.clock() < stop do
    for _, f in ipairs(list) do f(20000) end
end
LUA
    MODPROF_CPU=999 MODPROF_OUT=$PWD/names.mprof LD_PRELOAD=$SHIM lua5.4 names.lua
    # A semicolon in a name is an escape in folded stacks only.
    "$MODPROF" flame names.mprof | sed 's/\\x3b/;/g' | sort >want
    [ "$(wc -l <want)" -ge 6 ]
}

@test "pprof-format reads the same stacks and weights as are folded" {
    record
    "$MODPROF" export -f pprof -o names.pb.gz names.mprof
    node "$root/tests/foreign/pprof.mjs" names.pb.gz | sort >got
    diff want got
}

@test "speedscope's importer reads the same from its own format, from pprof and from folded stacks" {
    needs_browser
    record
    "$MODPROF" export -f speedscope -o names.speedscope.json names.mprof
    speedscope names.speedscope.json | sort >got
    diff want got
    "$MODPROF" export -f pprof -o names.pb.gz names.mprof
    speedscope names.pb.gz | sort >got
    diff want got
    "$MODPROF" export -f folded -o names.folded names.mprof
    speedscope names.folded | sed 's/\\x3b/;/g' | sort >got
    diff want got
}

@test "speedscope's importer reads module loads from trace events, with the times of --metric load" {
    needs_browser
    MODPROF_OUT=$PWD/loads.mprof LD_PRELOAD=$SHIM lua5.4 -e 'require "pl.pretty"'
    "$MODPROF" flame --metric load loads.mprof | sort >want
    "$MODPROF" export -f chrome -o loads.json loads.mprof
    # It adds the arguments of an event to its name.
    speedscope loads.json | sed 's/ {[^}]*}//g' |
        awk '{ w = $NF; sub(/ [^ ]*$/, ""); printf "%s %.0f\n", $0, 1000 * w }' | sort >got
    grep -q 'pl.pretty;pl.utils;pl.compat' got
    diff want got
}
