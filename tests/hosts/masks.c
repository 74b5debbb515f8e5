/* masks: hosts that block signals, ask what is blocked, and wait for them by sigwait and signalfd; argv[1] says which
 * way.  Lua runs in between. */
/* LINK: -llua5.4 -lpthread */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lualib.h>

static void work(long n)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    lua_pushinteger(L, n);
    lua_setglobal(L, "n");
    if (luaL_dostring(L, "local s = 0 for i = 1, n do s = s + i % 7 end return s"))
        exit(9);
    printf("sum %lld\n", (long long)lua_tointeger(L, -1));
    lua_close(L);
}

static void show_mask(const char *when)
{
    sigset_t now;
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    printf("%s: blocked", when);
    for (int n = 1; n < 32; n++)
        if (sigismember(&now, n))
            printf(" %d", n);
    sigpending(&now);
    printf("; pending");
    for (int n = 1; n < 32; n++)
        if (sigismember(&now, n))
            printf(" %d", n);
    puts("");
}

/* Who waits for every signal there is gets those that were sent, and no other. */
static void wait_all(void)
{
    sigset_t all, old, some;
    siginfo_t info;
    struct timespec soon = {0, 100000000};
    show_mask("at first");
    work(10000000);
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &old);
    show_mask("all");
    work(40000000);
    show_mask("after work");
    for (int i = 0; i < 3; i++) {
        int n = sigtimedwait(&all, &info, &soon);
        printf("waited: %d %s\n", n, n < 0 ? strerror(errno) : "");
    }
    kill(getpid(), SIGUSR1);
    printf("sent: %d\n", sigtimedwait(&all, &info, &soon));
    int fd = signalfd(-1, &all, SFD_NONBLOCK);
    work(10000000);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    printf("readable: %d\n", poll(&p, 1, 50));
    struct timespec at_once = {0, 0};
    printf("ppoll: %d\n", ppoll(NULL, 0, &at_once, &old));
    sigemptyset(&some);
    sigaddset(&some, SIGURG);
    sigprocmask(SIG_UNBLOCK, &some, NULL);
    show_mask("one less");
    sigprocmask(SIG_SETMASK, &old, NULL);
    show_mask("as before");
    work(10000000);
}

/* Who means the signal itself gets it. */
static void wait_urgent(void)
{
    sigset_t one;
    siginfo_t info;
    work(10000000);
    sigemptyset(&one);
    sigaddset(&one, SIGURG);
    sigprocmask(SIG_BLOCK, &one, NULL);
    work(10000000);
    kill(getpid(), SIGURG);
    kill(getpid(), SIGURG);
    printf("got %d\n", sigwaitinfo(&one, &info));
    printf("from %s\n", info.si_code == SI_USER && info.si_pid == getpid() ? "itself" : "another");
    work(10000000);
    struct timespec at_once = {0, 0};
    printf("then %d\n", sigtimedwait(&one, &info, &at_once));
    kill(getpid(), SIGURG);
    show_mask("at last");
}

static void *waiter(void *set)
{
    int n = 0;
    sigwait(set, &n);
    printf("waiter: %d\n", n);
    return NULL;
}

/* All threads block everything; one waits. */
static void waiter_thread(void)
{
    sigset_t all;
    pthread_t t;
    work(5000000);
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    pthread_create(&t, NULL, waiter, &all);
    work(60000000);
    kill(getpid(), SIGTERM);
    pthread_join(t, NULL);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (!strcmp(what, "all"))
        wait_all();
    else if (!strcmp(what, "urgent"))
        wait_urgent();
    else if (!strcmp(what, "thread"))
        waiter_thread();
    else
        return 2;
    return 0;
}
