/* signals: hosts that stop Lua from signal handlers, set hooks, or leave Lua by their own jumps. */
/* LINK: -llua5.4 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/time.h>

#include "tests/hosts/host.h"

static lua_State *L;
static volatile sig_atomic_t ticks;

static void stop(lua_State *S, lua_Debug *ar)
{
    (void)ar;
    lua_sethook(S, NULL, 0, 0);
    luaL_error(S, "stopped by the host");
}

static void on_alarm(int sig)
{
    (void)sig;
    lua_sethook(L, stop, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

static void timer(int microseconds)
{
    struct itimerval t = {{0, microseconds}, {0, microseconds}};
    setitimer(ITIMER_REAL, &t, NULL);
}

static void stopped(void)
{
    static const char *const loops[] = {"while true do end", "while true do math.floor(1.5) end",
                                        "while true do local t = {} end",
                                        "while true do pcall(error, 'x') end",
                                        "while true do coroutine.wrap(function() end)() end"};
    signal(SIGALRM, on_alarm);
    for (size_t i = 0; i < sizeof loops / sizeof *loops; i++) {
        timer(20000);
        int status = luaL_loadstring(L, loops[i]) || lua_pcall(L, 0, 0, 0);
        timer(0);
        const char *message = lua_tostring(L, -1);
        printf("%d %s\n", status, message ? strstr(message, "stopped") : "none");
        lua_settop(L, 0);
    }
}

static void on_tick(int sig)
{
    int e = errno;
    ticks += sig != 0;
    errno = e;
}

/* A storm of signals that interrupt system calls, while Lua and errno are looked at. */
static void storm(void)
{
    struct sigaction sa = {.sa_handler = on_tick};
    sigaction(SIGALRM, &sa, NULL);
    timer(500);
    lua_Integer sum = 0;
    for (int i = 0; i < 300; i++)
        sum += host_run(L, host_work);
    timer(0);
    printf("sum %lld, ticks %d\n", (long long)sum, ticks > 10);
}

/* Lua run in a signal handler: a state of its own, while the main one is busy anywhere, in malloc, too: so nothing is allocated there. */
static lua_State *in_handler;
static volatile lua_Integer handled;
static void runs_lua(int sig)
{
    lua_settop(in_handler, 0);
    lua_pushinteger(in_handler, sig);
    lua_rawseti(in_handler, LUA_REGISTRYINDEX, 100);
    lua_rawgeti(in_handler, LUA_REGISTRYINDEX, 100);
    handled += lua_tointeger(in_handler, -1) == sig;
}

static void lua_in_handler(void)
{
    in_handler = luaL_newstate();
    runs_lua(SIGALRM); /* the place in the registry is made here */
    handled = 0;
    signal(SIGALRM, runs_lua);
    timer(1000);
    lua_Integer sum = 0;
    while (handled < 50)
        sum = host_run(L, "local x = 0 for i = 1, 1000 do x = x + math.abs(i) end return x");
    timer(0);
    lua_close(in_handler);
    printf("sum %lld\n", (long long)sum);
}

static unsigned long events;
static void counts(lua_State *S, lua_Debug *ar)
{
    lua_getinfo(S, "nSl", ar);
    events = events * 31 + (unsigned long)ar->event * 7 + (unsigned long)ar->currentline +
             (ar->name ? strlen(ar->name) : 0) + (unsigned char)ar->what[0];
}

static void hooks(void)
{
    lua_sethook(L, counts, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE, 0);
    lua_Integer r = host_run(L, host_work);
    printf("%lld %lu %d %d\n", (long long)r, events, lua_gethook(L) == counts, lua_gethookmask(L));
    lua_sethook(L, counts, LUA_MASKCOUNT, 100);
    r = host_run(L, host_work);
    printf("%lld %lu %d\n", (long long)r, events, lua_gethookcount(L));
}

/* The host leaves Lua by a jump of its own, from a C function, a hook and the panic function. */
static jmp_buf back;
static int jumps(lua_State *S)
{
    (void)S;
    longjmp(back, 5);
}

static int panic(lua_State *S)
{
    printf("panic: %s\n", lua_tostring(S, -1));
    longjmp(back, 6);
}

static void own_jumps(void)
{
    lua_atpanic(L, panic);
    for (volatile int i = 0; i < 50; i++) {
        lua_State *S = luaL_newstate();
        luaL_openlibs(S);
        lua_atpanic(S, panic);
        int how = setjmp(back);
        if (!how) {
            lua_pushcfunction(S, jumps);
            if (i % 2)
                lua_setglobal(S, "jumps"), luaL_dostring(S, "string.gsub('x', 'x', jumps)");
            else
                lua_pushinteger(S, i), lua_error(S);
        }
        if (i < 2)
            printf("back with %d\n", how);
    }
    printf("%lld\n", (long long)host_run(L, host_work));
}

static sigjmp_buf fault;
static void on_fault(int sig)
{
    siglongjmp(fault, sig);
}

static int *volatile nowhere;
static int faults(lua_State *S)
{
    (void)S;
    *nowhere = 1;
    return 0;
}

static void recovered(void)
{
    static char stack[65536];
    stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&other, NULL);
    struct sigaction sa = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK | SA_NODEFER};
    sigaction(SIGSEGV, &sa, NULL);
    for (volatile int i = 0; i < 20; i++)
        if (!sigsetjmp(fault, 1)) {
            lua_State *S = luaL_newstate();
            lua_pushcfunction(S, faults);
            lua_call(S, 0, 0);
        }
    printf("recovered, %lld\n", (long long)host_run(L, host_work));
}

/* errno is the host's own business across every call into Lua that does not fail. */
static void keeps_errno(void)
{
    int changed = 0;
    luaL_loadstring(L, "local x = ... return math.floor(x), {}, tostring(x)");
    for (int i = 0; i < 20000; i++) {
        errno = 4242;
        lua_pushvalue(L, 1);
        lua_pushnumber(L, 1.5);
        lua_call(L, 1, 3);
        lua_settop(L, 1);
        lua_newuserdatauv(L, 40, 1);
        lua_pushcfunction(L, jumps);
        lua_pushcclosure(L, jumps, 1);
        lua_tocfunction(L, -1);
        lua_settop(L, 1);
        lua_newthread(L);
        luaL_newmetatable(L, "type");
        lua_settop(L, 1);
        void *p = malloc(100);
        p = realloc(p, 300);
        free(p);
        changed += errno != 4242;
    }
    for (int i = 0; i < 300; i++) {
        lua_State *S = luaL_newstate();
        errno = 4242;
        luaL_requiref(S, "_G", luaopen_base, 1);
        lua_close(S);
        changed += errno != 4242;
    }
    printf("errno changed %d times\n", changed);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } ways[] = {{"stopped", stopped},
                {"storm", storm},
                {"lua_in_handler", lua_in_handler},
                {"hooks", hooks},
                {"own_jumps", own_jumps},
                {"recovered", recovered},
                {"keeps_errno", keeps_errno}};
    L = luaL_newstate();
    luaL_openlibs(L);
    for (size_t i = 0; argc > 1 && i < sizeof ways / sizeof *ways; i++)
        if (!strcmp(argv[1], ways[i].name)) {
            ways[i].run();
            lua_close(L);
            return 0;
        }
    return 2;
}
