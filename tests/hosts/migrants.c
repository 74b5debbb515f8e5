/* migrants: fibers that a timer's handler takes off their thread, in the middle of Lua, for whichever thread comes next to go on with. */
/* LINK: -llua5.4 -lpthread */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>

#include "tests/hosts/host.h"

enum { FIBERS = 8, THREADS = 3, ROUNDS = 10, STACK_BYTES = 65536 };

/* Makes no block once it is called for the second time: it may be taken off at any instruction but not in the midst of malloc. */
static const char text[] =
    "local function deep(n) if n == 0 then return 1 end return deep(n - 1) + n % 3 end "
    "return function(n) local s = 0 for i = 1, n do s = s + i % 7 if i % 5000 == 0 then s = s + "
    "deep(20) end end "
    "return s end";

struct fiber {
    void *sp;
    lua_State *L;
    long sum;
    int done;
};
static struct fiber fibers[FIBERS];

/* to_stack(&from, to): the registers that calls preserve stay on the stack that is left. */
void to_stack(void **from, void *to);
__asm__("to_stack:\n"
        "push %rbp; push %rbx; push %r12; push %r13; push %r14; push %r15\n"
        "mov %rsp, (%rdi)\n"
        "mov %rsi, %rsp\n"
        "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbx; pop %rbp\n"
        "ret");

/* ---- who waits ---- */

static atomic_flag is_locked = ATOMIC_FLAG_INIT;
static struct fiber *waiting[FIBERS];
static int first, waiting_n;
static _Atomic int left = FIBERS;

static void put(struct fiber *f)
{
    while (atomic_flag_test_and_set(&is_locked))
        ;
    waiting[(first + waiting_n++) % FIBERS] = f;
    atomic_flag_clear(&is_locked);
}

static struct fiber *get(void)
{
    struct fiber *f = NULL;
    while (atomic_flag_test_and_set(&is_locked))
        ;
    if (waiting_n != 0) {
        f = waiting[first];
        first = (first + 1) % FIBERS;
        waiting_n--;
    }
    atomic_flag_clear(&is_locked);
    return f;
}

/* ---- threads ---- */

/* Asked for anew each time: a function that was left on one thread may go on on another. */
static __thread struct own {
    struct fiber *now;
    void *outside;
    int may_switch;
} its_own;
static __attribute__((noinline)) struct own *own(void)
{
    __asm__ volatile("");
    return &its_own;
}

static void on_alarm(int n)
{
    struct own *o = own();
    (void)n;
    if (!o->may_switch)
        return;
    o->may_switch = 0;
    to_stack(&o->now->sp, o->outside);
    own()->may_switch = 1;
}

static void run(void)
{
    struct fiber *f = own()->now;
    for (int i = 0; i < ROUNDS; i++) {
        lua_pushvalue(f->L, 1);
        lua_pushinteger(f->L, 400000);
        own()->may_switch = 1;
        lua_call(f->L, 1, 1);
        own()->may_switch = 0;
        f->sum += (long)lua_tointeger(f->L, -1);
        lua_settop(f->L, 1);
    }
    f->done = 1;
    to_stack(&f->sp, own()->outside);
}

static timer_t timer(void)
{
    timer_t t;
    struct sigevent e = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM};
    struct itimerspec each = {{0, 1000000}, {0, 1000000}};
    e._sigev_un._tid = (int)syscall(SYS_gettid);
    timer_create(CLOCK_THREAD_CPUTIME_ID, &e, &t);
    timer_settime(t, 0, &each, NULL);
    return t;
}

static void *thread(void *unused)
{
    sigset_t alarms;
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    timer_t t = timer();
    while (left > 0) {
        struct fiber *f = get();
        if (f == NULL) {
            usleep(100);
            continue;
        }
        own()->now = f;
        to_stack(&own()->outside, f->sp);
        pthread_sigmask(SIG_UNBLOCK, &alarms, NULL); /* out of a handler, perhaps */
        if (f->done)
            left--;
        else
            put(f);
    }
    timer_delete(t);
    return unused;
}

static void make(struct fiber *f)
{
    enum { SAVED = 6 };
    f->L = luaL_newstate();
    luaL_openlibs(f->L);
    if (luaL_dostring(f->L, text))
        fprintf(stderr, "%s\n", lua_tostring(f->L, -1));
    lua_pushvalue(f->L, 1);
    lua_pushinteger(f->L, 5000);
    lua_call(f->L, 1, 0);
    void **top = calloc(1, STACK_BYTES);
    top += STACK_BYTES / sizeof *top - 2;
    *top = (void *)run;
    f->sp = top - SAVED;
    put(f);
}

int main(void)
{
    struct sigaction a = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    pthread_t t[THREADS];
    sigaction(SIGALRM, &a, NULL);
    for (int i = 0; i < FIBERS; i++)
        make(&fibers[i]);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&t[i], NULL, thread, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    for (int i = 0; i < FIBERS; i++)
        printf("%ld\n", fibers[i].sum);
    return 0;
}
