/* hard: hosts that no sampler likes: odd stacks, faults, jumps, timers of their own; argv[1] says which.  Meant to be
 * sampled at thousands a second. */
/* LINK: -llua5.4 -lpthread -Wl,-z,now */
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>

#include "tests/hosts/host.h"

static const char busy_text[] =
    "local function f(n) local s = 0 for i = 1, n do s = s + i % 7 end return s end "
    "local function g(n) if n == 0 then return f(200000) end return 1 + g(n - 1) end "
    "return g(50)";

static lua_State *L;

/* Some milliseconds in Lua. */
static long busy(void)
{
    return (long)host_run(L, busy_text);
}

/* ---- processes ---- */

static int await(pid_t child)
{
    int status = -1;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int forks_in_lua(lua_State *S)
{
    lua_pushinteger(S, fork());
    return 1;
}

/* In the middle of Lua, over and over. */
static void forks(void)
{
    static const char text[] =
        "local s = 0 for i = 1, 100000 do s = s + i % 7 end local p = fork() "
        "for i = 1, 100000 do s = s + i % 5 end return p == 0 and s or -p";
    lua_register(L, "fork", forks_in_lua);
    int well = 0;
    for (int i = 0; i < 20; i++) {
        long v = (long)host_run(L, text);
        if (v > 0)
            _exit(v == 500000 && busy() > 0 ? 7 : 8);
        well += await((pid_t)-v) == 7;
    }
    printf("forks %d %ld\n", well, busy());
}

/* Parent and child run at the same time. */
static void fork_both(void)
{
    static const char text[] =
        "local function both() local s = 0 for i = 1, 5000000 do s = s + i % 5 end return s end\n"
        "local function child() local s = 0 for i = 1, 20000000 do s = s + i % 5 end return s end\n"
        "local function parent() local s = 0 for i = 1, 20000000 do s = s + i % 5 end return s "
        "end\n"
        "both() local p = fork() if p == 0 then return -child() end parent() return p";
    lua_register(L, "fork", forks_in_lua);
    long v = (long)host_run(L, text);
    if (v < 0)
        exit(v == -40000000 ? 7 : 8);
    printf("fork_both %d\n", await((pid_t)v));
}

static void *fork_thread(void *unused)
{
    (void)unused;
    lua_State *S = luaL_newstate();
    luaL_openlibs(S);
    long sum = 0;
    for (int i = 0; i < 10; i++) {
        sum += (long)host_run(S, busy_text);
        pid_t child = fork();
        if (!child)
            _exit(host_run(S, busy_text) > 0 ? 5 : 6);
        sum += await(child);
    }
    lua_close(S);
    return (void *)sum;
}

static void fork_threads(void)
{
    pthread_t t[4];
    long sum = 0;
    for (int i = 0; i < 4; i++)
        pthread_create(&t[i], NULL, fork_thread, NULL);
    for (int i = 0; i < 4; i++) {
        void *v;
        pthread_join(t[i], &v);
        sum += (long)v;
    }
    printf("fork_threads %ld\n", sum);
}

/* ---- faults ---- */

static int *volatile nowhere;

static int fault(lua_State *S)
{
    (void)S;
    *nowhere = 1;
    return 0;
}

static void crash(void)
{
    printf("crash %ld\n", busy());
    fflush(stdout);
    lua_register(L, "fault", fault);
    host_run(L,
             "local function f(n) if n == 0 then fault() end return 1 + f(n - 1) end return f(30)");
}

static char other_stack[16384];

static void report_and_die(int n, siginfo_t *info, void *context)
{
    static const char text[] = "handled, on its own stack\n";
    char here;
    (void)context;
    if (&here > other_stack && &here < other_stack + sizeof other_stack && info->si_addr == NULL)
        write(1, text, sizeof text - 1);
    for (volatile long i = 0; i < 30000000; i++)
        ;
    signal(n, SIG_DFL);
}

static void crash_handled(void)
{
    stack_t s = {.ss_sp = other_stack, .ss_size = sizeof other_stack};
    struct sigaction a = {.sa_sigaction = report_and_die, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaltstack(&s, NULL);
    sigaction(SIGSEGV, &a, NULL);
    crash();
}

/* The stack overflows; the handler has as little stack as it needs, takes its time there, and leaves by a jump. */
static sigjmp_buf back;

static void take_time(void)
{
    for (volatile long i = 0; i < 3000000; i++)
        ;
}

static void leave(int n)
{
    take_time();
    siglongjmp(back, n);
}

static __attribute__((noinline)) int endless(volatile int n)
{
    volatile char room[512];
    room[0] = (char)n;
    return n < 0 ? 0 : endless(n + 1) + room[0];
}

static int overflow(lua_State *S)
{
    lua_pushinteger(S, endless(0));
    return 1;
}

static void little_stack(void (*handler)(int), int flags)
{
    size_t least = getauxval(AT_MINSIGSTKSZ);
    stack_t s = {.ss_sp = other_stack, .ss_size = (least ? least : 2048) + 1536};
    struct sigaction a = {.sa_handler = handler, .sa_flags = SA_ONSTACK | flags}, now;
    struct rlimit limit = {8 << 20, 8 << 20};
    if (s.ss_size > sizeof other_stack || sigaltstack(&s, NULL) || sigaction(SIGSEGV, &a, NULL))
        exit(3);
    sigaction(SIGSEGV, NULL, &now);
    for (int n = 1; n < 32; n++)
        if (sigismember(&now.sa_mask, n))
            printf("masked %d\n", n);
    setrlimit(RLIMIT_STACK, &limit);
}

static void works(const char *what)
{
    long sum = 0;
    for (int i = 0; i < 30; i++)
        sum += busy();
    printf("%s %ld\n", what, sum);
}

static void overflows(void)
{
    little_stack(leave, 0);
    for (volatile int i = 0; i < 20; i++)
        if (!sigsetjmp(back, 1)) {
            lua_State *S = luaL_newstate();
            lua_pushcfunction(S, overflow);
            lua_call(S, 0, 1);
        }
    works("overflows");
}

/* No mask is restored. */
static void leave_as_it_is(int n)
{
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    for (int i = 1; i < 32; i++)
        if (sigismember(&blocked, i))
            exit(4);
    take_time();
    siglongjmp(back, n);
}

static void overflows_unmasked(void)
{
    little_stack(leave_as_it_is, SA_NODEFER);
    for (volatile int i = 0; i < 20; i++)
        if (!sigsetjmp(back, 0)) {
            lua_State *S = luaL_newstate();
            lua_pushcfunction(S, overflow);
            lua_call(S, 0, 1);
        }
    works("overflows");
}

/* ---- stacks ---- */

static ucontext_t outside, inside;
static long result;

static __attribute__((noinline)) long deep(volatile int n)
{
    return n ? deep(n - 1) + 1 : busy() + busy() + busy();
}

static void on_fiber(void)
{
    result = deep(100000);
}

/* 100,000 frames of C below Lua: on the thread's own stack, and on one that only the program knows. */
static void deep_stacks(void)
{
    size_t n = 64 << 20;
    printf("deep %ld\n", deep(50000));
    char *stack = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    getcontext(&inside);
    inside.uc_stack.ss_sp = stack;
    inside.uc_stack.ss_size = n;
    inside.uc_link = &outside;
    makecontext(&inside, on_fiber, 0);
    swapcontext(&outside, &inside);
    munmap(stack, n);
    printf("deep fiber %ld %ld\n", result, busy());
}

/* Runs F on the stack that ends at TOP, with RBP in rbp; what is above misleads. */
void run_on(void *top, void (*f)(void), void *rbp);
__asm__(".text\n"
        ".type run_on, @function\n"
        "run_on:\n"
        "push %rbp\n"
        "push %rbx\n"
        "mov %rsp, %rbx\n"
        "mov %rdi, %rsp\n"
        "mov %rdx, %rbp\n"
        "call *%rsi\n"
        "mov %rbx, %rsp\n"
        "pop %rbx\n"
        "pop %rbp\n"
        "ret\n"
        ".size run_on, . - run_on\n");

static void many_busy(void)
{
    for (int i = 0; i < 10; i++)
        result += busy();
}

/* Stacks whose callers are no callers: zeros, random words, addresses of code, of themselves, of nothing. */
static void garbage_stacks(void)
{
    enum { N = 256 * 1024, ABOVE = 64 * 1024 };
    char *stack = mmap(NULL, N, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint64_t *top = (uint64_t *)(void *)(stack + N - ABOVE), x = 88172645463325252u;
    for (int kind = 0; kind < 7; kind++) {
        for (size_t i = 0; i < ABOVE / 8; i++) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            uint64_t code[] = {(uint64_t)(uintptr_t)lua_callk, (uint64_t)(uintptr_t)printf,
                               (uint64_t)(uintptr_t)many_busy, (uint64_t)(uintptr_t)lua_gc};
            top[i] = kind == 0   ? 0
                     : kind == 1 ? x
                     : kind == 2 ? (uint64_t)(uintptr_t)&top[i]
                     : kind == 3 ? code[x % 4] + x / 4 % 64
                     : kind == 4 ? (i % 2 ? code[x % 4] + 5 : (uint64_t)(uintptr_t)&top[i + x % 64])
                     : kind == 5 ? (uint64_t)-8 - x % 4096 * 8
                                 : (uint64_t)(uintptr_t)stack - 4096;
        }
        void *rbp = kind % 3 == 0   ? (void *)top
                    : kind % 3 == 1 ? (void *)(uintptr_t)x
                                    : (void *)(uintptr_t)(x & 0xffff);
        run_on(top, many_busy, rbp);
    }
    run_on(stack + N, many_busy, stack + N); /* nothing at all is above */
    munmap(stack, N);
    printf("garbage %ld\n", result + busy());
}

/* Fibers of the host's own that begin, run Lua, and whose stacks are gone the next moment. */
static void short_fibers(void)
{
    enum { N = 256 * 1024 };
    for (int i = 0; i < 30; i++) {
        char *stack = mmap(NULL, N, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        run_on(stack + N, many_busy, NULL);
        munmap(stack, N);
        result += (long)host_run(
            L, "local c = coroutine.wrap(function() coroutine.yield(1) error 'x' end) "
               "c() pcall(c) return 3");
    }
    printf("short fibers %ld\n", result);
}

/* ---- jumps ---- */

static jmp_buf out;

static int jump(lua_State *S)
{
    (void)S;
    longjmp(out, 1);
}

static void storm(void)
{
    lua_register(L, "jump", jump);
    volatile long n = 0;
    for (volatile int i = 0; i < 20000; i++) {
        lua_State *S = lua_newthread(L);
        if (!setjmp(out)) {
            luaL_loadstring(S, "local f = ... local function g(n) if n == 0 then jump() end return "
                               "1 + g(n - 1) end "
                               "return coroutine.wrap(g)(3)");
            lua_call(S, 0, 1);
        }
        n++;
        lua_settop(L, 0);
    }
    n += (long)host_run(
        L, "local n = 0 for i = 1, 50000 do if not pcall(error) then n = n + 1 end end "
           "for i = 1, 20000 do coroutine.wrap(function() coroutine.yield() end)() end return n");
    printf("storm %ld\n", n);
}

/* ---- the host's own signals and timers ---- */

static volatile sig_atomic_t prof_n, hook_n;

static void on_prof(int n)
{
    (void)n;
    prof_n++;
}

static void on_line(lua_State *S, lua_Debug *ar)
{
    lua_getinfo(S, "Sl", ar);
    hook_n += ar->currentline > 0;
}

/* A profiler of the host's own: SIGPROF by setitimer, by a POSIX timer, a timerfd, and a hook of Lua. */
static void own_profiler(void)
{
    struct sigaction a = {.sa_handler = on_prof, .sa_flags = SA_RESTART}, now;
    struct itimerval each = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}}, left;
    struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGPROF};
    struct itimerspec soon = {{0, 1000000}, {0, 1000000}};
    timer_t t;
    sigaction(SIGPROF, &a, NULL);
    setitimer(ITIMER_PROF, &each, NULL);
    timer_create(CLOCK_THREAD_CPUTIME_ID, &e, &t);
    timer_settime(t, 0, &soon, NULL);
    int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    timerfd_settime(fd, 0, &soon, NULL);
    lua_sethook(L, on_line, LUA_MASKCOUNT, 1000);
    long sum = 0;
    for (int i = 0; i < 10; i++)
        sum += busy();
    while (prof_n < 5)
        sum -= busy() - busy();
    lua_sethook(L, NULL, 0, 0);
    setitimer(ITIMER_PROF, &never, &left);
    timer_delete(t);
    uint64_t times = 0;
    ssize_t got = read(fd, &times, sizeof times);
    sigaction(SIGPROF, NULL, &now);
    printf("profiler %ld %d %d %d %d %d\n", sum, now.sa_handler == on_prof, hook_n > 100,
           got == 8 && times > 0, left.it_interval.tv_usec == 1000,
           (int)now.sa_flags & SA_RESTART ? 1 : 0);
}

/* What is pending, blocked and handled is what the host made it, after work and after sleep. */
static void asks(void)
{
    sigset_t set, old, pending;
    struct sigaction a;
    struct signalfd_siginfo info;
    int odd = 0;
    sigfillset(&set);
    for (int i = 0; i < 50; i++) {
        busy();
        pthread_sigmask(SIG_SETMASK, NULL, &old);
        sigpending(&pending);
        for (int n = 1; n < 32; n++) {
            odd += sigismember(&old, n) || sigismember(&pending, n);
            sigaction(n, NULL, &a);
            odd += a.sa_handler != SIG_DFL;
        }
        struct timespec pause = {0, 1000000}, rest = {0, 0};
        odd += nanosleep(&pause, &rest) != 0;
    }
    sigprocmask(SIG_BLOCK, &set, NULL);
    int fd = signalfd(-1, &set, SFD_NONBLOCK);
    long sum = busy();
    odd += read(fd, &info, sizeof info) >= 0;
    raise(SIGPROF);
    odd += read(fd, &info, sizeof info) < 0 || info.ssi_signo != SIGPROF;
    printf("asks %d %ld\n", odd, sum);
}

/* ---- libraries that come and go while others are sampled ---- */

static volatile int over;

static void *runs_lua(void *unused)
{
    (void)unused;
    lua_State *S = luaL_newstate();
    luaL_openlibs(S);
    long n = 0;
    while (!over)
        n += host_run(S, busy_text) != 0;
    lua_close(S);
    return (void *)(uintptr_t)(n > 0);
}

static void libraries(void)
{
    static const char *const names[] = {"libffi.so.8", "libm.so.6", "libz.so.1", "libsqlite3.so.0",
                                        "libexpat.so.1"};
    pthread_t t[3];
    long ran = 0;
    for (int i = 0; i < 3; i++)
        pthread_create(&t[i], NULL, runs_lua, NULL);
    for (int i = 0; i < 300; i++) {
        void *h = dlopen(names[i % 5], RTLD_NOW | RTLD_LOCAL);
        if (h)
            dlclose(h);
        if (i % 50 == 0)
            busy();
    }
    over = 1;
    for (int i = 0; i < 3; i++) {
        void *v;
        pthread_join(t[i], &v);
        ran += v != NULL;
    }
    printf("libraries %ld\n", ran);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } ways[] = {{"forks", forks},
                {"fork_both", fork_both},
                {"fork_threads", fork_threads},
                {"crash", crash},
                {"crash_handled", crash_handled},
                {"overflows", overflows},
                {"overflows_unmasked", overflows_unmasked},
                {"deep_stacks", deep_stacks},
                {"garbage_stacks", garbage_stacks},
                {"short_fibers", short_fibers},
                {"storm", storm},
                {"own_profiler", own_profiler},
                {"asks", asks},
                {"libraries", libraries}};
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
