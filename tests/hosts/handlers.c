/* handlers: a host whose signal handlers work about as long as its Lua code does, where the sampler keeps away: on a small stack of
 * their own, with all signals blocked, left by a jump, serving once; argv[1] says which.  "race": threads set the action of
 * one signal at once.  With one argument more: their CPU time and
 * the whole, ns, on stderr. */
/* LINK: -llua5.4 -lpthread */
#include <execinfo.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lualib.h>

static long in_handlers;
static int frames_n, jumps;
static struct sigaction action;
static sigjmp_buf back;

static long cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void handler(int n)
{
    long begin = cpu_ns();
    void *frame[100];
    if (!frames_n)
        frames_n = backtrace(frame, 100);
    while (cpu_ns() - begin < 5000000)
        for (volatile int i = 0; i < 20000; i++)
            ;
    in_handlers += cpu_ns() - begin;
    if (jumps)
        siglongjmp(back, n);
}

static int signals(lua_State *L)
{
    (void)L;
    if (action.sa_flags & SA_RESETHAND)
        sigaction(SIGUSR1, &action, NULL);
    if (!jumps || !sigsetjmp(back, 1))
        raise(SIGUSR1);
    return 0;
}

static void print_action(void)
{
    struct sigaction now;
    sigaction(SIGUSR1, NULL, &now);
    printf("%d %d %x %d\n", now.sa_handler == handler,
           now.sa_mask.__val[0] == action.sa_mask.__val[0],
           now.sa_flags & (SA_ONSTACK | SA_RESETHAND), sigismember(&now.sa_mask, SIGURG));
}

/* A child in this very memory has actions of its own. */
static void change_in_child(void)
{
    struct sigaction none = {.sa_handler = SIG_DFL};
    pid_t child = vfork();
    if (child == 0) {
        sigaction(SIGUSR1, &none, NULL);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

static void handle(const char *how)
{
    static char stack[32768];
    stack_t s = {.ss_sp = stack, .ss_size = sizeof stack};
    action.sa_handler = handler;
    jumps = !strcmp(how, "jumps");
    if (!strcmp(how, "masked"))
        sigfillset(&action.sa_mask);
    else if (!sigaltstack(&s, NULL))
        action.sa_flags = SA_ONSTACK;
    if (!strcmp(how, "once"))
        action.sa_flags |= SA_RESETHAND;
    sigaction(SIGUSR1, &action, NULL);
    print_action();
    change_in_child();
    print_action();
}

/* ---- threads that set one action at once ---- */

static void other_handler(int n)
{
    (void)n;
}

enum { RACE_ROUNDS = 20000 };

static int is_as_it_was_set(const struct sigaction *a)
{
    return !sigismember(&a->sa_mask, SIGURG) &&
           (a->sa_handler == handler ? (a->sa_flags & SA_ONSTACK) != 0
                                     : (a->sa_flags & SA_ONSTACK) == 0);
}

static void *sets(void *wrong)
{
    struct sigaction mine = {.sa_handler = wrong == NULL ? other_handler : handler,
                             .sa_flags = wrong == NULL ? 0 : SA_ONSTACK},
                     old;
    for (int i = 0; i < RACE_ROUNDS; i++) {
        sigaction(SIGUSR2, &mine, &old);
        if (wrong != NULL && i > 0 && !is_as_it_was_set(&old))
            ++*(int *)wrong;
    }
    return NULL;
}

static int race(void)
{
    pthread_t other;
    int wrong = 0;
    pthread_create(&other, NULL, sets, NULL);
    sets(&wrong);
    pthread_join(other, NULL);
    printf("%d of %d wrong\n", wrong, RACE_ROUNDS);
    return 0;
}

int main(int argc, char **argv)
{
    void *first[1];
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    if (argc > 1 && !strcmp(argv[1], "race"))
        return race();
    backtrace(first, 1); /* loads what it needs */
    handle(argc > 1 ? argv[1] : "");
    lua_register(L, "signals", signals);
    /* Rounds are not all of one length: they would be in step with the kernel's ticks. */
    if (luaL_dostring(
            L, "local function work(n) local s = 0 for i = 1, n do s = s + i % 7 end "
               "return s end\n"
               "local sum = 0 for i = 1, 80 do sum = sum + work(400000 + i * 37 % 80 * 15000) "
               "signals() end return sum"))
        return 1;
    printf("%lld, %s\n", (long long)lua_tointeger(L, -1), frames_n > 9 ? "whole" : "cut");
    if (argc > 2)
        fprintf(stderr, "%ld %ld\n", in_handlers, cpu_ns());
    lua_close(L);
    return 0;
}
