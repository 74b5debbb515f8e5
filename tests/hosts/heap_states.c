/* heap_states: many states, on many threads, handed from one to the next, their allocators exchanged while Lua runs. */
/* LINK: -llua5.4 -lpthread */
/* Every state has an allocator of the host's own that keeps books, and which agree with collectgarbage's count. Prints for
 * each state, in the order in which they were made, `PEAK LIVE` (when lua_close began), and then what all asked for, in
 * the words of the report's JSON: blocks, bytes, resized, grown_bytes, shrunk_bytes, freed_bytes, and `kind NAME BLOCKS BYTES`.
 *
 * threads N   4 states in turn on each of N threads, with coroutines
 * handed N    N states, each made on one thread, run on a second, its coroutines resumed on a third, closed on a fourth; C blocks
 *             are freed by another thread than made them
 * switched N  N states whose allocator is exchanged in the middle of calls, from C functions that Lua calls, for another
 *             that keeps the same books, for one of another kind, and back; some while a coroutine runs */
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>

#include "tests/hosts/heap_books.h"
#include "tests/hosts/host.h"

enum { STATES_MAX = 250 };

struct one {
    struct books books;
    lua_State *L, *co;
    void *c_blocks[50];
    int agrees;
};

static struct one all[STATES_MAX];
static _Atomic int made_n;
static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;

static const char work[] =
    "local kept, n = {}, ... "
    "for i = 1, 200 + n do kept[i % 37] = { ('x'):rep(i % 90), i, k = i } end "
    "for i = 1, 20 do local co = coroutine.wrap(function(a) local t = { a } coroutine.yield(t) "
    "end) co(i) end "
    "kept.late = function() return kept end "
    "return coroutine.create(function() for i = 1, 50 do kept[i] = { i, tostring(i) } "
    "coroutine.yield() end end)";

/* ---- a state from begin to end ---- */

/* In order: numbers of states in the trace are those of this table. */
static struct one *make(lua_Alloc f)
{
    pthread_mutex_lock(&making);
    struct one *o = &all[made_n++];
    o->books.limit = SIZE_MAX;
    o->L = lua_newstate(f, &o->books);
    pthread_mutex_unlock(&making);
    luaL_openlibs(o->L);
    return o;
}

static int run_work(lua_State *L)
{
    if (luaL_loadstring(L, work))
        return lua_error(L);
    lua_pushinteger(L, lua_tointeger(L, 1));
    lua_call(L, 1, 1);
    return 1;
}

/* Leaves the coroutine on the stack. */
static void run(struct one *o)
{
    lua_pushcfunction(o->L, run_work);
    lua_pushinteger(o->L, o - all);
    if (lua_pcall(o->L, 1, 1, 0))
        fprintf(stderr, "%s\n", lua_tostring(o->L, -1));
    o->co = lua_tothread(o->L, -1);
}

static void resume(struct one *o, int times)
{
    int n;
    for (int i = 0; i < times && o->co; i++)
        if (lua_resume(o->co, o->L, 0, &n) == LUA_YIELD)
            lua_pop(o->co, n);
}

static void finish(struct one *o)
{
    o->books.live_at_close = o->books.live;
    o->agrees = (size_t)lua_gc(o->L, LUA_GCCOUNT) * 1024 + (size_t)lua_gc(o->L, LUA_GCCOUNTB) ==
                o->books.live;
    lua_close(o->L);
    o->agrees &= o->books.live == 0;
}

/* ---- on threads ---- */

static void *four_lives(void *arg)
{
    for (int i = 0; i < 4; i++) {
        struct one *o = make(counting);
        run(o);
        resume(o, 10);
        finish(o);
    }
    return arg;
}

static void together(int n, void *(*body)(void *))
{
    pthread_t thread[64];
    for (int i = 0; i < n; i++)
        pthread_create(&thread[i], NULL, body, NULL);
    for (int i = 0; i < n; i++)
        pthread_join(thread[i], NULL);
}

/* ---- from thread to thread ---- */

static void *step_make(void *arg)
{
    struct one *o = make(counting);
    for (size_t i = 0; i < sizeof o->c_blocks / sizeof *o->c_blocks; i++)
        o->c_blocks[i] = malloc(100 + i);
    *(struct one **)arg = o;
    return NULL;
}

static void *step_run(void *arg)
{
    run(*(struct one **)arg);
    return NULL;
}

static void *step_resume(void *arg)
{
    struct one *o = *(struct one **)arg;
    resume(o, 30);
    for (size_t i = 0; i < sizeof o->c_blocks / sizeof *o->c_blocks; i++)
        free(o->c_blocks[i]);
    lua_gc(o->L, LUA_GCCOLLECT);
    return NULL;
}

static void *step_finish(void *arg)
{
    finish(*(struct one **)arg);
    return NULL;
}

static void handed(int n)
{
    static void *(*const step[])(void *) = {step_make, step_run, step_resume, step_finish};
    for (int i = 0; i < n; i++) {
        struct one *o = NULL;
        for (int k = 0; k < 4; k++) {
            pthread_t thread;
            pthread_create(&thread, NULL, step[k], &o);
            pthread_join(thread, NULL);
        }
    }
}

/* ---- other allocators in the middle ---- */

static void *counting_too(void *ud, void *p, size_t osize, size_t nsize)
{
    return counting(ud, p, osize, nsize);
}

static _Atomic size_t wrong;

/* Gives nothing that was not asked for through it or the others: their blocks are the C library's. */
static void *of_another_kind(void *ud, void *p, size_t osize, size_t nsize)
{
    if (p && osize > malloc_usable_size(p))
        wrong++;
    return counting(ud, p, osize, nsize);
}

static int exchange(lua_State *L)
{
    static lua_Alloc const other[] = {counting, counting_too, of_another_kind};
    static int turn;
    void *ud, *again;
    lua_Alloc before = lua_getallocf(L, &ud), f = other[turn++ % 3];
    lua_setallocf(L, f, ud);
    if (lua_getallocf(L, &again) != f || again != ud || before == NULL)
        wrong++;
    return 0;
}

static void switched(int n)
{
    static const char text[] =
        "for i = 1, 30 do local t = { i } exchange() t[2] = t t.k = tostring(i) end "
        "local co = coroutine.wrap(function() for i = 1, 10 do exchange() coroutine.yield({ i }) "
        "end end) "
        "for i = 1, 10 do exchange() co() collectgarbage('step') end "
        "pcall(function() exchange() error({}) end) "
        "table.sort({ 3, 1, 2 }, function(a, b) exchange() return a < b end) "
        "collectgarbage() return 1";
    for (int i = 0; i < n; i++) {
        struct one *o = make(i % 2 ? counting : counting_too);
        lua_register(o->L, "exchange", exchange);
        run(o);
        wrong += (size_t)luaL_dostring(o->L, text);
        resume(o, 5);
        finish(o);
    }
}

/* ---- what is said ---- */

static void show_all(void)
{
    struct books sum = {0};
    for (int i = 0; i < made_n; i++) {
        const struct books *b = &all[i].books;
        printf("state %d %zu %zu\n", i + 1, b->peak, b->live_at_close);
        wrong += !all[i].agrees;
        books_add(&sum, b);
    }
    books_show(&sum);
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "";
    int n = argc > 2 ? atoi(argv[2]) : 0;
    if (!strcmp(way, "threads"))
        together(n, four_lives);
    else if (!strcmp(way, "handed"))
        handed(n);
    else if (!strcmp(way, "switched"))
        switched(n);
    else
        return 2;
    show_all();
    return wrong != 0;
}
