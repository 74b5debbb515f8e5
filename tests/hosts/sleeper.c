/* sleeper: a host that works and waits in turn, in every call that a signal may interrupt; argv[1] says what. */
/* LINK: -llua5.4 -lpthread */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lualib.h>

static lua_State *state_new(void)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    if (luaL_dostring(L,
                      "function f(n) local s = 0 for i = 1, n do s = s + i % 7 end return s end"))
        exit(9);
    return L;
}

static void work(lua_State *L, long n)
{
    lua_getglobal(L, "f");
    lua_pushinteger(L, n);
    lua_call(L, 1, 0);
}

/* ---- calls ---- */

static int ep, interrupted, tries;
static sem_t never;

static void count(int result)
{
    tries++;
    interrupted += result != 0 && (result == EINTR || errno == EINTR);
    errno = 0;
}

static struct timespec in(long ns)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_nsec += ns;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

/* What the kernel does before it sleeps takes time, too: ticks find the thread there. */
static void wait_in_all(void)
{
    struct timespec soon = {0, 100000}, at = in(200000);
    struct timeval later = {0, 100};
    struct epoll_event e;
    sigset_t none;
    sigemptyset(&none);
    count(nanosleep(&soon, NULL));
    count(clock_nanosleep(CLOCK_MONOTONIC, 0, &soon, NULL));
    count(poll(NULL, 0, 1));
    count(ppoll(NULL, 0, &soon, &none));
    count(select(0, NULL, NULL, NULL, &later));
    count(pselect(0, NULL, NULL, NULL, &soon, &none));
    count(epoll_wait(ep, &e, 1, 1));
    count(epoll_pwait(ep, &e, 1, 1, &none));
    count(sem_timedwait(&never, &at));
    count(usleep(100));
}

static void read_much(void)
{
    static char buf[1 << 18];
    FILE *f = fopen("/dev/urandom", "r");
    if (!f || fread(buf, 1, sizeof buf, f) != sizeof buf)
        exit(7);
    fclose(f);
}

static void calls(void)
{
    lua_State *L = state_new();
    ep = epoll_create1(0);
    sem_init(&never, 0, 0);
    for (int i = 0; i < 150; i++) {
        work(L, 1000 + i * 2000);
        read_much();
        wait_in_all();
    }
    printf("interrupted %d of %d\n", interrupted, tries);
    lua_close(L);
}

/* ---- named threads ---- */

static void *named_thread(void *name)
{
    lua_State *L = state_new();
    work(L, 100000);
    prctl(PR_SET_NAME, name);
    work(L, 15000000);
    lua_close(L);
    return NULL;
}

static void named(void)
{
    pthread_t t[2];
    lua_close(state_new());
    pthread_create(&t[0], NULL, named_thread, "worker-1");
    pthread_create(&t[1], NULL, named_thread, "worker-2");
    pthread_join(t[0], NULL);
    pthread_join(t[1], NULL);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (!strcmp(what, "calls"))
        calls();
    else if (!strcmp(what, "named"))
        named();
    else
        return 2;
    return 0;
}
