/* mark_host: names moments by shim/modprof.h; without the profiler it says that nobody listens.
 * mark_host signal: handles SIGUSR2 itself, after it was sent one, and says what was set before. */
/* LINK: -llua5.4 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <lauxlib.h>
#include <lualib.h>

#include "shim/modprof.h"

static volatile sig_atomic_t handled;

static void handler(int n)
{
    handled = n;
}

static void by_signal(lua_State *L)
{
    struct sigaction act, old;
    memset(&act, 0, sizeof act);
    act.sa_handler = handler;
    raise(SIGUSR2);
    (void)luaL_dostring(L, "for i = 1, 10 do local t = {} end");
    sigaction(SIGUSR2, &act, &old);
    printf("before: %s\n", old.sa_handler == SIG_DFL ? "default" : "another");
    raise(SIGUSR2);
    printf("handled: %s\n", handled == SIGUSR2 ? "yes" : "no");
}

int main(int argc, char **argv)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    if (argc > 1 && strcmp(argv[1], "signal") == 0)
        by_signal(L);
    modprof_mark_if_profiled("before");
    (void)luaL_dostring(L, "kept = {} for i = 1, 1000 do kept[i] = { i } end");
    modprof_mark_if_profiled("after");
    puts(modprof_mark ? "profiled" : "nobody listens");
    lua_close(L);
    return 0;
}
