# `modprof run`: the program notices nothing, its traces are collected, its status comes back.
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export HOME=$PWD TMPDIR=$PWD MODPROF_LIB=$SHIM
    unset XDG_RUNTIME_DIR
}

teardown() {
    [ -z "${reachable:-}" ] || rm -rf "$reachable"
}

# Goes to a folder that another user can reach as well, as the tests' own can not be.
go_where_all_can() {
    reachable=$(mktemp -d /tmp/modprof-test.XXXXXX)
    chmod 755 "$reachable"
    cd "$reachable" || return 1
    export TMPDIR=$PWD
    as="setpriv --reuid=65534 --regid=65534 --clear-groups"
    $as test -x "$MODPROF" -a -r "$SHIM" || skip "another user can not read the build"
}

pid_in() { "$MODPROF" report --section overview "$1" | sed -n 's/^process \([0-9]*\) .*/\1/p'; }
traces() { find . -name '*.mprof' | wc -l; }
sections() { "$MODPROF" report --section overview "$@"; }

@test "standard input, output and error stay the program's, the summary follows on stderr" {
    echo 'from stdin' | "$MODPROF" run -- lua5.4 -e \
        'io.write(io.read "a") io.stderr:write "to stderr\n"' >out 2>err
    [ "$(cat out)" = 'from stdin' ]
    [ "$(head -1 err)" = 'to stderr' ]
    grep -q 'exit status 0' err
    grep -q "modprof report lua5.4-[0-9]*.mprof" err
}

@test "the summary says what was lost, and how much" {
    run "$MODPROF" run -o chunks.mprof -- lua5.4 -e 'for i = 1, 2000 do assert(load("return " .. i, "=c" .. i)) end'
    [ "$status" = 0 ]
    [[ $output == *$'\n  lost: '*' loads of chunks have no row of their own'* ]]
    [[ $output != *"NOT covered"* ]]
}

@test "the program inherits no descriptor, no blocked and no changed signal" {
    "$MODPROF" run -q -- ls /proc/self/fd >with
    ls /proc/self/fd >without
    diff with without
    "$MODPROF" run -q -- grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status >with
    grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status >without
    diff with without
}

@test "the exit status is the program's, 128+n for a signal" {
    run -7 "$MODPROF" run -q -- lua5.4 -e 'os.exit(7)'
    run -1 "$MODPROF" run -q -- lua5.4 -e 'error "x"'
    run -143 "$MODPROF" run -q -- sh -c 'kill -TERM $$'
    run -139 "$MODPROF" run -q -- "$HOSTS/processes" segfault
}

@test "127 for a program that is not there, 126 for one that can not be executed" {
    run -127 "$MODPROF" run -- no-such-program
    [[ $output == *"no-such-program"*"no such command in PATH"* ]]
    run -127 "$MODPROF" run -- ./no/such/program
    echo text >plain.txt
    run -126 "$MODPROF" run -- ./plain.txt
    [[ $output == *"Permission denied"* ]]
    run -126 "$MODPROF" run -- "$PWD"
    [ "$(traces)" = 0 ]
}

@test "signals that the caller ignores stay ignored, and cost no exit status" {
    plain=$(env --ignore-signal=HUP,CHLD grep SigIgn /proc/self/status)
    run -0 env --ignore-signal=HUP,CHLD "$MODPROF" run -q -- grep SigIgn /proc/self/status
    [ "$output" = "$plain" ]
    run -4 env --ignore-signal=HUP,CHLD "$MODPROF" run -q -- sh -c 'exit 4'
}

@test "usage errors exit 2, and say what was wrong" {
    run -2 "$MODPROF" run
    [[ $output == *"no program"*"--help"* ]]
    run -2 "$MODPROF" run --bogus -- true
    [[ $output == *"--bogus"* ]]
    run -2 "$MODPROF" run -o
    run -2 "$MODPROF" run --wait soon -- true
    [[ $output == *"soon"* ]]
    run -0 --separate-stderr "$MODPROF" run --help
    [[ $output == *"--output"*"--wait"*"Exit status"* ]]
}

@test "options of the program are not taken for ours" {
    run -0 "$MODPROF" run -q sh -c 'echo "$@"' sh -q -o x --wait
    [ "$output" = '-q -o x --wait' ]
}

@test "a program without Lua leaves no trace, and that is said" {
    run -3 "$MODPROF" run -- sh -c 'exit 3'
    [[ $output == *"no Lua 5.4 was seen in sh; "*"modprof doctor -- sh"* ]]
    [ "$(traces)" = 0 ]
    run -0 env MODPROF=off "$MODPROF" run -- lua5.4 -e ''
    [[ $output == *"MODPROF=off"* ]]
    [ "$(traces)" = 0 ]
}

@test "-o names the trace; an older trace is replaced, nothing else is" {
    run -0 "$MODPROF" run -o t.mprof -- lua5.4 -e 'require "pl.pretty"'
    first=$(pid_in t.mprof)
    run -0 "$MODPROF" run -q -o t.mprof -- lua5.4 -e ''
    [ -n "$first" ]
    [ "$(pid_in t.mprof)" != "$first" ]
    [ "$(stat -c %a t.mprof)" = 600 ]
    echo mine >precious
    run -1 "$MODPROF" run -o precious -- touch started
    [[ $output == *"precious"*"not a trace"* ]]
    [ "$(cat precious)" = mine ]
    ln -s precious link.mprof
    run -1 "$MODPROF" run -o link.mprof -- touch started
    [ -L link.mprof ]
    run -1 "$MODPROF" run -o no/such/dir/t.mprof -- touch started
    [ ! -e started ]
}

@test "-o with a directory keeps the usual names" {
    mkdir there
    run -0 "$MODPROF" run -q -o there -- lua5.4 -e ''
    ls there/lua5.4-*.mprof
}

@test "an older trace never passes for the new one" {
    "$MODPROF" run -q -o t.mprof -- lua5.4 -e ''
    run -0 "$MODPROF" run -q -o t.mprof -- true
    [ ! -e t.mprof ]
}

@test "each process has a trace of its own, -o is the main one's" {
    run -0 "$MODPROF" run -o t.mprof -- lua5.4 -e \
        'for i = 1, 3 do os.execute("lua5.4 -e \"require[[pl.utils]]\"") end os.execute "ls >/dev/null"'
    [[ $output == *"4 traces"* ]]
    [ "$(traces)" = 4 ]
    [ -e t.mprof ]
    [ "$(find . -name 't-*.mprof' | wc -l)" = 3 ]
    run -0 sections .
}

@test "where a shell starts the program, -o is the program's trace" {
    run -0 "$MODPROF" run -q -o t.mprof -- sh -c 'lua5.4 -e ""; exit 0'
    [ "$(traces)" = 1 ]
    run -0 sections t.mprof
}

@test "kill -9 leaves a complete trace" {
    run -137 "$MODPROF" run -o t.mprof -- lua5.4 -e '
        for i = 1, 12345 do string.rep("x", 3) end
        local pid = io.open "/proc/self/stat":read "n"
        os.execute("kill -9 " .. pid)'
    [[ $output == *"signal SIGKILL"* ]]
    run -0 sections t.mprof
    [[ $output == *"killed by signal 9"* ]]
    "$MODPROF" report --section crossings t.mprof | grep -E 'string\.rep +12,345 '
}

@test "ways to fork, exec, daemonise and die all leave complete traces" {
    for way in fork_after:2 fork_of_fork:2 fork_many:21 fork_unseen:5 fork_killed:2 fork_exec:1 vfork_exec:2 spawn:1 \
        close_all:1 few_descriptors:1 quick_exit:1 _exit:1 exec:1 exec_fails:1 exec_lua:2 abort:1; do
        mkdir "$way"
        (cd "$way" && "$MODPROF" run -q -- "$HOSTS/processes" "${way%:*}" >/dev/null 2>&1) || true
        [ "$(find "$way" -name '*.mprof' | wc -l)" = "${way#*:}" ]
        run -0 sections "$way"
    done
}

@test "a daemon that begins when the program ends is collected as well" {
    run -0 "$MODPROF" run --wait all -- "$HOSTS/processes" daemon
    [ -e daemon.done ]
    [ "$(traces)" = 2 ]
    run -0 sections .
}

@test "processes left in the background are left running, and that is said" {
    run -0 "$MODPROF" run --wait 0.2 -- sh -c 'lua5.4 -e "
        for i = 1, 500 do string.rep([[x]], i) end
        os.execute [[touch begun; for i in \$(seq 2400); do [ -e end ] && break; sleep 0.05; done; touch ended]]" >/dev/null 2>&1 &
        for i in $(seq 1200); do [ -e begun ] && break; sleep 0.05; done'
    [[ $output == *"1 process is still in the background"* ]]
    run -4 sections lua5.4-*.mprof
    "$MODPROF" report --section crossings lua5.4-*.mprof | grep -E 'string\.rep +500 '
    touch end
    for _ in $(seq 1200); do [ -e ended ] && break; sleep 0.05; done
    [ -e ended ]
}

@test "signals that are sent to modprof reach the program" {
    for signal in HUP INT QUIT TERM USR1 USR2; do
        rm -f ready
        # A shell's background jobs ignore SIGINT and SIGQUIT.
        env --default-signal=INT,QUIT "$MODPROF" run -q -- bash -c "
            trap 'exit 42' $signal; touch ready; for i in {1..1200}; do sleep 0.05; done" &
        pid=$!
        for _ in $(seq 1200); do [ -e ready ] && break; sleep 0.05; done
        kill -s $signal $pid
        status=0
        wait $pid || status=$?
        [ $status = 42 ]
    done
}

@test "modprof stops and goes on with the program" {
    "$MODPROF" run -q -- bash -c 'touch ready; for i in {1..1200}; do [ -e end ] && exit 5; sleep 0.05; done' &
    pid=$!
    for _ in $(seq 1200); do [ -e ready ] && break; sleep 0.05; done
    child=$(cat /proc/$pid/task/$pid/children)
    state() { sed 's/.*) //; s/ .*//' "/proc/$1/stat"; }
    kill -TSTP $pid
    for _ in $(seq 1200); do [ "$(state "${child% }")" = T ] && break; sleep 0.05; done
    [ "$(state "${child% }")" = T ]
    kill -CONT $pid
    for _ in $(seq 1200); do [ "$(state "${child% }")" != T ] && break; sleep 0.05; done
    [ "$(state "${child% }")" != T ]
    touch end
    status=0
    wait $pid || status=$?
    [ $status = 5 ]
}

@test "what the user preloads stays, the shim comes first" {
    run -0 env ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD="$HOSTS/identity_module.so" "$MODPROF" run -q -- sh -c 'echo "$LD_PRELOAD"'
    [ "$output" = "$SHIM:$HOSTS/identity_module.so" ]
}

@test "a path with blanks and colons can be preloaded" {
    mkdir 'a b:c'
    cp "$SHIM" 'a b:c/libmodprof.so'
    MODPROF_LIB="$PWD/a b:c/libmodprof.so" run -0 "$MODPROF" run -q -o t.mprof -- lua5.4 -e 'print "fine"'
    [ "$output" = fine ]
    run -0 sections t.mprof
    mkdir 'c d'
    MODPROF_LIB="$PWD/a b:c/libmodprof.so" TMPDIR="$PWD/c d" run -0 "$MODPROF" run -q -o t.mprof -- lua5.4 -e 'print "fine"'
    [ "$output" = fine ]
}

@test "a missing shim is said, and nothing is started" {
    run -1 env MODPROF_LIB=/no/such/lib.so "$MODPROF" run -- touch started
    [[ $output == *"MODPROF_LIB"*"/no/such/lib.so"* ]]
    [ ! -e started ]
}

@test "nothing is left of the socket" {
    "$MODPROF" run -q -- lua5.4 -e ''
    run -127 "$MODPROF" run -q -- no-such-program
    [ -z "$(find . -name 'modprof-*')" ]
}

@test "where the working directory can not be written the trace goes to TMPDIR" {
    [ "$(id -u)" != 0 ] || go_where_all_can
    mkdir locked tmp
    chmod 555 locked
    chmod 777 tmp
    TMPDIR=$PWD/tmp run -0 ${as:-} env -C locked "$MODPROF" run -- lua5.4 -e ''
    ls tmp/lua5.4-*.mprof
    [[ $output == *"$PWD/tmp/lua5.4-"* ]]
}

@test "a server that gives up root before it starts Lua is collected" {
    [ "$(id -u)" = 0 ] || skip "needs root"
    go_where_all_can
    run -0 "$MODPROF" run -q -o t.mprof -- $as lua5.4 -e 'print "nobody"'
    [ "$output" = nobody ]
    run -0 sections t.mprof
    [ "$(stat -c %u t.mprof)" = 0 ]
}

@test "a full disk keeps what was written, and is said" {
    [ "$(id -u)" = 0 ] && unshare -m true || skip "needs a mount namespace"
    mkdir small
    run -0 unshare -m sh -c 'mount -t tmpfs -o size=16k none small && head -c 12000 /dev/zero >small/fill
        cd small && "$MODPROF" run -o t.mprof -- lua5.4 -e "
            for i = 1, 400 do load(\"return \" .. i, \"chunk number \" .. i .. math.random())() end"
        echo "status $?"; "$MODPROF" report t.mprof; echo "report $?"'
    [[ $output == *"No space left on device"* ]]
    [[ $output == *"status 0"* ]]
    [[ $output == *"report 4"* || $output == *"report 1"* ]]
}

@test "--cpu takes samples of CPU time, at a rate that is checked" {
    run -0 "$MODPROF" run -q --cpu=499 -o "$PWD/c.mprof" -- lua5.4 -e 'local s = 0 for i = 1, 2e7 do s = s + i end'
    run -0 "$MODPROF" report c.mprof --format json --section overview,cpu
    [[ $output == *perf_event_open* || $output == *samples* ]]
    run -2 "$MODPROF" run --cpu=0 -- true
    run -2 "$MODPROF" run --cpu=fast -- true
}
