# Pages of real programs: the data keep to the schema, and the viewer's own importer opens them.
bats_require_minimum_version 1.5.0
load own_folder

setup() {
    own_folder || return 1
    command -v node >/dev/null || skip "Node.js is missing"
    [ -e "$root/viewer/node_modules/esbuild" ] || skip "the packages of viewer/ are missing"
}

# Exports the page of ARGS; its data are valid, hold together, and are opened; `told` says what the viewer holds then.
opens() { # ARGS...
    "$MODPROF" export --format page-json -o page.json "$@"
    holds page.json
}
holds() { # FILE
    /usr/bin/python3 -c 'import json, sys, jsonschema
jsonschema.validate(json.load(open(sys.argv[1])), json.load(open(sys.argv[2])))' "$1" "$root/docs/page.schema.json"
    /usr/bin/python3 "$root/tests/cli/page/read.py" check "$1"
    node "$root/tests/viewer/open_page.mjs" "$1" >told
}

@test "ldoc, with CPU samples, every allocation and sources" {
    MODPROF_ALLOC=exact "$MODPROF" run -q --cpu -o a.mprof -- lua5.4 /usr/bin/ldoc -d html /usr/share/lua/5.4/pl >log 2>&1
    opens --with-source a.mprof
    "$MODPROF" report --format json a.mprof >report
    jq -e --slurpfile r report '.traces[0].processes[0] as $p | $r[0].processes[0] as $q |
        $p.metrics.cpu == $q.cpu.time_ns and $p.samples == $q.cpu.samples and
        $p.metrics.crossings == $q.crossings.lua_to_c + ($q.crossings.c_to_lua | to_entries | map(select(.key != "by_host").value) | add // 0) and $p.moments > 0 and $p.sources > 10 and $p.facts > 2' told
    # What was allocated, from the start on, is what the report counts.
    jq -e --slurpfile r report '.traces[0].processes[0].metrics["alloc-count"] > 0.9 * $r[0].processes[0].allocations.lua.blocks' told
}

@test "luacheck, in wall time" {
    LUA_PATH=';;/usr/share/lua/5.1/?.lua;/usr/share/lua/5.1/?/init.lua' "$MODPROF" run -q --wall -o a.mprof -- \
        lua5.4 -l luacheck.main "$root/tests/hosts/heap_strict.h" >log 2>&1 || true
    opens a.mprof
    jq -e '.traces[0].processes[0].metrics | .wall > 0 and .load > 0' told
}

@test "lighttpd with mod_magnet, after requests" {
    echo 'lighty.env["physical.path"] = nil return 204' >m.lua
    mkdir www
    # Below those that the kernel gives to others meanwhile.
    port=$(/usr/bin/python3 -c 'import random, socket
while True:
    try:
        port = random.randrange(10000, 20000)
        socket.socket().bind(("127.0.0.1", port))
        break
    except OSError:
        pass
print(port)')
    cat >l.conf <<CONF
server.modules = ("mod_magnet")
server.document-root = "$PWD/www"
server.bind = "127.0.0.1"
server.port = $port
magnet.attract-physical-path-to = ("$PWD/m.lua")
CONF
    LD_PRELOAD=$SHIM MODPROF_OUT=$PWD/a.mprof MODPROF_CPU=999 /usr/sbin/lighttpd -D -f l.conf -m "${LIGHTTPD_MODULES:-/usr/lib/lighttpd}" >log 2>&1 3>&- &
    server=$!
    curl -s --retry 50 --retry-delay 1 --retry-all-errors --retry-connrefused -o body "http://127.0.0.1:$port/"
    for i in 1 2 3; do curl -s -o body "http://127.0.0.1:$port/$i"; done
    kill "$server"
    wait "$server" || true
    opens a.mprof
    jq -e '.traces[0].processes[0].metrics.crossings > 0' told
}

@test "marks, from Lua" {
    echo 'modprof.mark("begin") local t = {} for i = 1, 100 do t[i] = {} end modprof.mark("end </script>")' >m.lua
    "$MODPROF" run -q --marks -o a.mprof -- lua5.4 m.lua
    opens a.mprof
    jq -e '.traces[0].processes[0].marks == ["begin", "end </script>"]' told
}

@test "forked children, and several traces to compare" {
    echo 'kept = {} for i = 1, 1000 do kept[i] = { i } end' >f.lua
    LD_PRELOAD=$SHIM MODPROF_OUT=$PWD/%p.mprof MODPROF_ALLOC=exact "$HOSTS/fork_host" f.lua >out
    read -r parent child <out
    opens "$parent.mprof" "$child.mprof"
    jq -e --argjson p "[$parent, $child]" '[.traces[].processes[].pid] == $p and .compare == [0, 1]' told
    opens --diff "$child.mprof" "$parent.mprof"
    jq -e '.compare == [0, 1]' told
}

@test "errors, coroutines and full collections" {
    cat >e.lua <<'LUA'
for i = 1, 200 do
    pcall(error, { i })
    local co = coroutine.create(function() coroutine.yield(("x"):rep(i)) error "end" end)
    coroutine.resume(co) coroutine.resume(co)
end
collectgarbage "generational" collectgarbage() collectgarbage "incremental" collectgarbage()
LUA
    "$MODPROF" run -q --cpu -o a.mprof -- lua5.4 e.lua
    opens a.mprof
    jq -e '.traces[0].processes[0] | .moments > 0 and .facts > 0' told
}

@test "traces that are cut anywhere give what is intact" {
    MODPROF_ALLOC=exact "$MODPROF" run -q --cpu -o a.mprof -- lua5.4 -e 'for i = 1, 2e5 do local t = { i } end require "pl.pretty"'
    size=$(stat -c %s a.mprof)
    opened=0
    for part in 5 20 40 60 80 95; do
        head -c $((size * part / 100)) a.mprof >cut.mprof
        status=0
        "$MODPROF" export --format page-json -o page.json cut.mprof 2>err || status=$?
        case $status in
            1) [ -s err ] && continue ;; # nothing of it can be read, and why is said
            4) holds page.json && opened=$((opened + 1)) ;;
            *) return 1 ;;
        esac
    done
    [ "$opened" -gt 2 ]
}

@test "each table of made traces, of any size" {
    for what in demo many large; do
        "$HOSTS/trace_maker" "$what" "$what.mprof"
        opens "$what.mprof"
    done
    jq -e '.traces[0].processes[0].samples == 1000000' told
}

@test "the file opens as its data do, and a damaged one is refused with a sentence" {
    [ -s "$BUILD/viewer/page.html" ] || skip "built without the viewer: $(cat "$BUILD/viewer/why")"
    LD_PRELOAD=$SHIM MODPROF_OUT=a.mprof lua5.4 -e 'require "pl.pretty"'
    opens a.mprof
    "$MODPROF" export --format html -o a.html a.mprof
    node "$root/tests/viewer/open_page.mjs" a.html | cmp - told
    jq '.traces[0].processes[0].collections.end_bytes_d = ["x"] | .traces[0].processes[0].trees[0].up[0] = 7' page.json >bad.json
    run -1 node "$root/tests/viewer/open_page.mjs" bad.json
    [[ $output == "damaged: The data are damaged: traces[0].processes[0]."* ]]
}
