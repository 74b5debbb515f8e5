# The page's data: `modprof export --format page-json` and `html`, read by docs/PAGE.md in Python.
bats_require_minimum_version 1.5.0
load own_folder

setup() {
    own_folder || return 1
    read_page() { /usr/bin/python3 "$root/tests/cli/page/read.py" "$@"; }
    mkdir app
}

# A program with two threads' worth of names: functions of one name in two files, recursion, coroutines.
record() {
    cat >app/one.lua <<'LUA'
local function work(n)
    local s = 0
    for i = 1, n do s = s + i % 7 end
    return s
end
return { go = function(n) return (work(n)) end }
LUA
    sed 's/% 7/% 5/' app/one.lua >app/two.lua
    cat >main.lua <<'LUA'
package.path = "./?.lua"
local one, two = require "app.one", require "app.two"
pcall(require, "not.there")
local function deep(n) if n == 0 then return one.go(20000) end return (deep(n - 1)) end
local co = coroutine.wrap(function() while true do two.go(20000) coroutine.yield() end end)
local stop = os.clock() + 0.7
while os.clock() < stop do deep(3) co() table.sort({ 3, 1, 2 }, function(a, b) return a < b end) end
LUA
    "$MODPROF" run -q --cpu -o a.mprof -- lua5.4 main.lua
}

valid() { # FILE SCHEMA
    /usr/bin/python3 -c 'import json, sys, jsonschema
jsonschema.validate(json.load(open(sys.argv[1])), json.load(open(sys.argv[2])))' "$1" "$root/docs/$2"
}

@test "the document holds together, and its sums are those of the report" {
    record
    "$MODPROF" export --format page-json -o a.json a.mprof
    valid a.json page.schema.json
    read_page check a.json
    [ "$(jq '.traces[0].processes[0].samples.rows.n | add' a.json)" -gt 100 ]
}

@test "its report is what modprof report says" {
    record
    "$MODPROF" export --format page-json a.mprof >a.json
    read_page report a.json | jq -S 'del(.processes[].leaks)' >page
    "$MODPROF" report --format json a.mprof | jq -S . >report
    cmp page report
    read_page report a.json | jq -S '.processes[].leaks' >page
    "$MODPROF" report --leaks --format json a.mprof | jq -S '.processes[].leaks' >report
    cmp page report
    run ! grep -q -x null report
}

@test "its stacks are those of folded stacks, for every metric" {
    record
    "$MODPROF" export --format page-json -o a.json a.mprof
    for metric in cpu load crossings; do
        "$MODPROF" export --format folded --metric "$metric" a.mprof | sort >folded
        read_page folded a.json "$metric" function | sort >page
        [ -s folded ]
        diff folded page
    done
}

@test "functions of one name in two files stay apart" {
    record
    "$MODPROF" export --format page-json -o a.json a.mprof
    read_page folded a.json cpu function >page
    grep -q 'work (app.one)' page
    grep -q 'work (app.two)' page
}

@test "a program that was not sampled has no samples, and all else" {
    echo 'require "lfs" string.format("%d", 1)' >main.lua
    MODPROF_CPU=off LD_PRELOAD=$SHIM MODPROF_OUT=a.mprof lua5.4 main.lua
    "$MODPROF" export --format page-json -o a.json a.mprof
    valid a.json page.schema.json
    read_page check a.json
    jq -e '.traces[0].processes[0].samples == null' a.json
    read_page folded a.json crossings function | grep -q '^string;string.format 1$'
}

@test "verdicts are there where there is a .modprof, and why not where it is wrong" {
    echo 'for i = 1, 1000 do string.format("%d", i) end' >main.lua
    LD_PRELOAD=$SHIM MODPROF_OUT=a.mprof lua5.4 main.lua
    "$MODPROF" export --format page-json a.mprof | jq -e '.traces[0] | .check == null and .check_error == null'
    echo 'budgets = { { metric = "crossings.down", func = "string.format", limit = 999 } }' >.modprof
    "$MODPROF" export --format page-json -o a.json a.mprof
    read_page check-report a.json >verdicts.json
    valid verdicts.json check.schema.json
    "$MODPROF" check --format json a.mprof >check.json || [ $? = 3 ]
    diff <(jq -S . verdicts.json) <(jq -S . check.json)
    "$MODPROF" export --format page-json --no-config a.mprof | jq -e '.traces[0].check == null'
    echo 'budgets = { { metric = "no.such" } }' >.modprof
    "$MODPROF" export --format page-json a.mprof | jq -e '.traces[0].check_error | test("no.such")'
    run --separate-stderr -1 "$MODPROF" export --format page-json --config .modprof a.mprof
    [[ $stderr == *no.such* ]]
}

@test "earlier runs of the command are there, and nothing of other commands" {
    LD_PRELOAD=$SHIM MODPROF_OUT=a.mprof lua5.4 -e 'return 1'
    "$MODPROF" export --format page-json a.mprof | jq -e '.traces[0].history == []'
    command="lua5.4 -e 'return 1'"
    "$HOSTS/history_maker" .modprof-history "$command" lua.peak '' bytes 1700000000000000000 100 102 101
    "$HOSTS/history_maker" .modprof-history "$command" lua.peak '' bytes 1700000001000000000 110 112 111
    "$HOSTS/history_maker" .modprof-history "$command" module.self a.b ns 1700000002000000000 5
    "$HOSTS/history_maker" .modprof-history "lua5.4 secret.lua" lua.peak '' bytes 1700000003000000000 9
    "$MODPROF" export --format page-json -o a.json a.mprof
    valid a.json page.schema.json
    jq -e '.traces[0].history | length == 2 and (.[] | select(.metric == "lua.peak") |
        .at_unix_ns == [1700000000000000000, 1700000001000000000] and .value == [101, 111] and
        .item == "" and .unit == "bytes" and .machine == "test" and .commit == ["abc1234", "abc1234"] and
        ([.low, .high] | flatten | all(. == null or (. >= 100 and . <= 112))))' a.json
    jq -e '.traces[0].history[] | select(.metric == "module.self") | .item == "a.b" and .value == [5]' a.json
    # A long history does not make a large page.
    for i in $(seq 1 105); do
        "$HOSTS/history_maker" .modprof-history "$command" "metric.$i" '' count "18000000000000000$(printf '%02d' $((i % 100)))" 7
        "$HOSTS/history_maker" .modprof-history "$command" often '' count $((1900000000000000000 + i * 1000)) $((1000 + i))
    done
    "$MODPROF" export --format page-json -o b.json a.mprof
    valid b.json page.schema.json
    jq -e '.traces[0].history | length == 100 and (.[0] | .metric == "often" and (.value | length == 100 and .[0] == 1006 and .[99] == 1105))' b.json
    # One that is damaged is no reason to show nothing.
    echo nonsense >.modprof-history
    run --separate-stderr -0 "$MODPROF" export --format page-json -o b.json a.mprof
    [[ $stderr == *.modprof-history* ]]
    jq -e '.traces[0].history == []' b.json
}

@test "what modprof bench kept of a command is in the page of its trace" {
    echo 'for i = 1, 1000 do string.format("%d", i) end' >'a main.lua'
    for _ in 1 2; do
        "$MODPROF" bench -n 2 -w 0 -m wall,crossings.down:string.format --save -- lua5.4 'a main.lua' >log
    done
    LD_PRELOAD=$SHIM MODPROF_OUT=a.mprof lua5.4 'a main.lua'
    "$MODPROF" export --format page-json -o a.json a.mprof
    valid a.json page.schema.json
    jq -e '.traces[0].history | map({(.metric): .}) | add |
        (.wall.value | length == 2 and all(. > 0)) and .["crossings.down"].value == [1000, 1000] and
        .["crossings.down"].item == "string.format"' a.json
}

@test "two traces can be compared, and only two" {
    for i in 1 2 3; do
        LD_PRELOAD=$SHIM MODPROF_OUT=$i.mprof lua5.4 -e 'return 1'
    done
    "$MODPROF" export --format page-json --diff 2.mprof 1.mprof |
        jq -e '.compare == [0, 1] and [.traces[].name] == ["1.mprof", "2.mprof"]'
    "$MODPROF" export --format page-json 1.mprof 2.mprof | jq -e '.compare == [0, 1]'
    "$MODPROF" export --format page-json --relative-to "$PWD/" "$PWD/1.mprof" /proc/self/cwd/2.mprof |
        jq -e '[.traces[].name] == ["1.mprof", "/proc/self/cwd/2.mprof"]'
    "$MODPROF" export --format page-json 1.mprof 2.mprof 3.mprof |
        jq -e '.compare == null and (.traces | length) == 3'
    run -2 "$MODPROF" export --format page-json --diff 3.mprof 1.mprof 2.mprof
}

@test "sources are those that ran, and what is left out is said" {
    record
    touch -d '1 hour ago' app/*.lua main.lua
    "$MODPROF" export --format page-json a.mprof | jq -e '.traces[0].processes[0] | .sources == [] and .sources_left_out == []'
    "$MODPROF" export --format page-json --with-source -o a.json a.mprof
    for f in main.lua app/one.lua app/two.lua; do
        jq -j --arg f "$f" '.traces[0].processes[0].sources[] | select(.file | endswith($f)) | .text' a.json | cmp - "$f"
    done
    jq -e '.traces[0].processes[0].sources_left_out == []' a.json
    # The same length and date, another text: it came there later.
    sed -i 's/% 7/% 9/' app/one.lua
    touch -d '1 hour ago' app/one.lua
    echo '-- more' >>app/two.lua
    rm main.lua
    "$MODPROF" export --format page-json --with-source a.mprof |
        jq -r '.traces[0].processes[0] | (.sources | length), (.sources_left_out[] | "\(.file | sub(".*/"; "")): \(.why)")' | sort >said
    diff said - <<'END'
0
main.lua: it can not be read here
one.lua: it has changed since it ran
two.lua: it has changed since it ran
END
}

@test "a damaged trace gives what is intact, says so, and ends with status 4" {
    record
    size=$(stat -c %s a.mprof)
    head -c $((size - 100)) a.mprof >cut.mprof
    run -4 "$MODPROF" export --format page-json -o a.json cut.mprof
    read_page check a.json
    jq -e '.traces[0].report.processes[0].incomplete | length > 0' a.json
    echo nonsense >bad.mprof
    run --separate-stderr -1 "$MODPROF" export --format page-json bad.mprof
    [[ $stderr == *"not a modprof trace"* && $output == "" ]]
}

@test "options that belong to stacks are not ignored" {
    run -2 "$MODPROF" export --format page-json --metric cpu a.mprof
    run -2 "$MODPROF" export --format folded --with-source a.mprof
    "$MODPROF" export --format page-json --help | grep -q -- --with-source
}

has_viewer() {
    [ -s "$BUILD/viewer/page.html" ] || skip "built without the viewer: $(cat "$BUILD/viewer/why")"
}

@test "the page is one file with the same document, and refers to nothing outside" {
    has_viewer
    record
    "$MODPROF" export --format html -o a.html a.mprof
    "$MODPROF" export --format page-json a.mprof | jq -S . >a.json
    read_page document a.html | jq -S . | cmp - a.json
    read_page html a.html
    run ! grep -q -i -E '(src|href)="?(https?:)?//' a.html
    run ! grep -q '<!--modprof-data-->' a.html
}

@test "names that look like markup stay text" {
    has_viewer
    cat >main.lua <<'LUA'
local names = {'</script><img src=x onerror=alert(1)>', '<!--', '--><script>alert(2)</script>', "a\xff\u{202e}c", '"quoted"\\' }
for _, name in ipairs(names) do
    package.preload[name] = load("string.rep('x', 3)", "=" .. name)
    require(name)
end
LUA
    LD_PRELOAD=$SHIM MODPROF_OUT=a.mprof lua5.4 main.lua
    "$MODPROF" export --format html --title '</title><script>alert(3)</script>' -o a.html a.mprof
    read_page html a.html >elements
    run ! grep -q -w img elements
    [ "$(/usr/bin/python3 -c 'import re; print(len(re.findall("<script", open("a.html").read(), re.I)))')" = 2 ]
    read_page check a.html
    read_page document a.html >a.json
    jq -e '.title == "</title><script>alert(3)</script>"' a.json
    jq -e '[.traces[0].report.processes[0].modules[].name] | index("</script><img src=x onerror=alert(1)>") and index("<!--") and index("\"quoted\"\\")' a.json
}

@test "a page that can not be written is an error" {
    has_viewer
    LD_PRELOAD=$SHIM MODPROF_OUT=a.mprof lua5.4 -e 'return 1'
    run --separate-stderr -1 "$MODPROF" export --format html -o /dev/full a.mprof
    [[ $stderr == *"/dev/full could not be written"* ]]
    run --separate-stderr -1 "$MODPROF" export --format html -o no/such/dir/a.html a.mprof
    [[ $stderr == *"can not be written"* ]]
}

@test "the page of a real program is smaller than 1.5 MiB" {
    has_viewer
    "$MODPROF" run -q --cpu -o ldoc.mprof -- lua5.4 /usr/bin/ldoc -d html /usr/share/lua/5.4/pl >log 2>&1
    "$MODPROF" export --format html --with-source -o ldoc.html ldoc.mprof
    [ "$(stat -c %s ldoc.html)" -lt $((1536 * 1024)) ]
    read_page check ldoc.html
}

@test "a million samples of 200,000 stacks and 5,000 modules are all there, in a few megabytes" {
    "$HOSTS/trace_maker" large a.mprof
    "$MODPROF" export --format page-json -o a.json a.mprof
    read_page check a.json
    jq -e '.traces[0].processes[0] | (.samples.rows.n | add) == 1000000 and (.trees[0].up | length) > 190000 and .pruned == []' a.json
    jq -e '.traces[0].report.processes[0].modules | length == 5000' a.json
    [ "$(gzip -c a.json | wc -c)" -lt $((6 << 20)) ]
    # Bounded memory: far less than the document and all its objects would take.
    # AddressSanitizer, where the program is built with it, reserves more than that for itself.
    limit=600000
    ! nm "$MODPROF" | grep -q ' __asan_init$' || limit=unlimited
    ( ulimit -v "$limit" && "$MODPROF" export --format page-json -o b.json a.mprof )
    cmp a.json b.json
}

@test "without Node.js the build goes on, and says what is missing" {
    mkdir bin
    for tool in bash env dirname realpath mkdir cmp rm mv cat sha256sum touch; do
        ln -s "$(command -v $tool)" bin/
    done
    PATH=$PWD/bin run -0 "$root/deps/viewer" "$PWD/build"
    [[ $output == *"Node.js is missing"* ]]
    [ -e build/viewer/page.html ] && [ ! -s build/viewer/page.html ]
    [[ $(<build/viewer/why) == *"Node.js is missing"* ]]
}
