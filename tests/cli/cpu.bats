#!/usr/bin/env bats
# CPU samples: taken on the stock interpreter, with nothing changed for the host.

bats_require_minimum_version 1.5.0
setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    cat >shares.lua <<'LUA'
local function a(n)
  local s = 0
  for i = 1, n do
    s = s + i % 7
  end
  return s
end
local function b(n)
  local s = 0
  for i = 1, n do
    s = s + i % 7
  end
  return s
end
local co = coroutine.wrap(function(n)
  while true do
    n = coroutine.yield(b(n))
  end
end)
local t = 0
for i = 1, 60 do
  t = t + a(300000)
  t = t + co(100000)
end
print(t)
LUA
}

possible() {
    [ "$(MODPROF_OUT=$PWD/probe.mprof MODPROF_CPU=99 LD_PRELOAD=$SHIM lua5.4 -e 'print(1)')" = 1 ]
    ! "$MODPROF" report probe.mprof --format json | grep -q 'perf_event_open' ||
        skip "perf_event_open is not permitted here"
}

@test "a sampled program prints and returns what it does unsampled" {
    lua5.4 shares.lua >plain
    MODPROF_CPU=4999 MODPROF_OUT=$PWD/t.mprof LD_PRELOAD=$SHIM lua5.4 shares.lua >sampled
    cmp plain sampled
    run -7 env MODPROF_CPU=999 MODPROF_OUT="$PWD/u.mprof" LD_PRELOAD="$SHIM" lua5.4 -e 'os.exit(7, true)'
}

@test "no system call is interrupted, no descriptor is left" {
    possible
    cat >calls.lua <<'LUA'
local f = io.popen("sleep 0.2; echo done")
local n = 0
for i = 1, 3000000 do n = n + i % 3 end
print(f:read("a"))
-- What is listed waits for a word: this process may still hold the other end of the pipe when the child starts.
local pid = io.open("/proc/self/stat"):read("n")
local list = io.popen("read -r go; ls /proc/" .. pid .. "/fd | awk '$1 < 200'", "w")
list:write("go\n")
list:close()
LUA
    lua5.4 calls.lua >plain
    MODPROF_CPU=4999 MODPROF_OUT=$PWD/t.mprof LD_PRELOAD=$SHIM lua5.4 calls.lua >sampled
    cmp plain sampled
}

@test "errors, deep recursion, many coroutines and collections are sampled without harm" {
    cat >storm.lua <<'LUA'
local function deep(n) if n == 0 then error("x") end return deep(n - 1) + 1 end
for i = 1, 3000 do pcall(deep, i % 180) end
local function over() return over() + 1 end
for i = 1, 3 do pcall(over) end
for i = 1, 20000 do
  local co = coroutine.wrap(function(...) coroutine.yield(select("#", ...)) return 1 end)
  co(1, 2) co()
end
for i = 1, 20 do collectgarbage() setmetatable({}, {__gc = function() local x = {} end}) end
local s = string.rep("ab", 2000):gsub("a", function(c) return c:upper() end)
print(#s, load("return 1 + 1")())
LUA
    lua5.4 storm.lua >plain
    for hz in 999 9999; do
        MODPROF_CPU=$hz MODPROF_OUT=$PWD/t$hz.mprof LD_PRELOAD=$SHIM lua5.4 storm.lua >sampled
        cmp plain sampled
        "$MODPROF" report t$hz.mprof >/dev/null
    done
}

# sampled MODE: the host's output is what it is without samples; the report goes to $report.
sampled() {
    "$HOSTS/sampled" "$1" >plain
    MODPROF_CPU=4999 MODPROF_OUT=$PWD/$1.mprof LD_PRELOAD=$SHIM "$HOSTS/sampled" "$1" >sampled
    cmp plain sampled
    report=$("$MODPROF" report "$1.mprof" --section overview,cpu)
}

@test "short threads, fibers on small stacks and blocked signals are sampled without harm" {
    possible
    for mode in threads fibers blocked; do
        sampled $mode
        [[ $report == *"exact lines"* ]]
    done
}

@test "a host whose signal handlers jump out of Lua goes on being sampled" {
    possible
    sampled jumps
    n=$(sed -n 's/^ *sampled *\([0-9,]*\) samples.*/\1/p' <<<"$report" | tr -d ,)
    [ "$n" -gt 200 ] # of some 1,500 at least; one jump out of a sample must not end them
}

@test "parent and child of a fork are both sampled, each in a trace of its own" {
    possible
    MODPROF_CPU=2999 LD_PRELOAD=$SHIM "$HOSTS/hard" fork_both >told
    [ "$(cat told)" = "fork_both 7" ]
    for f in hard-*.mprof; do
        "$MODPROF" flame "$f" --by function -o folded
        for name in both child parent; do
            grep -q "\(^\|;\)$name (" folded && printf '%s ' $name
        done
        echo
    done | sort >names
    cat names
    [ "$(cat names)" = "both parent 
child " ]
}

@test "a host whose handlers leave a small stack of their own by a jump goes on being sampled" {
    possible
    for mode in overflows overflows_unmasked; do
        MODPROF_CPU=4999 MODPROF_OUT=$PWD/$mode.mprof LD_PRELOAD=$SHIM "$HOSTS/hard" $mode >told
        [ "$(cat told)" = "$("$HOSTS/hard" $mode)" ]
        # Lua code runs only afterwards.
        "$MODPROF" report $mode.mprof --format json | jq -e '.processes[0].cpu.lua_samples > 20'
    done
}

@test "the time of handlers that samples must keep away from is theirs, not that of what they interrupt" {
    possible
    for source in perf timer; do
        for way in small masked once jumps; do
            "$HOSTS/handlers" $way >plain
            MODPROF_CPU=999 MODPROF_CPU_SOURCE=$source MODPROF_OUT=$PWD/h.mprof LD_PRELOAD=$SHIM "$HOSTS/handlers" $way time >sampled 2>times
            diff plain sampled
            "$MODPROF" flame h.mprof --metric cpu -o folded
            cat times folded
            # Out of a jump no way leads to what was interrupted.
            where='signals;.*%[signal handler%]$'; [ $way = jumps ] && where='%[signal handler%]$'
            # Timers go by ticks of the kernel's: what is left of one at the end of a handler counts as the handler's, of 5 ms
            # each.  At 250 Hz that is 2 ms on average; 4 ms, were it always a whole one.
            most=1.2
            [ $source = perf ] || most=1.9
            # Beside four programs there are a fifth of the ticks, too few for shares.
            samples=$("$MODPROF" report h.mprof --format json | jq '.processes[0].cpu.samples')
            [ $source = timer ] || [ "$samples" -ge 300 ]
            lua5.4 - times folded "$where" $most "$samples" <<'LUA'
local inside, whole = io.open(arg[1]):read("n", "n")
local handler, work = 0, 0
for line in io.lines(arg[2]) do
  local stack, w = line:match("^(.*) (%d+)$")
  if stack:find(arg[3]) then handler = handler + w
  elseif not stack:find("signals", 1, true) then work = work + w end
end
print(handler, inside, work, whole)
assert(handler > 0 and work > 0.1 * (whole - inside), "none")
if tonumber(arg[5]) < 300 then return end
assert(handler > 0.5 * inside and handler < tonumber(arg[4]) * inside, "handlers")
assert(work < 1.2 * (whole - inside), "work")
LUA
        done
    done
}

@test "the signal stays the host's: its queries, its handler, its own signals" {
    possible
    sampled before
    [[ $report == *"the program uses the signal"* ]]
    sampled later
    [[ $report == *"the program handles the signal itself"* ]]
}

@test "shares of time by line are those of the loops' lengths, each coroutine on its own" {
    possible
    cat >known.lua <<'LUA'
local function work(n)
  local s = 0
  for i = 1, n do
    s = s + i % 7
  end
  return s
end
local function a() return (work(100000)) end
local function b() return (work(200000)) end
local co = coroutine.wrap(function() while true do coroutine.yield((b())) end end)
local clock, t, in_a, in_b = os.clock, 0, 0, 0
for i = 1, 100 do
  local began = clock()
  t = t + a()
  local between = clock()
  t = t + co()
  in_a, in_b = in_a + between - began, in_b + clock() - between
end
print(in_a / (in_a + in_b))
LUA
    MODPROF_CPU=2999 MODPROF_OUT=$PWD/k.mprof LD_PRELOAD=$SHIM lua5.4 known.lua >share_of_a
    "$MODPROF" flame k.mprof --by line -o k.folded
    cat k.folded
    # A third under a (line 8), two thirds under b (line 9), which only runs in the coroutine; in CPU time, which the program
    # measures itself, as the machine may be slower in one of them.
    lua5.4 - k.folded "$(cat share_of_a)" <<'LUA'
local a, b, mixed, inner, all = 0, 0, 0, 0, 0
for line in io.lines(arg[1]) do
  local stack, w = line:match("^(.*) (%d+)$")
  w = tonumber(w)
  all = all + w
  local in_a, in_b = stack:find("known.lua:8", 1, true), stack:find("known.lua:9", 1, true)
  if in_a then a = a + w end
  if in_b then b = b + w end
  if in_a and in_b then mixed = mixed + w end
  if stack:find("known.lua:4", 1, true) or stack:find("known.lua:3", 1, true) then inner = inner + w end
end
local n = (a + b) / (1e9 / 2999)
local share, err = a / (a + b), math.sqrt(1 / 3 * 2 / 3 / n)
print(n, share, arg[2], err, mixed, inner / all)
assert(n > 100, "too few samples")
assert(math.abs(share - arg[2]) < 5.5 * err + 0.005, "shares")
assert(mixed == 0, "coroutines are mixed up")
assert(inner / all > 0.9, "lines")
LUA
}
