# `modprof bench`: runs that fail, interrupts, baselines, and what is wrong on the command line.
bats_require_minimum_version 1.5.0
load own_folder

setup() {
    own_folder || return 1
    unset n
}

# Busy for N steps; N from the environment or the first argument.
busy='local n = tonumber(arg and arg[1] or os.getenv "n") local t = {} for i = 1, n do t[i] = {} end'

@test "failures end it, or are told" {
    run -1 --separate-stderr "$MODPROF" bench -n 3 -w 0 -- sh -c 'exit 3'
    [[ $stderr == *"ended with exit status 3"*"--ignore-failure"* ]]
    run -0 "$MODPROF" bench -i -n 3 -w 0 -- sh -c 'exit 3'
    [[ $output == *"3 runs of app ended with exit status 3"* ]]
    run -1 "$MODPROF" bench -n 3 -w 0 -- sh -c 'kill -SEGV $$'
    [[ $output == *"signal 11"* ]]
    run -4 "$MODPROF" bench -i -n 2 -w 0 --timeout 50ms -- sleep 20
    [[ $output == *"2 runs of app took too long"*  ]]
    run -1 "$MODPROF" bench -n 2 --prepare 'sh -c "exit 9"' -- true
    [[ $output == *"exit 9"*"exit status 9"* ]]
    run -1 "$MODPROF" bench -n 2 -- ./not-there
    [[ $output == *"could not be started: No such file"* ]]
}

@test "an interrupt ends it with what there is" {
    env --default-signal "$MODPROF" bench -n 100000 -w 0 -o out -- sh -c 'echo x >>ran' 3>&- &
    pid=$!
    : >>ran
    until [ "$(wc -l <ran)" -gt 5 ]; do sleep 0.02; done
    kill -INT $pid
    status=0
    wait $pid || status=$?
    [ "$status" = 4 ]
    grep -q 'interrupted: these are the runs until then' out
    grep -q '^wall ' out
}

@test "baselines are saved, compared with, and refused where they do not fit" {
    echo "$busy" >busy.lua
    export n=1000
    run -4 "$MODPROF" bench -n 2 -m lua.blocks -b main -- lua5.4 busy.lua
    [[ $output == *"there is no history yet"* ]]
    run -0 "$MODPROF" bench -n 2 -m lua.blocks -b main --lenient -- lua5.4 busy.lua
    run -4 "$MODPROF" bench -n 2 -m lua.blocks -b main --lenient --strict -- lua5.4 busy.lua
    run -0 "$MODPROF" bench -n 2 -m lua.blocks --save-baseline main -- lua5.4 busy.lua
    [ -e .modprof-history ]
    run -0 "$MODPROF" bench -n 2 -m lua.blocks -b main -- lua5.4 busy.lua
    n=1100 run -3 "$MODPROF" bench -n 2 -m lua.blocks -b main -- lua5.4 busy.lua
    [[ $output == *"baseline main, of 20"* ]]
    n=1100 run -3 "$MODPROF" bench -n 2 -m lua.blocks -b main --save-baseline main -- lua5.4 busy.lua
    [[ $output == *"the baseline main stays what it was"* ]]
    n=1100 run -3 "$MODPROF" bench -n 2 -m lua.blocks -b main -- lua5.4 busy.lua
    run -4 "$MODPROF" bench -n 2 -m lua.blocks -b other -- lua5.4 busy.lua
    [[ $output == *"there is no baseline other of this command"*"; it has main"* ]]
    sqlite3 .modprof-history "update machine set text = 'a slow one'"
    run -4 "$MODPROF" bench -n 2 -m lua.blocks -b main -- lua5.4 busy.lua
    [[ $output == *"another machine (a slow one)"*"--any-machine"* ]]
    n=1100 run -3 "$MODPROF" bench -n 2 -m lua.blocks -b main --any-machine -- lua5.4 busy.lua
    echo "not a database, but long enough to look like one if nobody looked: ...................................." >.modprof-history
    run -1 "$MODPROF" bench -n 2 -m lua.blocks -b main -- lua5.4 busy.lua
    [[ $output == *"is no history of modprof"* ]]
}

@test "what is wrong on the command line is told" {
    run -2 "$MODPROF" bench
    [[ $output == *"no program was given"* ]]
    run -2 "$MODPROF" bench -m lua.alocated -- true
    [[ $output == *'did you mean `lua.allocated`'* ]]
    run -2 "$MODPROF" bench -m lua.peak:x -- true
    [[ $output == *"of the whole process"* ]]
    run -2 "$MODPROF" bench -m wall,wall -- true
    run -2 "$MODPROF" bench --vs 'a | b' -- true
    [[ $output == *"needs a shell"* ]]
    run -2 "$MODPROF" bench --vs a -b main -- true
    run -2 "$MODPROF" bench --threshold 5 --detect 5 -- true
    [[ $output == *"must be above"* ]]
    run -2 "$MODPROF" bench --param n= -- true
    run -2 "$MODPROF" bench -n 0 -- true
    run -2 "$MODPROF" bench --time soon -- true
    run -0 "$MODPROF" bench --metrics
    [[ $output == *crossings.down* && $output == *wall* ]]
}
