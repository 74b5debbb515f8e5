# What cpu_truth.bats and cpu_versions.bats share.
bats_require_minimum_version 1.5.0
setup() {
    here=$BATS_TEST_DIRNAME/cpu_truth
    cd "$BATS_TEST_TMPDIR" || exit 1
    gcc -O2 -fPIC -shared -I/usr/include/lua5.4 -o spins.so "$here/spins.c"
    export LUA_CPATH="$PWD/?.so" LUA_PATH=none
    lua5.4 "$here/oracle.lua" "$here/truth.lua" 0.5 >oracle 2>/dev/null
}

# true_of HOST C-NAME: what the samples of HOST say of the script, with at most half a percent of stale lines.
true_of() {
    MODPROF_CPU=2999 MODPROF_OUT=$PWD/t.mprof LD_PRELOAD=$SHIM "$1" "$here/truth.lua" 4 >told
    "$MODPROF" flame t.mprof --by line -o folded
    "$MODPROF" report t.mprof --format json | jq '.processes[0].cpu' >cpu.json
    jq 'del(.functions, .lines)' cpu.json
    lua5.4 "$here/compare.lua" oracle told folded "$(jq '.time_ns / .samples' cpu.json)" "$2"
    jq -e '.inexact_line_samples <= 0.005 * .lua_samples and .no_lua_stack_samples <= 0.005 * .lua_samples' cpu.json
}

# outside_of OPTION...: what a host runs in no function of Lua's (hosts/outside.c, linked as told) stands under the Lua function that it is, in
# samples of time and of memory alike.
outside_of() {
    gcc -O2 -I/usr/include/lua5.4 -o outside "$here/../../hosts/outside.c" "$@"
    [ "$(MODPROF_CPU=999 MODPROF_ALLOC=sample:16k MODPROF_OUT=$PWD/o.mprof LD_PRELOAD=$SHIM ./outside)" = done ]
    for metric in cpu alloc-bytes; do
        "$MODPROF" flame --metric $metric --by line -o folded o.mprof
        awk -v metric=$metric '
            { all += $NF }
            /Lua stack not read/ { lost += $NF }
            /outside.lua:1/ { match($0, /outside.lua:[2-6];/); n[substr($0, RSTART + 12, 1)] += $NF }
            END {
                print metric, all, lost + 0, n[2], n[3], n[4], n[5], n[6]
                for (i = 2; i <= 6; i++) if (n[i] < 0.1 * all) exit 1
                exit lost > 0.01 * all
            }' folded
    done
}
