# `modprof collect`: many processes into one directory; clients, peers and disks that misbehave are
# tests/unit/test_serve.c's.
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export HOME=$PWD TMPDIR=$PWD
    unset MODPROF_OUT MODPROF_TOKEN
    mkdir d
}

teardown() {
    [ -z "${collector:-}" ] || kill -9 "$collector" 2>/dev/null || true
    [ -z "${reachable:-}" ] || rm -rf "$reachable"
}

# Starts a collector and waits until it listens.
collect() {
    "$MODPROF" collect --dir d "$@" 2>log &
    collector=$!
    for _ in $(seq 3000); do
        grep -q listening log && return
        kill -0 $collector 2>/dev/null || break
        sleep 0.02
    done
    cat log
    return 1
}

# Ends it in order; its exit status.
finish() {
    kill -TERM "$collector"
    local status=0
    wait "$collector" || status=$?
    collector=
    return $status
}

# Waits until the log has N lines like this.
logged() { # N PATTERN
    for _ in $(seq 3000); do
        [ "$(grep -c -E "$2" log)" -ge "$1" ] && return
        sleep 0.02
    done
    cat log
    return 1
}

port() { sed -n 's/.*listening on tcp:127.0.0.1:\([0-9]*\).*/\1/p' log; }
lua() { LD_PRELOAD=$SHIM lua5.4 "$@"; }
sections() { "$MODPROF" report --section overview "$@"; }

@test "fifty processes at once, each into a private file of its own, all complete" {
    collect --listen "unix:$PWD/socket"
    export MODPROF_OUT=unix:$PWD/socket
    for i in $(seq 50); do
        lua -e "for i = 1, $i do string.rep('x', i) end" &
    done
    logged 50 ' ended: '
    finish
    [ "$(find d -name 'lua5.4-*.mprof' -perm 600 | wc -l)" = 50 ]
    run -0 sections d
    for trace in d/*.mprof; do # each with its own count
        "$MODPROF" report --section crossings "$trace" | sed -nE 's/^string\.rep +([0-9]+) .*/\1/p'
    done >counts
    diff <(sort -n counts) <(seq 50)
    [ ! -e socket ]
}

@test "the socket is for its user only, and a stale one is replaced" {
    collect --listen "unix:$PWD/socket"
    [ "$(stat -c %a socket)" = 600 ]
    run -1 "$MODPROF" collect --listen "unix:$PWD/socket" --dir d
    [[ $output == *"another collector listens there"* ]]
    kill -9 "$collector"
    wait "$collector" || true
    [ -S socket ]
    collect --listen "unix:$PWD/socket"
    MODPROF_OUT=unix:$PWD/socket lua -e ''
    logged 1 ' ended: '
    finish
    echo mine >socket
    run -1 "$MODPROF" collect --listen "unix:$PWD/socket" --dir d
    [[ $output == *"a file, not a socket"* ]]
    [ "$(cat socket)" = mine ]
}

@test "another user is refused" {
    [ "$(id -u)" = 0 ] || skip "needs root"
    reachable=$(mktemp -d /tmp/modprof-test.XXXXXX)
    chmod 755 "$reachable"
    collect --listen "unix:$reachable/socket"
    chmod 666 "$reachable/socket"
    as="setpriv --reuid=65534 --regid=65534 --clear-groups"
    $as test -r "$SHIM" || skip "another user can not read the build"
    MODPROF_OUT=unix:$reachable/socket LD_PRELOAD=$SHIM $as lua5.4 -e ''
    logged 1 'belongs to another user'
    finish
    [ -z "$(ls d)" ]
}

@test "tcp stays on loopback; beyond it a token is required" {
    run -1 "$MODPROF" collect --listen 'tcp:*:0' --dir d
    [[ $output == *"other machines"*"token"* ]]
    run -1 "$MODPROF" collect --listen tcp:0.0.0.0:0 --dir d
    collect --listen tcp:0
    MODPROF_OUT=tcp:127.0.0.1:$(port) lua -e ''
    logged 1 ' ended: '
    finish
}

@test "tcp clients must know the token" {
    echo right-one >token
    collect --listen tcp:0 --token-file token
    MODPROF_OUT=tcp:127.0.0.1:$(port)
    export MODPROF_OUT
    lua -e ''
    logged 1 'wrong token'
    MODPROF_TOKEN=wrong-one lua -e ''
    logged 2 'wrong token'
    [ -z "$(ls d)" ]
    MODPROF_TOKEN=right-one lua -e ''
    logged 1 ' ended: '
    finish
    run -0 sections d
}

@test "a process killed with SIGKILL leaves a complete trace" {
    collect --listen "unix:$PWD/socket"
    export MODPROF_OUT=unix:$PWD/socket
    (lua -e 'for i = 1, 777 do string.rep("x", 3) end
        os.execute("kill -9 " .. io.open "/proc/self/stat":read "n")') || true
    logged 1 'was killed; its trace was completed'
    finish
    run -0 sections d
    "$MODPROF" report --section crossings d | grep -E 'string\.rep +777 '
}

@test "a process goes on with its file when the collector was killed and another one came" {
    collect --listen "unix:$PWD/socket"
    MODPROF_OUT=unix:$PWD/socket LD_PRELOAD=$SHIM lua5.4 -e '
        local n = 0
        repeat
            for i = 1, 50000 do string.rep("x", 3) end
            n = n + 1
            local f = io.open "stop"
        until f
        print(n * 50000)' >count &
    host=$!
    logged 1 ' came: '
    kill -9 "$collector"
    wait "$collector" || true
    collect --listen "unix:$PWD/socket"
    logged 1 ' came: ' # once a second it tries
    touch stop
    wait $host
    logged 1 ' ended: '
    finish
    [ "$(find d -name '*.mprof' | wc -l)" = 1 ]
    "$MODPROF" report --section crossings d >report || [ $? = 4 ]
    grep -E "string\.rep +$(sed -E ':a;s/([0-9])([0-9]{3})($|,)/\1,\2\3/;ta' count) " report
}

@test "a process does not notice that its collector ends" {
    collect --listen "unix:$PWD/socket"
    MODPROF_OUT=unix:$PWD/socket lua -e '
        os.execute "touch begun; while [ -e begun ]; do sleep 0.02; done"
        for i = 1, 1e6 do string.rep("x", 3) end
        print "fine"' >out 2>&1 &
    host=$!
    for _ in $(seq 3000); do [ -e begun ] && break; sleep 0.02; done
    logged 1 ' came: ' # the collector may come to see it later than the program begins
    finish
    grep 'left running' log
    rm begun
    wait $host
    [ "$(cat out)" = fine ]
    run -4 sections d
}

@test "usage errors exit 2, errors exit 1, and say what was wrong" {
    run -2 "$MODPROF" collect
    [[ $output == *"--listen"* ]]
    run -2 "$MODPROF" collect --listen unix:x
    [[ $output == *"--dir"* ]]
    run -2 "$MODPROF" collect --listen /x --dir d
    [[ $output == *"unix: or tcp:"* ]]
    run -2 "$MODPROF" collect --listen unix:x --dir d --max-bytes much
    run -2 "$MODPROF" collect --listen unix:x --dir d --max-clients 0
    run -2 "$MODPROF" collect --listen unix:x --dir d --token 'a b'
    run -2 "$MODPROF" collect --listen unix:x --dir d extra
    run -1 "$MODPROF" collect --listen "unix:$PWD/x" --dir no/such
    [[ $output == *"no/such"* ]]
    run -1 "$MODPROF" collect --listen "unix:$(printf 'x%.0s' $(seq 200))" --dir d
    run -1 "$MODPROF" collect --listen tcp:no.such.host.invalid:1 --dir d
    run -1 "$MODPROF" collect --listen unix:x --dir d --token-file no-such
    run -1 timeout 10 "$MODPROF" collect --listen tcp:99999 --dir d
    [[ $output == *"65535"* ]]
    run -1 timeout 10 "$MODPROF" collect --listen tcp:127.0.0.1:65536 --dir d
    run -0 "$MODPROF" collect --help
    [[ $output == *"--max-clients"*"Exit status"* ]]
}
