#!/usr/bin/env bats
# A leak in a server's script: lighttpd with mod_magnet, on a free port of the loopback, and a client.
bats_require_minimum_version 1.5.0

SERVER=$(command -v lighttpd || echo /usr/sbin/lighttpd)

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    unset MODPROF_MARKS
    [ -x "$SERVER" ] || skip "there is no lighttpd"
    [ -e /usr/lib/lighttpd/mod_magnet.so ] || skip "there is no mod_magnet"
    # What a request leaves in the table of sessions; the leak never takes anything out of it.
    cat >script.lua <<'LUA'
local state = package.loaded.sessions or { n = 0 }
package.loaded.sessions = state
local function session(path)
    return { path = path, tags = { path .. "#" .. state.n } } -- PLANTED
end
local function answer(path)
    local words = {}
    for i = 1, 30 do words[i] = path .. i end
    return table.concat(words, " ")
end
state.n = state.n + 1
local slot = KEEP and state.n % KEEP or #state + 1
state[slot] = session(lighty.env["uri.path"]) -- ALSO
lighty.content = { answer(lighty.env["uri.path"]) .. "\n" }
return 200
LUA
}

teardown() {
    if [ -n "${PID:-}" ]; then kill -KILL "$PID" 2>/dev/null || true; fi
}

# A port that is free now may be taken a moment later: a few are tried.
serve() { # SCRIPT
    for PORT in $(shuf -i 20000-29999 -n 5); do
        cat >lighttpd.conf <<CONF
server.modules = ("mod_magnet")
server.document-root = "$PWD"
server.bind = "127.0.0.1"
server.port = $PORT
server.errorlog = "$PWD/error.log"
server.max-keep-alive-requests = 0
magnet.attract-physical-path-to = ("$PWD/$1")
CONF
        rm -f t.mprof
        LD_PRELOAD=$SHIM MODPROF_OUT=$PWD/t.mprof MODPROF_ALLOC=exact MODPROF_CPU=off MODPROF_MARK_SIGNAL=$MARK \
            "$SERVER" -D -f lighttpd.conf >server.out 2>&1 3>&- &
        PID=$!
        for _ in $(seq 600); do
            # The answer must be this server's: another one may have the port.
            [ "$(curl -s -m 60 "http://127.0.0.1:$PORT/begin")" = "$(words /begin)" ] && return 0
            kill -0 "$PID" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL "$PID" 2>/dev/null || true
        wait "$PID" || true
        PID=
    done
    cat error.log server.out
    return 1
}

words() {
    seq 30 | sed "s|^|$1|" | tr '\n' ' ' | sed 's/ $//'
}

requests() { # FROM TO
    curl -s -S -m 240 -o /dev/null "http://127.0.0.1:$PORT/r[$1-$2]"
}

# The signal waits for the server when the next request does, so the mark is that request's.
mark() {
    kill "-$MARK" "$PID"
    requests 0 0
}

# N requests, of which the second half is between two marks; then an orderly stop.
run_server() { # SCRIPT N
    MARK=$(kill -l RTMAX)
    serve "$1" || return 1
    requests 1 $(($2 / 2))
    mark
    requests $(($2 / 2 + 1)) "$2"
    mark
    kill -INT "$PID"
    wait "$PID"
    PID=
}

# Lines that are accused, of the script: there is no other Lua.
accused() {
    "$MODPROF" report --leaks --format json t.mprof | lua5.4 "$BATS_TEST_DIRNAME/report/accused.lua" >said || return 1
    cat said
    sed -n "s|^Lua $PWD/[a-z]*\.lua:||p" said | sort -n >lines
    [ "$(wc -l <lines)" = "$(wc -l <said)" ] || return 1
}

line_of() { # SCRIPT PATTERN
    grep -nE -e "-- ($2)\$" "$1" | cut -d: -f1
}

# Blocks of the planted line, more at the second mark than at the first.
grown() { # SCRIPT
    "$MODPROF" report --growth '#1' '#2' --format json t.mprof |
        jq --argjson line "$(line_of "$1" PLANTED)" '[.processes[].growth.rows[] | select(.line == $line and .heap == "Lua") | .to_blocks - .from_blocks] | add // 0'
}

@test "the line in a server's script whose memory grows with the requests is found, by its leaks and by what grew between signals" {
    { echo 'local KEEP = nil'; cat script.lua; } >leak.lua
    run_server leak.lua 6000
    accused
    grep -qxF "$(line_of leak.lua PLANTED)" lines
    [ -z "$(grep -vxF "$(line_of leak.lua 'PLANTED|ALSO')" lines)" ]
    # Two tables for each request.
    run -0 grown leak.lua
    [ "$output" -ge 6000 ]
}

@test "a server's script that forgets its sessions is not accused, nor did they grow between signals" {
    { echo 'local KEEP = 100'; cat script.lua; } >clean.lua
    run_server clean.lua 6000
    accused
    [ ! -s said ]
    run -0 grown clean.lua
    [ "$output" -lt 3000 ] # what is not collected yet
}
