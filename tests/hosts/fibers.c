/* fibers: a thread that is on fibers of its own (one mapping holds all their stacks) whenever it runs Lua. */
/* LINK: -llua5.4 -lpthread */
/* fibers states|one STACK-BYTES: each fiber has a state of its own, or a coroutine of one state.  Each runs a function of its own, on a
 * line of its own, that makes tables; between them they take turns, also in the middle of nested calls, from C to Lua, too. */
#include <pthread.h>
#include <sys/mman.h>

#include "tests/hosts/host.h"

enum { FIBERS = 6 };

/* One function a line, from line 2 on: it makes (10 + 5 * line) tables. */
static const char text[] =
    "local function nest(f, n) if n == 0 then return f() end return (through(nest, f, n - 1)) end\n"
    "local function a() for i = 1, 20 do kept[#kept + 1] = {} turn() end return 2 end\n"
    "local function b() for i = 1, 25 do kept[#kept + 1] = {} turn() end return 3 end\n"
    "local function c() for i = 1, 30 do kept[#kept + 1] = {} turn() end return 4 end\n"
    "local function d() for i = 1, 35 do kept[#kept + 1] = {} turn() end return 5 end\n"
    "local function e() for i = 1, 40 do kept[#kept + 1] = {} turn() end return 6 end\n"
    "local function f() for i = 1, 45 do kept[#kept + 1] = {} turn() end return 7 end\n"
    "local me, s = ({ a, b, c, d, e, f })[...], 0\n"
    "for i = 1, 4 do s = s + nest(me, i) end\n"
    "return s";

/* to_stack(&from, to): the registers that calls preserve stay on the stack that is left. */
void to_stack(void **from, void *to);
__asm__("to_stack:\n"
        "push %rbp; push %rbx; push %r12; push %r13; push %r14; push %r15\n"
        "mov %rsp, (%rdi)\n"
        "mov %rsi, %rsp\n"
        "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbx; pop %rbp\n"
        "ret");

static void *outside, *fiber[FIBERS];
static lua_State *one;
static int is_shared, now, done[FIBERS];
static long sum;

static int turn(lua_State *L)
{
    (void)L;
    to_stack(&fiber[now], outside);
    return 0;
}

/* From C into Lua: through(f, ...) */
static int through(lua_State *L)
{
    lua_call(L, lua_gettop(L) - 1, 1);
    return 1;
}

static lua_State *state_new(void)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    lua_register(L, "turn", turn);
    lua_register(L, "through", through);
    lua_newtable(L);
    lua_setglobal(L, "kept");
    return L;
}

static void run(void)
{
    int me = now;
    if (one == NULL || !is_shared)
        one = state_new();
    lua_State *L = lua_newthread(one);
    if (luaL_loadbufferx(L, text, sizeof text - 1, "=fibers.lua", "t") == LUA_OK) {
        lua_pushinteger(L, me + 1);
        if (lua_pcall(L, 1, 1, 0) != LUA_OK)
            fprintf(stderr, "%s\n", lua_tostring(L, -1));
        sum += (long)lua_tointeger(L, -1);
    }
    done[me] = 1;
    to_stack(&fiber[me], outside);
}

static void *turns(void *stack_bytes)
{
    size_t n = *(size_t *)stack_bytes;
    char *stacks =
        mmap(NULL, FIBERS * n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < FIBERS; i++) {
        void **top = (void **)(void *)(stacks + (size_t)(i + 1) * n) - 2;
        top[0] = (void *)run; /* which has no caller: the word behind is 0 */
        fiber[i] = top - 6;
    }
    for (int left = FIBERS; left > 0;) {
        left = FIBERS;
        for (now = 0; now < FIBERS; now++)
            if (done[now])
                left--;
            else
                to_stack(&outside, fiber[now]);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    size_t n = argc > 2 ? (size_t)atol(argv[2]) : 65536;
    pthread_t t;
    if (argc < 2)
        return 2;
    is_shared = strcmp(argv[1], "one") == 0;
    pthread_create(&t, NULL, turns, &n);
    pthread_join(t, NULL);
    printf("%ld\n", sum);
    return 0;
}
