/* altstack: what a host sees of alternate signal stacks, and where its handlers run, while Lua is sampled. */
/* LINK: -llua5.4 -lpthread */
/* altstack WAY [fiber]: on the main thread, and on another; or on a fiber, where the sampler has an alternate stack of its own. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <ucontext.h>
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
    return labs(p - &here) < (1 << 17) ? "thread's" : "somewhere";
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

/* Wants more than an alternate stack has at least. */
static void on_signal(int n)
{
    volatile char here[48 * 1024];
    here[0] = (char)n;
    handled_at = (uintptr_t)here;
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

/* ---- threads ---- */

static int on_fibers;
struct thread {
    pthread_t id;
    void *(*run)(void *);
    void *argument;
    ucontext_t here, there;
    char fiber[256 * 1024];
};
static __thread struct thread *me;

static void enter(void)
{
    me->run(me->argument);
}

static void *begin(void *t)
{
    me = t;
    if (!on_fibers)
        return me->run(me->argument);
    getcontext(&me->there);
    me->there.uc_stack = (stack_t){.ss_sp = me->fiber, .ss_size = sizeof me->fiber};
    me->there.uc_link = &me->here;
    makecontext(&me->there, enter, 0);
    swapcontext(&me->here, &me->there);
    return NULL;
}

static struct thread *thread_start(void *(*run)(void *), void *argument)
{
    struct thread *t = calloc(1, sizeof *t);
    t->run = run;
    t->argument = argument;
    pthread_create(&t->id, NULL, begin, t);
    return t;
}

static void thread_end(struct thread *t)
{
    pthread_join(t->id, NULL);
    free(t);
}

/* ---- ways ---- */

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
    raise(SIGUSR1);
    for (int i = 0; i < 8; i++)
        work();
    ask("bystander");
    raised("bystander");
    return NULL;
}

static void *others(void *name)
{
    pthread_barrier_init(&both, NULL, 2);
    struct thread *t = thread_start(bystander, NULL);
    pthread_barrier_wait(&both);
    handle();
    ask(name);
    pthread_barrier_wait(&both);
    thread_end(t);
    return NULL;
}

/* The C library tells all threads by a signal of its own, on alternate stacks, that the process has another group. */
static volatile int is_done;
static void *broadcast(void *unused)
{
    while (!is_done)
        if (setegid(getegid()))
            return NULL;
    return unused;
}

static void *groups(void *name)
{
    is_done = 0;
    struct thread *t = thread_start(broadcast, NULL);
    for (int i = 0; i < 16; i++)
        work();
    is_done = 1;
    thread_end(t);
    printf("%s\n", (const char *)name);
    return NULL;
}

int main(int argc, char **argv)
{
    static const struct way {
        const char *name;
        void *(*run)(void *);
    } ways[] = {{"settings", settings},
                {"handlers", handlers},
                {"children", children},
                {"others", others},
                {"groups", groups}};
    on_fibers = argc > 2;
    for (size_t i = 0; argc > 1 && i < sizeof ways / sizeof *ways; i++)
        if (strcmp(argv[1], ways[i].name) == 0) {
            if (!on_fibers)
                ways[i].run("main");
            thread_end(thread_start(ways[i].run, "thread"));
            return 0;
        }
    return 2;
}
