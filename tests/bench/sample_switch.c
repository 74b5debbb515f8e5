/* sample_switch: a Lua module that stops and starts the samples of its thread, so that one program can be held against
 * itself from one few milliseconds to the next.
 *
 * `set(on)`; `cpu()`: CPU time of the thread in ns; `clock_only()`: the kernel's clock and signal as the sampler uses them,
 * with a handler that does nothing. */
#include <fcntl.h>
#include <lauxlib.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int set(lua_State *L)
{
    int what = lua_toboolean(L, 1) ? PR_TASK_PERF_EVENTS_ENABLE : PR_TASK_PERF_EVENTS_DISABLE;
    prctl(what, 0, 0, 0, 0);
    return 0;
}

static int cpu(lua_State *L)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    lua_pushnumber(L, t.tv_sec * 1e9 + t.tv_nsec);
    return 1;
}

static void handler(int n, siginfo_t *info, void *context)
{
    (void)n;
    (void)info;
    (void)context;
}

static int clock_only(lua_State *L)
{
    struct f_owner_ex owner = {F_OWNER_TID, (pid_t)syscall(SYS_gettid)};
    struct sigaction s;
    struct perf_event_attr a;
    memset(&a, 0, sizeof a);
    memset(&s, 0, sizeof s);
    a.size = sizeof a;
    a.type = PERF_TYPE_SOFTWARE;
    a.config = PERF_COUNT_SW_CPU_CLOCK;
    a.sample_period = 1000000000 / 999;
    a.wakeup_events = 1;
    a.exclude_kernel = a.exclude_hv = 1;
    s.sa_sigaction = handler;
    s.sa_flags = SA_SIGINFO | SA_RESTART;
    sigfillset(&s.sa_mask);
    int fd = (int)syscall(SYS_perf_event_open, &a, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd < 0 || sigaction(SIGURG, &s, NULL) || fcntl(fd, F_SETSIG, SIGURG) ||
        fcntl(fd, F_SETOWN_EX, &owner) || fcntl(fd, F_SETFL, O_ASYNC | O_NONBLOCK))
        return luaL_error(L, "no perf event");
    return 0;
}

int luaopen_sample_switch(lua_State *L)
{
    const luaL_Reg all[] = {{"set", set}, {"cpu", cpu}, {"clock_only", clock_only}, {NULL, NULL}};
    luaL_newlib(L, all);
    return 1;
}
