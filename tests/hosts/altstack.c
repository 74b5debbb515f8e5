/* altstack: what a host sees of alternate signal stacks, and where its handlers run, while Lua is sampled. */
/* LINK: -llua5.4 -lpthread */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/hosts/host.h"

static void work(void)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    if (luaL_dostring(L, "local s = 0 for i = 1, 4e6 do s = s + i % 7 end return s"))
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
    lua_close(L);
}

static char own_stack[65536], other_stack[65536];

/* By name, since addresses differ from run to run. */
static const char *where(const char *p)
{
    char here;
    if (p == NULL)
        return "none";
    if (p >= own_stack && p < own_stack + sizeof own_stack)
        return "own";
    if (p >= other_stack && p < other_stack + sizeof other_stack)
        return "other";
    return labs(p - &here) < (1 << 16) ? "thread's" : "somewhere";
}

static void say(const char *what, int result, const stack_t *s)
{
    printf("%-8s %d %s flags %d, %zu bytes at %s\n", what, result, result ? strerror(errno) : "",
           s->ss_flags, s->ss_size, where(s->ss_sp));
}

static void ask(const char *what)
{
    stack_t s = {.ss_flags = 99};
    int result = sigaltstack(NULL, &s);
    say(what, result, &s);
}

static void set(const char *what, char *stack, size_t n, int flags)
{
    stack_t s = {.ss_sp = stack, .ss_size = n, .ss_flags = flags}, old = {.ss_flags = 99};
    int result = sigaltstack(&s, &old);
    say(what, result, &old);
}

static volatile uintptr_t handled_at;

static void on_signal(int n)
{
    char here;
    (void)n;
    handled_at = (uintptr_t)&here;
}

static void handle(void)
{
    struct sigaction a = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
    sigaction(SIGUSR1, &a, NULL);
}

static void raised(const char *what)
{
    raise(SIGUSR1);
    printf("%-8s handled on %s stack\n", what, where((const char *)handled_at));
}

/* Set, asked and taken away, with Lua at work in between. */
static void *settings(void *name)
{
    ask(name);
    work();
    ask("worked");
    set("off", NULL, 0, SS_DISABLE);
    work();
    set("small", own_stack, 100, 0);
    set("own", own_stack, sizeof own_stack, 0);
    work();
    ask("worked");
    set("other", other_stack, sizeof other_stack, 0);
    set("off", NULL, 0, SS_DISABLE);
    work();
    ask("end");
    return NULL;
}

/* A handler that asks for an alternate stack, with and without one. */
static void *handlers(void *name)
{
    work();
    handle();
    raised(name);
    work();
    raised("worked");
    set("own", own_stack, sizeof own_stack, 0);
    work();
    raised("own");
    return NULL;
}

/* A child has its parent's. */
static void *children(void *name)
{
    work();
    for (int i = 0; i < 3; i++) {
        fflush(stdout);
        pid_t child = i == 1 ? vfork() : fork();
        if (child == 0) {
            if (i == 1) {
                stack_t s = {.ss_sp = own_stack, .ss_size = sizeof own_stack};
                sigaltstack(&s, NULL);
                _exit(0);
            }
            ask(name);
            work();
            ask("worked");
            exit(0);
        }
        waitpid(child, NULL, 0);
        work();
        ask("parent");
    }
    return NULL;
}

/* One thread takes an interest while another is at work; that one's handlers are its own from the next sample on. */
static pthread_barrier_t both;
static void *bystander(void *unused)
{
    (void)unused;
    work();
    pthread_barrier_wait(&both);
    pthread_barrier_wait(&both);
    for (int i = 0; i < 8; i++)
        work();
    ask("bystander");
    raised("bystander");
    return NULL;
}

static void *others(void *name)
{
    pthread_t t;
    pthread_barrier_init(&both, NULL, 2);
    pthread_create(&t, NULL, bystander, NULL);
    pthread_barrier_wait(&both);
    handle();
    ask(name);
    pthread_barrier_wait(&both);
    pthread_join(t, NULL);
    return NULL;
}

int main(int argc, char **argv)
{
    static const struct way {
        const char *name;
        void *(*run)(void *);
    } ways[] = {
        {"settings", settings}, {"handlers", handlers}, {"children", children}, {"others", others}};
    for (size_t i = 0; argc > 1 && i < sizeof ways / sizeof *ways; i++)
        if (strcmp(argv[1], ways[i].name) == 0) {
            pthread_t t;
            ways[i].run("main");
            pthread_create(&t, NULL, ways[i].run, "thread");
            pthread_join(t, NULL);
            return 0;
        }
    return 2;
}
