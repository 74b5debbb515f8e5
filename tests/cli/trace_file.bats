# Which file a trace goes to, what is never touched, and that a trace is whole whatever the host does.
bats_require_minimum_version 1.5.0
load own_folder

setup() {
    own_folder || return 1
}

profiled() { LD_PRELOAD=$SHIM "$@"; }
overview() { "$MODPROF" report --section overview "$@"; }
# The exact count of math.floor in a report.
floor_n() { "$MODPROF" report --section crossings "$1" | awk '$1 == "math.floor" {gsub(",", "", $2); print $2}'; }
arenas() { find /dev/shm -maxdepth 1 -name "modprof.$(id -u).$1.*" | wc -l; }

@test "by default: <program>-<pid>.mprof in the working directory, for its owner only" {
    profiled lua5.4 -e ''
    run ls
    [[ "${lines[0]}" =~ ^lua5\.4-[0-9]+\.mprof$ ]]
    [ "$(stat -c %a lua5.4-*.mprof)" = 600 ]
}

@test "in TMPDIR where the working directory can not be written" {
    (cd /proc/self && profiled lua5.4 -e '')
    [ "$(ls tmp/lua5.4-*.mprof | wc -l)" = 1 ]
}

@test "or where the told file can not be written, and MODPROF_VERBOSE says where it went" {
    MODPROF_VERBOSE=1 MODPROF_OUT=no/such/x.mprof run profiled lua5.4 -e ''
    [[ $output == *"can not be written to "*"no/such/x.mprof"*"the trace goes to $PWD/tmp/lua5.4-"* ]]
    [ "$(ls tmp/lua5.4-*.mprof | wc -l)" = 1 ]
    MODPROF_VERBOSE=1 MODPROF_OUT=y.mprof run profiled lua5.4 -e ''
    [[ $output == *"the trace goes to $PWD/y.mprof"* && $output != *"can not"* ]]
}

@test "a host that changes its directory writes where it was started" {
    MODPROF_OUT=x.mprof profiled "$HOSTS/processes" chroot || true
    [ -s x.mprof ]
}

@test "a program without Lua leaves no file, also as a child" {
    profiled ls >/dev/null
    profiled lua5.4 -e 'os.execute("ls >/dev/null; cat /dev/null")'
    [ "$(ls *.mprof | wc -l)" = 1 ]
}

@test "%p is the process id" {
    MODPROF_OUT=a-%p.mprof profiled lua5.4 -e ''
    run ls a-*.mprof
    [[ "${lines[0]}" =~ ^a-[0-9]+\.mprof$ ]]
}

@test "the newest run replaces an old trace of the same name" {
    MODPROF_OUT=x.mprof profiled lua5.4 -e 'math.floor(1)'
    MODPROF_OUT=x.mprof profiled lua5.4 -e 'math.floor(1) math.floor(1)'
    [ "$(ls *.mprof)" = x.mprof ]
    [ "$(floor_n x.mprof)" = 2 ]
}

@test "a child told the same name does not destroy its parent's trace" {
    MODPROF_OUT=x.mprof profiled lua5.4 -e \
        'math.floor(1) os.execute[[lua5.4 -e "for i=1,5 do math.floor(i) end"]] math.floor(2)'
    [ "$(ls *.mprof | wc -l)" = 2 ]
    [ "$(floor_n x.mprof)" = 2 ]
    [ "$(floor_n x-*.mprof)" = 5 ]
}

@test "nor does the program that this process becomes by exec" {
    MODPROF_OUT=x.mprof profiled "$HOSTS/processes" exec_lua
    [ "$(ls *.mprof | wc -l)" = 2 ]
    overview x.mprof | grep -q 'replaced by exec'
    overview x-*.mprof | grep -q 'exit status'
}

@test "what is not a trace is not touched" {
    echo 'print "my program"' >x.lua
    MODPROF_OUT=x.lua profiled lua5.4 x.lua
    [ "$(cat x.lua)" = 'print "my program"' ]
    [ "$(ls x-*.lua | wc -l)" = 1 ]
    overview x-*.lua | grep -q 'exit status 0'
}

@test "an empty file is used, whoever made it" {
    : >x.mprof
    MODPROF_OUT=x.mprof profiled lua5.4 -e ''
    overview x.mprof | grep -q 'exit status 0'
}

@test "nothing is written through a link, to a device, or to a pipe" {
    MODPROF_OUT=old.mprof profiled lua5.4 -e ''
    cp old.mprof kept && ln -s old.mprof x.mprof && mkfifo fifo && mkdir dir
    for out in x.mprof fifo dir /dev/null; do
        MODPROF_OUT=$out profiled lua5.4 -e 'math.floor(1)'
    done
    cmp old.mprof kept
    [ -L x.mprof ]
    [ ! -e /dev/null-* ]
    [ "$(ls tmp/*.mprof | wc -l)" = 4 ]
}

@test "a trace with a second name is not changed" {
    MODPROF_OUT=x.mprof profiled lua5.4 -e ''
    ln x.mprof saved.mprof && cp x.mprof copy
    MODPROF_OUT=x.mprof profiled lua5.4 -e 'math.floor(1)'
    cmp saved.mprof copy
}

@test "descriptors that the host closes are not missed" {
    MODPROF_OUT=x.mprof profiled "$HOSTS/processes" close_all
    overview x.mprof | grep -q 'exit status'
}

@test "of few descriptors the host keeps all, and the trace is whole" {
    local script='local f, n = {}, 0 repeat n = n + 1 f[n] = io.open("/dev/null") until not f[n]
        for i = 1, 300 do math.floor(i) end print(n)'
    run -0 bash -c "ulimit -n 10; lua5.4 -e '$script'"
    plain=$output
    run -0 bash -c "ulimit -n 10; LD_PRELOAD=$SHIM MODPROF_OUT=x.mprof lua5.4 -e '$script'"
    [ "$output" = "$plain" ]
    [ "$(floor_n x.mprof)" = 300 ]
    run -0 overview x.mprof
    [[ $output != *INCOMPLETE* ]]
}

@test "where little memory may be mapped nothing is recorded, and MODPROF_VERBOSE says so" {
    run -0 bash -c "ulimit -v 90000; LD_PRELOAD=$SHIM MODPROF_VERBOSE=1 lua5.4 -e 'print(42)'"
    [[ $output == *"nothing is recorded"*"ulimit -v"* ]]
    [[ $output == *42* ]]
    run -1 compgen -G '*.mprof'
}

@test "a limit on file size costs records, not the host" {
    run -0 bash -c "ulimit -f 4; LD_PRELOAD=$SHIM MODPROF_OUT=x.mprof lua5.4 -e '
        for i = 1, 3000 do load(\"return \" .. i) end print(42)'"
    [ "$output" = 42 ]
    overview x.mprof | grep -qE 'frames? could not be written'
}

@test "a full disk costs records, not the host" {
    [ "$(id -u)" = 0 ] || skip "needs root"
    mkdir small && mount -t tmpfs -o size=64k tmpfs small || skip "can not mount"
    head -c 57000 /dev/zero >small/fill
    run -0 env LD_PRELOAD="$SHIM" MODPROF_OUT=small/x.mprof lua5.4 -e '
        for i = 1, 3000 do load("return " .. i) end print(42)'
    cp small/x.mprof . || true
    umount small
    [ "$output" = 42 ]
    overview x.mprof | grep -qE 'frames? could not be written'
}

@test "after kill -9 the trace is completed, with exact counts, and nothing is left in /dev/shm" {
    pid=$(MODPROF_OUT=x.mprof profiled lua5.4 -e '
        for i = 1, 123456 do math.floor(i) end
        local pid = io.open("/proc/self/stat"):read("n")
        print(pid) io.stdout:flush()
        os.execute("kill -9 " .. pid)' || true)
    [ "$(arenas "$pid")" = 1 ]
    [ "$(floor_n x.mprof)" = 123456 ]
    [ "$(arenas "$pid")" = 0 ]
    [ "$(floor_n x.mprof)" = 123456 ]
}

@test "an orderly end leaves nothing in /dev/shm" {
    ls /dev/shm >before # killed processes of others, with ids that come again
    for way in fork_many vfork_exec daemon exec exec_fails quick_exit _exit exit_in_handler; do
        MODPROF_OUT=$way-%p.mprof profiled "$HOSTS/processes" "$way" >/dev/null 2>&1 || true
    done
    for _ in $(seq 3000); do [ -e daemon.done ] && break; sleep 0.02; done
    # A handler may end the program in the middle of a write: then its arena waits for a reader.
    run -0 "$MODPROF" report exit_in_handler-*.mprof
    ls *.mprof | sed 's/.*-\([0-9]*\)\.mprof$/modprof.'"$(id -u)"'.\1./' >ours
    [ "$(wc -l <ours)" -ge 8 ]
    for i in $(seq 300); do
        ls /dev/shm | grep -vxFf before >new || true
        grep -Ff ours new || break
        sleep 0.2
    done
    run -1 grep -Ff ours new
}

@test "without a collector the host runs on and nothing is written" {
    run -0 env LD_PRELOAD="$SHIM" MODPROF_OUT="unix:$PWD/nobody" lua5.4 -e 'print(42)'
    [ "$output" = 42 ]
    run -0 env LD_PRELOAD="$SHIM" MODPROF_OUT="tcp:localhost:1" lua5.4 -e 'print(42)'
    [ "$output" = 42 ]
    run -0 env LD_PRELOAD="$SHIM" MODPROF_OUT="tcp:no such thing" lua5.4 -e 'print(42)'
    [ "$output" = 42 ]
    [ -z "$(find . -name '*.mprof')" ]
}

@test "times and identity are the kernel's, whatever another preloaded library tells" {
    LD_PRELOAD=$SHIM:$HOSTS/meddler_module.so MODPROF_OUT=$PWD/t.mprof lua5.4 -e 'print(1)' &
    pid=$!
    wait $pid
    run -0 "$MODPROF" report -f json t.mprof
    jq -e --argjson pid $pid '.processes[0] | .pid == $pid and .complete and .duration_ns < 60e9
        and (now - .started_unix_ns / 1e9 | . > -60 and . < 600)' <<<"$output"
}
