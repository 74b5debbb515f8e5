# `modprof report`: which files, which options, what is said about bad ones.
bats_require_minimum_version 1.5.0
load own_folder

setup() {
    own_folder || return 1
    "$HOSTS/trace_maker" demo demo.mprof
}

# The report on a terminal of 80 columns, without the terminal's carriage returns.
on_terminal() {
    script -qec "stty cols 80; $*" /dev/null </dev/null | tr -d '\r'
}

widest() { awk '{ n = length($0); if (n > w) w = n } END { print w + 0 }'; }

@test "a whole trace is reported, exit 0" {
    run -0 "$MODPROF" report demo.mprof
    [[ $output == *"process 4242"* ]]
    [[ $output == *"pl.pretty"* ]]
    [[ $output == *"string.format"*"123,456"* ]]
    [[ $output != *INCOMPLETE* ]]
}

@test "without a name the newest trace here is taken, then the one in TMPDIR" {
    "$HOSTS/trace_maker" open older.mprof
    touch -d '1 hour ago' older.mprof
    run -0 "$MODPROF" report
    [[ $output == *"demo.mprof"* ]]
    mv demo.mprof tmp/
    rm older.mprof
    run -0 "$MODPROF" report
    [[ $output == *"tmp/demo.mprof"* ]]
    rm tmp/demo.mprof
    run -1 "$MODPROF" report
    [[ $output == *"there is no trace"*"modprof run"* ]]
}

@test "a directory stands for its traces, with a table of processes first" {
    "$HOSTS/trace_maker" open tmp/open.mprof
    cp demo.mprof tmp/
    run -4 "$MODPROF" report tmp
    [[ $output == *"Processes"*"INCOMPLETE"* ]]
    [[ $output == *"tmp/demo.mprof"* && $output == *"tmp/open.mprof"* ]]
    mkdir empty
    run -1 "$MODPROF" report empty
    [[ $output == *"no trace"* ]]
}

@test "of many processes there is a table, and --pid chooses one" {
    for i in 1 2 3 4 5 6 7 8; do cp demo.mprof "tmp/$i.mprof"; done
    run -0 "$MODPROF" report tmp
    [[ $output == *"NOT covered"* ]]
    cp demo.mprof tmp/9.mprof
    run -0 "$MODPROF" report tmp
    [[ $output == *"Processes"*"--pid"* && $output != *"NOT covered"* ]]
    run -0 "$MODPROF" report --pid 4242 demo.mprof
    [[ $output == *"pl.pretty"* ]]
    run -1 "$MODPROF" report --pid 1 demo.mprof
    [[ $output == *"no process 1"* ]]
}

@test "a trace is read from standard input" {
    run -0 bash -c '"$MODPROF" report - <demo.mprof'
    [[ $output == *"pl.pretty"* ]]
}

@test "a cut trace says so in the first lines, shows what is intact, exit 4" {
    head -c -20 demo.mprof >cut.mprof
    run -4 "$MODPROF" report cut.mprof
    [[ ${lines[2]} == *"INCOMPLETE:"*"cut off"* ]]
    [[ $output == *"pl.pretty"* ]]
}

@test "a damaged trace names the bytes, shows what is intact, exit 4" {
    printf '\377\377\377\377' | dd of=demo.mprof bs=1 seek=600 conv=notrunc status=none
    run -4 "$MODPROF" report demo.mprof
    [[ $output == *"INCOMPLETE:"*"damaged from byte "*" to "* ]]
    [[ $output == *"4242"* ]]
}

@test "a trace without an end says so, exit 4" {
    "$HOSTS/trace_maker" open open.mprof
    run -4 "$MODPROF" report open.mprof
    [[ $output == *"INCOMPLETE:"*"no end record"* ]]
}

@test "unusable files give one sentence each and exit 1" {
    : >empty.mprof
    echo "this is no trace, whatever its name says, and long enough to be one" >foreign.mprof
    head -c 30 demo.mprof >stub.mprof
    for f in missing.mprof empty.mprof foreign.mprof stub.mprof /; do
        run -1 "$MODPROF" report $f
        [ "${#lines[@]}" = 1 ]
        [[ $output == "modprof report: "* ]]
    done
}

@test "a bad file does not hide a good one" {
    run -1 "$MODPROF" report missing.mprof demo.mprof
    [[ $output == *"missing.mprof: can not be opened"* && $output == *"pl.pretty"* ]]
}

@test "wrong usage is named, with what was meant, exit 2" {
    run -2 "$MODPROF" report --sort totl demo.mprof
    [[ $output == *'did you mean `total`?'* ]]
    run -2 "$MODPROF" report --section module
    [[ $output == *'did you mean `modules`?'* ]]
    run -2 "$MODPROF" report --top many
    run -2 "$MODPROF" report --width 5
    run -2 "$MODPROF" report --nosuch
    [[ $output == *--nosuch* ]]
    run -2 "$MODPROF" report -z
    [[ $output == *"no option -z"* ]]
    run -2 "$MODPROF" reprot
    [[ $output == *'did you mean `report`?'* ]]
    run -2 "$MODPROF"
}

@test "help is complete, and goes to stdout" {
    run -0 bash -c '"$MODPROF" report --help 2>/dev/null'
    for option in --format --top --sort --filter --section --width --color --help; do
        [[ $output == *"$option"* ]]
    done
    run -0 "$MODPROF" --help
    for command in run collect report doctor; do [[ $output == *"  $command "* ]]; done
    run -0 "$MODPROF" help report
    [[ $output == "usage: modprof report"* ]]
    run -0 "$MODPROF" --version
}

@test "sorted, filtered and limited" {
    run -0 "$MODPROF" report --section modules --sort self --top 1 demo.mprof
    [[ $output == *"app "* && $output == *"and 4 more"* && $output != *"pl.utils "*"lua"* ]]
    run -0 "$MODPROF" report --section crossings --filter 'FILE*' demo.mprof
    [[ $output == *"FILE*:read"* && $output != *"string.format"* ]]
}

@test "json is one object, with everything in it" {
    run -0 "$MODPROF" report --format json demo.mprof
    [[ $output == "{"*'"schema": "modprof-report"'*'"label": "string.format"'*"}" ]]
}

@test "on a terminal the page fits it and is coloured, NO_COLOR is respected" {
    unset NO_COLOR
    export TERM=xterm
    run -0 on_terminal "$MODPROF" report demo.mprof
    [[ $output == *$'\033['* ]]
    export NO_COLOR=1
    run -0 on_terminal "$MODPROF" report demo.mprof
    [[ $output != *$'\033'* ]]
    [ "$(widest <<<"$output")" -le 80 ]
    [[ $output == *"pl.pretty"* ]]
}

@test "in a pipe there is no colour, and a closed pipe is no error" {
    unset NO_COLOR
    run -0 bash -c '"$MODPROF" report demo.mprof | cat'
    [[ $output != *$'\033'* ]]
    "$HOSTS/trace_maker" many many.mprof
    run -0 bash -c '"$MODPROF" report --top all many.mprof | head -n 1 >/dev/null
        exit "${PIPESTATUS[0]}"'
    [ -z "$output" ]
}

@test "a full disk is an error" {
    [ -w /dev/full ] || skip "no /dev/full"
    run -1 bash -c '"$MODPROF" report demo.mprof >/dev/full'
    [[ $output == *"could not be written"* ]]
}

@test "thousands of modules and functions" {
    "$HOSTS/trace_maker" many many.mprof
    run -0 "$MODPROF" report many.mprof
    [[ $output == *"5000 loaded"* && $output == *"and 4,980 more"* ]]
    [[ $output == *"4,096"*"... and 4,076 more functions"* ]]
    [ "${#lines[@]}" -lt 100 ]
    run -0 "$MODPROF" report --top all --section modules many.mprof
    [[ $output == *"group714.module1"* ]]
}

@test "a long command line does not fill the page" {
    MODPROF_OUT=x.mprof LD_PRELOAD=$SHIM lua5.4 -e '' - "$(printf 'x%.0s' $(seq 3000))" </dev/null
    run -0 "$MODPROF" report --width 100 --section overview x.mprof
    [ "$(widest <<<"$output")" -lt 400 ]
}

@test "what was lost is not shown as zero" {
    MODPROF_OUT=x.mprof LD_PRELOAD=$SHIM lua5.4 -e ''
    head -c -20 x.mprof >cut.mprof
    run -4 "$MODPROF" report cut.mprof
    [[ $output == *"INCOMPLETE"*"is not in what is left of this trace"* ]]
    [[ $output != *"0 calls"* && $output != *" 0 B"* && $output != *"No module"* ]]
}

@test "the resident peak is the program's own, however large the one was that started it" {
    # A hundred MiB that are touched, in a process that becomes lua5.4.
    MODPROF_OUT=$PWD/own.mprof SHIM=$SHIM python3 -c '
import os
large = b"x" * (100 << 20)
if os.fork() == 0:
    os.execvpe("lua5.4", ["lua5.4", "-e", "local t = {} for i = 1, 1e5 do t[i] = {} end"],
               dict(os.environ, LD_PRELOAD=os.environ["SHIM"]))
os.wait()'
    "$MODPROF" report --format json own.mprof >own.json
    jq '.processes[0].overview' own.json
    jq -e '[.. | .max_rss_bytes? // empty] | length == 1 and .[0] > 5 * 1024 * 1024 and .[0] < 50 * 1024 * 1024' own.json
}
