# Leak truth: programs with one planted leak each (tests/leaks), and the same programs without it.
#
# `-- PLANTED` marks the line of the leak, `-- ALSO` lines whose memory it takes along (the table that what leaks is kept in).
# Every planted leak is accused at its line, nothing else is, and no clean twin is.
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/../leaks" || return 1
    export LUA_PATH="?.lua" LUA_CPATH="$HOSTS/?.so;;" LC_ALL=C.UTF-8
    TRACE=$BATS_TEST_TMPDIR/t.mprof
}

# Lines of the report that accuse: `HEAP FILE:LINE`.
accused() { # PROGRAM leak|clean ROUNDS ALLOC
    LD_PRELOAD=$SHIM MODPROF_ALLOC=$4 MODPROF_OUT=$TRACE lua5.4 "$1.lua" "$2" "$3"
    "$MODPROF" report --leaks --format json "$TRACE" | lua5.4 "$BATS_TEST_DIRNAME/report/accused.lua"
}

marked() { # PROGRAM PATTERN
    grep -nE -e "-- ($2)\$" "$1.lua" | sed "s/:.*//; s/^/$1.lua:/"
}

# Accused: the planted line, and none but marked ones.
found() { # PROGRAM HEAP [ROUNDS ALLOC]
    accused "$1" leak "${3:-40000}" "${4:-sample:16k,c-sample:4k}" >"$BATS_TEST_TMPDIR/said" || return 1
    cat "$BATS_TEST_TMPDIR/said"
    grep -qxF "$2 $(marked "$1" PLANTED)" "$BATS_TEST_TMPDIR/said" || return 1
    [ -z "$(sed 's/^[^ ]* //' "$BATS_TEST_TMPDIR/said" | grep -vxF "$(marked "$1" 'PLANTED|ALSO')")" ]
}

clean() { # PROGRAM
    accused "$1" clean "${2:-40000}" "${3:-sample:16k,c-sample:4k}" >"$BATS_TEST_TMPDIR/said" || return 1
    cat "$BATS_TEST_TMPDIR/said"
    [ ! -s "$BATS_TEST_TMPDIR/said" ]
}

@test "references in the registry" {
    found registry Lua
    clean registry
}

@test "a table that everything is put into" {
    found growing_table Lua
    clean growing_table
}

@test "a list of numbers, which is one block" {
    found numbers Lua
    clean numbers
}

@test "closures" {
    found closures Lua
    clean closures
}

@test "code compiled again and again" {
    found compiled Lua
    clean compiled
}

@test "strings as keys" {
    found string_keys Lua 40000 sample:4k,c-sample:4k # less than a MiB
    clean string_keys
}

@test "texts of few words, interned" {
    found interned Lua
    clean interned
}

@test "a memo in a strong table, and in a weak one" {
    found memoized Lua
    clean memoized
}

@test "a cache that evicts, and forgets its index" {
    found evicted Lua
    clean evicted
}

@test "work that piles up, and is done in the end" {
    found growing_shrinking Lua
    # It holds 30 samples of 16 KiB at most: one run of ten rose by those at three checks, of which some had no emptying in between.
    clean growing_shrinking 40000 sample:1k,c-sample:4k
}

@test "what grew for most of the run and then stopped is told apart" {
    found stopping Lua 40000 exact
    clean stopping 40000 exact
    "$MODPROF" report --leaks --format json "$TRACE" >"$BATS_TEST_TMPDIR/json"
    [ "$(jq -r --argjson line "$(marked stopping PLANTED | sed 's/.*://')" \
        '.processes[0].leaks.findings[] | select(.line == $line) | .verdict' "$BATS_TEST_TMPDIR/json")" = stopped ]
    run -0 "$MODPROF" report --leaks "$TRACE"
    [[ $output == *"Grew, then stopped"* ]]
}

@test "what was filled late and then made no more is told apart, though no collection came since" {
    found filling Lua 40000 exact
    clean filling 40000 exact
    "$MODPROF" report --leaks --format json "$TRACE" >"$BATS_TEST_TMPDIR/json"
    [ "$(jq -r --argjson line "$(marked filling PLANTED | sed 's/.*://')" \
        '.processes[0].leaks.findings[] | select(.file == "filling.lua" and .line == $line) | .verdict' "$BATS_TEST_TMPDIR/json")" = stopped ]
}

@test "stacks of coroutines" {
    found coroutine_stacks Lua
    clean coroutine_stacks
}

@test "userdata without __gc that own C memory" {
    found userdata C
    clean userdata
}

@test "C memory that is never freed" {
    found malloc C
    clean malloc
}

@test "one C block that only grows" {
    found realloc_chain C
    clean realloc_chain
}

@test "with exact figures the same is found, in shorter runs" {
    found registry Lua 10000 exact
    clean registry 10000 exact
    found closures Lua 10000 exact
    clean closures 10000 exact
    found malloc C 10000 exact,c-exact
    clean malloc 10000 exact,c-exact
}

@test "a short run does not accuse: it says that there was too little to see" {
    run -0 accused closures leak 300 sample:1k
    [ -z "$output" ]
    run -0 "$MODPROF" report --leaks "$TRACE"
    [[ $output == *"too few collections"* ]]
}

@test "sampled, it is said how large a leak is seen, and of how many lines too little is known" {
    says() { # ALLOC TEXT
        LD_PRELOAD=$SHIM MODPROF_ALLOC=$1 MODPROF_OUT=$TRACE lua5.4 -e 'collectgarbage("incremental") for i = 1, 1e6 do local t = { i } end'
        run -0 "$MODPROF" report --leaks "$TRACE"
        [[ $output == *"Leaks  $2"* ]]
    }
    says sample:64k "none seen; a leak of less than 576 KiB would not be"
    "$MODPROF" report --leaks --format json "$TRACE" | jq -e '.processes[0].leaks | .least_bytes == 589824 and
        .few_samples == ([.findings[] | select(.few_samples)] | length)'
    says exact "none seen; a leak of C memory of less than 4.50 MiB would not be"
    says exact,c-exact "none: nothing holds ever more"
    [[ $output != *"samples"* ]]
}

@test "a recursion takes one line of the stack that made most" {
    cat >"$BATS_TEST_TMPDIR/deep.lua" <<'LUA'
local kept = {}
local function deep(n)
  if n == 0 then
    kept[#kept + 1] = {}
    return 0
  end
  return 1 + deep(n - 1)
end
for i = 1, 40000 do deep(10) local t = { { i }, { i } } end
LUA
    LD_PRELOAD=$SHIM MODPROF_ALLOC=exact MODPROF_OUT=$TRACE lua5.4 "$BATS_TEST_TMPDIR/deep.lua"
    run -0 "$MODPROF" report --leaks "$TRACE"
    [[ $output == *"deep.lua:4"*"deep.lua:7  (10 calls)"*"deep.lua:9"* ]]
}

@test "what is still held of what was made is told in bytes" {
    LD_PRELOAD=$SHIM MODPROF_ALLOC=exact MODPROF_OUT=$TRACE lua5.4 -e 'local kept
        for i = 1, 2000 do local s = ("y"):rep(100) .. i if i == 500 then kept = ("x"):rep(1000000) end end collectgarbage()'
    "$MODPROF" report --leaks "$TRACE" | grep -qE '^ 97[0-9] KiB +[0-9]+ +[67][0-9]\.[0-9]% .*command line\)?:2'
}
