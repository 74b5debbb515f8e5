/* embed: hosts as they are in the field: a game's loop, worker threads, prefork servers, fibers. */
/* LINK: -llua5.4 -lpthread */
/* Each way prints what it knows itself, which tests/cli/embed.bats compares with the trace. */
#include <pthread.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <ucontext.h>

#include "tests/hosts/host.h"

static long size = 1; /* factor of all counts */

static int tick(lua_State *L)
{
    lua_pushinteger(L, lua_tointeger(L, 1) + 1);
    return 1;
}

static lua_State *fresh(void)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    lua_register(L, "tick", tick);
    return L;
}

static const char script[] =
    "n = 0 "
    "function update(dt) n = tick(n) end "
    "function handle(request) n = tick(n) return string.format('%s %d', request, n) end "
    "function stepwise(steps) for i = 1, steps do n = tick(n) coroutine.yield(i) end return 'end' "
    "end";

static lua_Integer counted(lua_State *L)
{
    lua_getglobal(L, "n");
    lua_Integer n = lua_tointeger(L, -1);
    lua_pop(L, 1);
    return n;
}

static void update(lua_State *L)
{
    lua_getglobal(L, "update");
    lua_pushnumber(L, 0.016);
    if (lua_pcall(L, 1, 0, 0))
        puts(lua_tostring(L, -1));
}

/* Loads a script once, then calls a function of it at every frame. */
static void game(void)
{
    lua_State *L = fresh();
    host_run(L, script);
    for (long i = 0; i < 200000 * size; i++)
        update(L);
    printf("tick %lld\npcalls %ld\n", (long long)counted(L), 200000 * size + 1);
    lua_close(L);
}

/* ---- threads ---- */

enum { THREADS = 8 };

static void *thread(void *sum)
{
    for (int life = 0; life < 4; life++) {
        lua_State *L = fresh();
        host_run(L, script);
        for (long i = 0; i < 10000 * size; i++)
            update(L);
        host_run(L, "local t = {} for i = 1, 20000 do t[i] = tostring(i) end table.sort(t)");
        *(lua_Integer *)sum += counted(L);
        lua_close(L);
    }
    return NULL;
}

static void threads(void)
{
    pthread_t t[THREADS];
    lua_Integer sum[THREADS] = {0}, all = 0;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&t[i], NULL, thread, &sum[i]);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(t[i], NULL);
        all += sum[i];
    }
    printf("tick %lld\nstates %d\n", (long long)all, THREADS * 4);
}

/* ---- states ---- */

static void states(void)
{
    lua_Integer all = 0;
    long n = 2000 * size;
    for (long i = 0; i < n; i++) {
        lua_State *L = luaL_newstate();
        lua_register(L, "tick", tick);
        all += host_run(L, "return tick(0)");
        lua_close(L);
    }
    printf("tick %lld\nstates %ld\n", (long long)all, n);
}

/* ---- fibers ---- */

enum { FIBERS = 50, FIBER_STACK = 128 << 10 };

static ucontext_t home, fiber_at[FIBERS];
static lua_State *fiber_state[FIBERS];
static int fiber_done[FIBERS], fiber_now;

/* Switches C stacks in the midst of a C function that Lua called. */
static int pause_fiber(lua_State *L)
{
    (void)L;
    swapcontext(&fiber_at[fiber_now], &home);
    return 0;
}

static void fiber(void)
{
    lua_State *L = fiber_state[fiber_now];
    host_run(L, "local co = coroutine.wrap(stepwise) for i = 1, 20 do co(20) pause() "
                "  pcall(error, 'x') require('f' .. i) end");
    fiber_done[fiber_now] = 1;
    swapcontext(&fiber_at[fiber_now], &home);
}

static void fiber_make(int i)
{
    lua_State *L = fiber_state[i] = fresh();
    lua_register(L, "pause", pause_fiber);
    host_run(L, script);
    host_run(L, "for i = 1, 20 do package.preload['f' .. i] = function() "
                "  local ok = pcall(error, 'y') pause() n = tick(n) return i end end");
    getcontext(&fiber_at[i]);
    fiber_at[i].uc_stack.ss_sp = malloc(FIBER_STACK);
    fiber_at[i].uc_stack.ss_size = FIBER_STACK;
    makecontext(&fiber_at[i], fiber, 0);
}

static void fibers(void)
{
    lua_Integer all = 0;
    int left = FIBERS;
    for (int i = 0; i < FIBERS; i++)
        fiber_make(i);
    while (left)
        for (int k = 0; k < FIBERS; k++) {
            fiber_now = (k * 7) % FIBERS; /* not in the order in which they began */
            if (fiber_done[fiber_now])
                continue;
            swapcontext(&home, &fiber_at[fiber_now]);
            left -= fiber_done[fiber_now];
        }
    for (int i = 0; i < FIBERS; i++) {
        all += counted(fiber_state[i]);
        lua_close(fiber_state[i]);
        free(fiber_at[i].uc_stack.ss_sp);
    }
    printf("tick %lld\nmodules %d\n", (long long)all, FIBERS * 20);
}

/* ---- prefork ---- */

enum { WORKERS = 8 };

static void worker(lua_State *L, int from)
{
    char request;
    while (read(from, &request, 1) == 1) {
        lua_getglobal(L, "handle");
        lua_pushlstring(L, &request, 1);
        if (lua_pcall(L, 1, 1, 0))
            puts(lua_tostring(L, -1));
        lua_pop(L, 1);
    }
    lua_Integer n = counted(L);
    lua_close(L);
    exit(n % 1000 == 0 ? (int)(n / 1000) : 99);
}

/* Lua is made ready once; then workers are forked, of which the i-th gets i thousand requests. */
static void prefork(void)
{
    lua_State *L = fresh();
    int to[WORKERS], pair[2], status;
    pid_t pid[WORKERS];
    host_run(L, script);
    for (int i = 0; i < WORKERS; i++) {
        socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
        pid[i] = fork();
        if (pid[i] == 0) {
            for (int k = 0; k < i; k++)
                close(to[k]);
            close(pair[0]);
            worker(L, pair[1]);
        }
        close(pair[1]);
        to[i] = pair[0];
    }
    for (int n = 0; n < WORKERS * 1000; n++)
        for (int i = n / 1000; i < WORKERS; i++)
            if (write(to[i], "r", 1) != 1)
                puts("a worker is gone");
    for (int i = 0; i < WORKERS; i++) {
        close(to[i]);
        waitpid(pid[i], &status, 0);
        printf("worker %d: %d\n", i + 1, WEXITSTATUS(status));
    }
    lua_close(L);
}

/* The parent never runs Lua; each child has a state for a moment. */
static void children(void)
{
    int status;
    for (int i = 0; i < 4; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            lua_State *L = fresh();
            host_run(L, script);
            for (int n = 0; n < 1000; n++)
                update(L);
            _exit((int)(counted(L) / 100));
        }
        waitpid(pid, &status, 0);
        printf("child %d: %d\n", i, WEXITSTATUS(status));
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } ways[] = {{"game", game},     {"threads", threads}, {"states", states},
                {"fibers", fibers}, {"prefork", prefork}, {"children", children}};
    if (argc > 2)
        size = atol(argv[2]);
    for (size_t i = 0; argc > 1 && i < sizeof ways / sizeof ways[0]; i++)
        if (strcmp(argv[1], ways[i].name) == 0) {
            ways[i].run();
            return 0;
        }
    return 2;
}
