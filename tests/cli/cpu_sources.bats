#!/usr/bin/env bats
# What sends the samples: timers where perf events are refused, each thread its own, at the true rate.

bats_require_minimum_version 1.5.0
setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    cat >loop.lua <<'LUA'
local s, stop = 0, os.clock() + 0.6
while os.clock() < stop do
  for i = 1, 10000 do s = s + i % 7 end
end
io.stderr:write(os.clock(), "\n")
LUA
}

# by_events TRACE: skips what says nothing where the kernel gives no perf events.
by_events() {
    "$MODPROF" report "$1" --format json | jq -e '.processes[0].cpu.sampler.mechanism == "perf_event_open"' || skip "no perf events here"
}

# sampled_time TRACE: the CPU time that its samples stand for, ms.
sampled_time() {
    "$MODPROF" report "$1" --format json | jq '.processes[0].cpu.time_ns / 1e6 | floor'
}

# Beside four programs on its processor a program has a fifth of a quiet one's samples by ticks, and one may stand for a quarter of a second; the last
# stretch has none.  Hence two seconds.
@test "timers take samples that stand for the time used, as many as the kernel's ticks allow" {
    sed -i 's/os.clock() + 0.6/os.clock() + 2/' loop.lua
    MODPROF_CPU=999 MODPROF_CPU_SOURCE=timer MODPROF_OUT=$PWD/t.mprof LD_PRELOAD=$SHIM lua5.4 loop.lua 2>used
    "$MODPROF" report t.mprof --format json >t.json
    cat used; jq '.processes[0].cpu | del(.functions, .lines)' t.json
    jq -e '.processes[0].cpu.sampler.mechanism == "timer"' t.json
    jq -e --rawfile used used '.processes[0].cpu | .time_ns > ($used | tonumber) * 0.8e9 and
        .time_ns < ($used | tonumber) * 1.2e9 and .samples <= .time_ns / 1001001 and .samples > 30' t.json
}

@test "who asks for nothing gets the kernel's ticks for a second of CPU time" {
    MODPROF_OUT=$PWD/t.mprof LD_PRELOAD=$SHIM lua5.4 loop.lua
    "$MODPROF" report t.mprof --format json | jq -e '.processes[0].cpu.sampler | .mechanism == "timer" and .kernel_time_too'
}

@test "after a second it gets events where these are cheap, and goes on as before where they are not" {
    sed -i 's/os.clock() + 0.6/os.clock() + 2/' loop.lua
    MODPROF_OUT=$PWD/t.mprof LD_PRELOAD=$SHIM lua5.4 loop.lua 2>used
    "$MODPROF" report t.mprof --format json >t.json
    cat used; jq '.processes[0].cpu | del(.functions, .lines)' t.json
    jq -e --rawfile used used '.processes[0].cpu | .samples > 30 and .time_ns > ($used | tonumber) * 0.8e9 and
        .time_ns < ($used | tonumber) * 1.2e9 and .sampler.kernel_time_too == (.sampler.mechanism == "timer")' t.json
}

@test "events can be asked for at the rate that is taken unasked" {
    MODPROF_CPU_SOURCE=event MODPROF_OUT=$PWD/t.mprof LD_PRELOAD=$SHIM lua5.4 loop.lua 2>used
    by_events t.mprof
    "$MODPROF" report t.mprof --format json >t.json
    jq -e '.processes[0].cpu | .sampler.asked_hz == 999 and .samples > 300' t.json
}

@test "modprof run, and who asks for events, has them from the first moment on" {
    local work='local t = os.clock() + 0.03 while os.clock() < t do for i = 1, 9999 do end end'
    MODPROF_CPU=999 MODPROF_CPU_SOURCE=event MODPROF_OUT=$PWD/e.mprof LD_PRELOAD=$SHIM lua5.4 -e "$work"
    "$MODPROF" run -o r.mprof -- lua5.4 -e "$work"
    by_events e.mprof
    for trace in e r; do
        # Distances are 1.5 ms at most; the kernel's ticks would be 8 in 30 ms.
        "$MODPROF" report $trace.mprof --format json | jq -e '.processes[0].cpu.samples >= 14'
    done
}

@test "where no sample was taken the report says how many were to be" {
    MODPROF_CPU=100 MODPROF_OUT=$PWD/t.mprof LD_PRELOAD=$SHIM lua5.4 -e ''
    run -0 "$MODPROF" report --section cpu t.mprof
    [[ $output == *"sampled "*"nothing; the program used CPU time of "*": one sample is due each 10.0 ms"* ]]
    # So does JSON, and so does a comparison.
    "$MODPROF" report -f json t.mprof >out.json
    jq -e '.processes[0].cpu | .samples == 0 and .time_ns == 0 and .process_cpu_ns > 0 and .sampler.period_ns == 10000000' out.json
    run -0 "$MODPROF" diff t.mprof t.mprof
    [[ $output == *"both sides were sampled, and took too little time for a sample"* ]]
    MODPROF_CPU=off MODPROF_OUT=$PWD/t.mprof LD_PRELOAD=$SHIM lua5.4 -e ''
    run -0 "$MODPROF" report --section cpu t.mprof
    [[ $output != *"CPU time"* ]]
    "$MODPROF" report -f json t.mprof | jq -e '.processes[0].cpu == null'
}

@test "where perf events are refused timers take their place" {
    setpriv --reuid=65534 --regid=65534 --clear-groups true 2>/dev/null || skip "needs root"
    [ "$(cat /proc/sys/kernel/perf_event_paranoid)" -gt 2 ] || skip "this kernel grants perf events to everybody"
    chmod 777 .
    setpriv --reuid=65534 --regid=65534 --clear-groups env MODPROF_CPU=999 MODPROF_OUT="$PWD/t.mprof" LD_PRELOAD="$SHIM" lua5.4 loop.lua
    "$MODPROF" report t.mprof --format json | jq -e '.processes[0].cpu.sampler.mechanism == "timer"'
}

@test "a program that is fenced in by seccomp goes on, and threads made before are sampled" {
    for source in perf timer; do
        "$HOSTS/fenced" >plain
        MODPROF_CPU=2999 MODPROF_CPU_SOURCE=$source MODPROF_OUT=$PWD/f.mprof LD_PRELOAD=$SHIM "$HOSTS/fenced" >sampled
        cmp plain sampled
        "$MODPROF" report f.mprof --format json >f.json
        jq -e '.processes[0].cpu.samples > 15' f.json
    done
}

@test "no call is interrupted by samples: sleeps, polls, waits, each around a burst of work" {
    for source in perf timer; do
        MODPROF_CPU=9999 MODPROF_CPU_SOURCE=$source MODPROF_OUT=$PWD/w.mprof LD_PRELOAD=$SHIM "$HOSTS/sleeper" calls >sampled
        cat sampled
        grep -q '^interrupted 0 of' sampled
        "$MODPROF" report w.mprof --format json | jq -e '.processes[0].cpu.samples > 9'
    done
}

@test "each thread is sampled, and named" {
    MODPROF_CPU=999 MODPROF_OUT=$PWD/n.mprof LD_PRELOAD=$SHIM "$HOSTS/sleeper" named
    "$MODPROF" report n.mprof --format json >n.json
    strings -n 4 <("$MODPROF" flame n.mprof --thread worker-1) | head -3
    [ "$("$MODPROF" flame n.mprof --thread worker-1 | wc -l)" -gt 0 ]
    [ "$("$MODPROF" flame n.mprof --thread worker-2 | wc -l)" -gt 0 ]
}

@test "wall time is whole, and waiting is charged to the C function that waited" {
    cat >wait.lua <<'LUA'
local socket = require "socket"
local function nap() socket.sleep(0.05) end
local function work() local s = 0 for i = 1, 3000000 do s = s + i % 7 end return s end
local function reads() local p = io.popen("sleep 0.3; echo x") local t = p:read("a") p:close() return t end
local co = coroutine.wrap(function() for i = 1, 5 do nap() coroutine.yield() end end)
local function measured() -- on a busy machine it may take long to come here
  local from = socket.gettime()
  for i = 1, 5 do co() work() end
  reads()
  return (socket.gettime() - from) * 1e9
end
print(measured())
LUA
    MODPROF_WALL=999 MODPROF_OUT=$PWD/w.mprof LD_PRELOAD=$SHIM lua5.4 wait.lua >took
    "$MODPROF" flame w.mprof --metric wall -o w.folded
    cat took w.folded
    lua5.4 - w.folded "$(cat took)" <<'LUA'
local all, naps, read, inside = 0, 0, 0, 0
for line in io.lines(arg[1]) do
  local stack, w = line:match("^(.*) (%d+)$")
  w = tonumber(w)
  if stack:find("measured (wait.lua)", 1, true) then all = all + w end
  if stack:find("nap (wait.lua);socket.core.sleep;[waiting]", 1, true) then naps = naps + w end
  if stack:find("reads (wait.lua);FILE*:read;[waiting]", 1, true) then read = read + w end
  if stack:sub(-15) == "work (wait.lua)" then inside = inside + w end
end
print(all, naps, read, inside)
local took = tonumber(arg[2])
assert(all > 0.97 * took and all < 1.03 * took + 1e7, "the whole")
assert(naps > 0.24e9, "naps") -- a busy machine only makes them longer
assert(read > 0.25e9, "read")
assert(inside > 0, "work")
LUA
    "$MODPROF" report w.mprof --format json | jq -e '.processes[0].cpu | .sampler.clock == "wall" and .state_ns.waiting > 5e8'
}

@test "wall time interrupts no call, and waiting outside of Lua is told apart" {
    MODPROF_WALL=2999 MODPROF_OUT=$PWD/w.mprof LD_PRELOAD=$SHIM "$HOSTS/sleeper" calls >sampled
    cat sampled
    grep -q '^interrupted 0 of' sampled
    "$MODPROF" flame w.mprof --metric wall -o w.folded
    cat w.folded
    [ "$(grep -c '^\[waiting\] ' w.folded)" = 1 ] # its polls and sleeps: no Lua is on the stack
    [ "$(sed -n 's/^\[waiting\] //p' w.folded)" -gt 200000000 ]
}

@test "a host that blocks all signals is sampled, and meets none that was not sent" {
    for source in perf timer; do
        for way in all thread; do
            "$HOSTS/masks" $way >plain
            MODPROF_CPU=2999 MODPROF_CPU_SOURCE=$source MODPROF_OUT=$PWD/m.mprof LD_PRELOAD=$SHIM "$HOSTS/masks" $way >sampled
            diff plain sampled
            "$MODPROF" report m.mprof --format json >m.json
            # More than what is sampled before it blocks them.
            jq -e '.processes[0].cpu.time_ns > 0.15e9' m.json
        done
    done
}

@test "a host that waits for the sampler's signal itself gets it, and the sampling ends" {
    "$HOSTS/masks" urgent >plain
    MODPROF_CPU=2999 MODPROF_OUT=$PWD/m.mprof LD_PRELOAD=$SHIM "$HOSTS/masks" urgent >sampled
    diff plain sampled
    [[ $("$MODPROF" report m.mprof) == *"sent the signal by others"* ]]
}

# weights TRACE: what each sample stands for, in sixteenths of the mean distance.
weights() {
    "$MODPROF" export -f page-json "$1" | jq '.traces[0].processes[0].samples.log.periods'
}

# varied FILE: of the last weights in it some are of either end of the distances that are drawn.  Of more than 75 draws one in four is, each for 8
# samples: fewer than three at one of the ends come once in a hundred million times (two samples in one millisecond are one here).
varied() {
    jq -e '.[-800:] | length > 600 and (map(select(. <= 12)) | length) > 16 and (map(select(. >= 20 and . < 26)) | length) > 16' "$1"
}

@test "a program whose rounds are in step with the samples is seen as a whole" {
    cat >step.lua <<'LUA'
local round, clock = 1 / 999, os.clock
local function first(stop)
  local s = 0
  while clock() < stop do for i = 1, 2000 do s = s + i % 7 end end
end
local function second(stop)
  local s = 0
  while clock() < stop do for i = 1, 2000 do s = s + i % 7 end end
end
local at = clock()
for i = 1, 1000 do
  first(at + (i - 0.5) * round)
  second(at + i * round)
end
LUA
    MODPROF_CPU=999 MODPROF_OUT=$PWD/s.mprof LD_PRELOAD=$SHIM lua5.4 step.lua
    by_events s.mprof
    weights s.mprof >weights
    varied weights
    "$MODPROF" flame s.mprof --by function -o folded
    cat folded
    # The share's spread was measured as 1.3 times the error of independent samples.
    awk -v n="$(jq length weights)" '/first/ { a += $NF } /second/ { b += $NF }
        END { off = a / (a + b) - 0.5; bound = 5.5 * 1.3 * sqrt(0.25 / n); print off, bound; exit !(off < bound && -off < bound) }' folded
}

@test "a host that closes descriptors goes on being sampled, and keeps its own files" {
    for way in closes reuses; do
        "$HOSTS/closes" $way >plain
        MODPROF_CPU=999 MODPROF_OUT=$PWD/$way.mprof LD_PRELOAD=$SHIM "$HOSTS/closes" $way >sampled
        diff plain sampled
    done
    by_events closes.mprof
    weights closes.mprof >weights
    varied weights
}
