# Sizes of modules: as luac, python's zlib and the file system say.
bats_require_minimum_version 1.5.0
load own_folder

setup() {
    own_folder || return 1
    export COLUMNS=200 LUA_PATH='./?.lua'
    mkdir app
    for i in {1..300}; do echo "local function f$i(a, b) local c = a + b * $i return c, \"text $i\" end f$i(1, 2)"; done |
        fold -s -w 9000 | sed '190,$d' >app/large.lua
    printf '#!/usr/bin/lua5.4\nreturn { 1, 2.5, "three", true, function(x) return x end }\n' >app/script.lua
    luac5.4 -o app/compiled.lua app/large.lua
    luac5.4 -s -o app/stripped.lua app/large.lua
    { printf '\033Lua\x53'; tail -c +6 app/compiled.lua; } >app/older.lua
    cat >main.lua <<'LUA'
require "app.large" require "app.script" require "app.compiled" require "app.stripped"
pcall(require, "app.older")
package.preload["in.memory"] = function() return 1 end
require "in.memory"
package.searchers[2] = function(name) if name == "from.text" then return load("return 7", "=archive") end end
require "from.text"
LUA
    LD_PRELOAD=$SHIM MODPROF_OUT=a.mprof lua5.4 main.lua
}

sizes() { "$MODPROF" report --section sizes -f json a.mprof | jq -c ".processes[0].sizes[] | select(.module == \"$1\") | $2"; }

gzipped() { /usr/bin/python3 -c 'import zlib, sys
c = zlib.compressobj(6, zlib.DEFLATED, 31)
print(len(c.compress(sys.stdin.buffer.read()) + c.flush()))'; }

@test "source and bytecode are as large as luac and zlib make them" {
    # The chunk name is the one that require gives.
    luac5.4 -o full.luac ./app/large.lua
    luac5.4 -s -o stripped.luac ./app/large.lua
    [ "$(sizes app.large .source_bytes)" = "$(stat -c %s app/large.lua)" ]
    [ "$(sizes app.large .source_gzip_bytes)" = "$(gzipped <app/large.lua)" ]
    [ "$(sizes app.large .bytecode_bytes)" = "$(stat -c %s full.luac)" ]
    [ "$(sizes app.large .bytecode_gzip_bytes)" = "$(gzipped <full.luac)" ]
    [ "$(sizes app.large .stripped_bytes)" = "$(stat -c %s stripped.luac)" ]
}

@test "the parts add up, and stripping takes the debug part" {
    [ "$(sizes app.large '(.parts_bytes | add) == .bytecode_bytes')" = true ]
    [ "$(sizes app.compiled '(.parts_bytes | add) == .bytecode_bytes')" = true ]
    [ "$(sizes app.large .parts_bytes.code)" = "$(sizes app.stripped .parts_bytes.code)" ]
    [ "$(sizes app.large .parts_bytes.constants)" = "$(sizes app.stripped .parts_bytes.constants)" ]
    # What is left of the debug part are its counts.
    [ "$(sizes app.stripped '.parts_bytes.debug < 2000')" = true ]
    [ "$(sizes app.large '.parts_bytes.header')" = 31 ]
    instructions=$(luac5.4 -l app/large.lua | awk -F'[( ]' '/ instructions? at /{ n += $4 } END { print n }')
    [ "$(sizes app.large .parts_bytes.code)" = $((instructions * 4)) ]
}

@test "precompiled chunks are checked as Lua checks them" {
    [ "$(sizes app.compiled .precompiled,.invalid | paste -sd' ')" = "true null" ]
    [ "$(sizes app.older .invalid)" = '"version 5.3, not 5.4"' ]
    echo 'budgets = { { metric = "modules.invalid", limit = 0 } }' >.modprof
    run -3 "$MODPROF" check a.mprof
    [[ $output == *"app.older (1)"* ]]
    for change in 'version 5.3:4:\x53' 'format:5:\x01' 'line ends:8:\x0a' 'sizes:13:\x04' 'byte order:15:\x00' 'format of numbers:23:\x01'; do
        IFS=: read -r say at byte <<<"$change"
        cp app/compiled.lua app/older.lua
        printf "$byte" | dd of=app/older.lua bs=1 seek="$at" conv=notrunc status=none
        LD_PRELOAD=$SHIM MODPROF_OUT=a.mprof lua5.4 main.lua
        lua5.4 -e 'assert(not loadfile("app/older.lua"))'
        [[ $(sizes app.older .invalid) == *"$say"* ]]
    done
}

@test "the saving is part of the time that compiling took" {
    [ "$(sizes app.large '.saving_ns > 0 and .saving_ns < .compile_ns')" = true ]
    [ "$(sizes app.compiled .saving_ns)" = null ]
    echo 'budgets = { { metric = "module.saving", limit = "1 ns" }, { metric = "module.bytecode", module = "app.script", limit = "1 MB" },
        { metric = "module.stripped", module = "app.compiled", limit = "1 MB" } }' >.modprof
    run -3 "$MODPROF" check a.mprof
    [[ $output == *fail*module.saving*app.large* ]]
    [[ $output == *pass*"module.bytecode app.script"* ]]
    [[ $output == *untested*"module.stripped app.compiled"* ]]
}

@test "a file that has changed, or is gone, is not measured" {
    [ "$(sizes app.script .unknown)" = null ]
    echo '-- changed' >>app/script.lua
    rm app/large.lua
    [[ $(sizes app.script .unknown,.bytecode_bytes | paste -sd' ') == *"app/script.lua has changed since\" null" ]]
    [[ $(sizes app.large .unknown) == *"can not be read"* ]]
    [[ $(sizes from.text .unknown) == *"came from no file"* ]]
    echo 'budgets = { { metric = "module.bytecode", module = "app.script", limit = "1 MB" } }' >.modprof
    run -4 "$MODPROF" check a.mprof
    [[ $output == *incomplete*"has changed since"* ]]
}

@test "sizes are shown when asked for" {
    run -0 "$MODPROF" report a.mprof
    [[ $output != *"sizes of modules"* ]]
    run -0 "$MODPROF" report --section sizes a.mprof
    [[ $output == *"sizes of modules"*app.large*"REFUSED: version 5.3, not 5.4"* ]]
    "$MODPROF" report --section sizes -f json a.mprof >out.json
    /usr/bin/python3 -c 'import json, jsonschema, sys
jsonschema.validate(json.load(open("out.json")), json.load(open(sys.argv[1])))' "$BATS_TEST_DIRNAME/../../docs/report.schema.json"
}
