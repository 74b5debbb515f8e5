/* collector_check: see collector_check.h. */
#include "shim/attach/collector_check.h"

#include "shim/platform.h"

enum {
    STEPS_WANTED = 3,
    CYCLES_WANTED = 2,
    FINALIZERS_WANTED = 8,
    STEP_LOG2 = 8,
    PAUSE = 112,
    GROWTH = 10
};

/* ---- what is seen ---- */

static int same(const struct collector_phase *a, const struct collector_phase *b)
{
    return a->estimate == b->estimate && a->white == b->white && a->at == b->at &&
           a->generational == b->generational;
}

static void look(struct collector_check *k)
{
    struct collector_phase p = collector_phase(k->global_state);
    k->strays += !same(&p, &k->last);
    k->last = p;
}

void collector_check_step_begin(struct collector_check *k)
{
    if (k->in_step++ == 0)
        look(k);
}

void collector_check_step_end(struct collector_check *k)
{
    if (--k->in_step != 0)
        return;
    struct collector_phase p = collector_phase(k->global_state);
    k->steps++;
    k->cycles += p.white != k->last.white;
    k->last = p;
}

void collector_check_finalize_begin(struct collector_check *k)
{
    k->entered++;
    k->in_finalize++;
}

void collector_check_finalize_end(struct collector_check *k)
{
    k->in_finalize--;
}

/* ---- what is done ---- */

static struct collector_check *now(void)
{
    return copy_now->collector.check;
}

static int finalizer(lua_State *L)
{
    struct collector_check *k = now();
    (void)L;
    k->called++;
    k->missed += k->in_finalize != 1;
    return 0;
}

/* Makes an object that has a finalizer; its metatable is the upvalue. */
static int make(lua_State *L)
{
    const struct lua_api *api = now()->api;
    api->lua_createtable(L, 0, 0);
    api->lua_pushvalue(L, lua_upvalueindex(1));
    api->lua_setmetatable(L, -2);
    return 0;
}

static const char *read_chunk(lua_State *L, void *ud, size_t *n)
{
    static const char chunk[] = "local make = ... "
                                "for i = 1, 20 do make() "
                                "local f, t = function() return i end, {i} end";
    int *read = ud;
    (void)L;
    *n = *read ? 0 : sizeof chunk - 1;
    *read = 1;
    return *n ? chunk : NULL;
}

/* The chunk, and the function that it calls. */
static int load_chunk(const struct collector_check *k, lua_State *L)
{
    int read = 0;
    k->api->lua_settop(L, 0);
    if (k->api->lua_load(L, read_chunk, &read, "=collector", "t") != LUA_OK)
        return -1;
    k->api->lua_createtable(L, 0, 1);
    k->api->lua_pushcclosure(L, finalizer, 0);
    k->api->lua_setfield(L, -2, "__gc");
    k->api->lua_pushcclosure(L, make, 1);
    return 0;
}

static void run_chunk(struct collector_check *k, lua_State *L)
{
    k->steps = k->cycles = 0;
    k->last = collector_phase(k->global_state);
    k->api->lua_pushvalue(L, 1);
    k->api->lua_pushvalue(L, 2);
    k->api->lua_callk(L, 1, 0, 0, NULL);
    look(k);
}

static int steps_are_all(const struct collector_check *k)
{
    return k->steps >= STEPS_WANTED && k->cycles >= CYCLES_WANTED && k->strays == 0;
}

/* The byte that changes when the collector is stopped, and back.  0: not found. */
static uint16_t find_stop(const struct collector_check *k, lua_State *L)
{
    enum { FROM = 103, N = COLLECTOR_BYTES - FROM };
    uint8_t running[N], stopped[N], again[N];
    const uint8_t *at = (const uint8_t *)k->global_state + FROM;
    uint16_t found = 0;
    memcpy(running, at, N);
    k->api->lua_gc(L, LUA_GCSTOP);
    memcpy(stopped, at, N);
    k->api->lua_gc(L, LUA_GCRESTART);
    memcpy(again, at, N);
    for (int i = 0; i < N; i++)
        if (running[i] != stopped[i]) {
            if (found != 0 || running[i] != again[i])
                return 0;
            found = (uint16_t)(FROM + i);
        }
    return found;
}

/* Runs in a protected call. */
static int body(lua_State *L)
{
    struct lua_copy *c = copy_now;
    struct collector_check *k = now();
    c->collector.stop_at = find_stop(k, L);
    if (c->collector.stop_at == 0 || load_chunk(k, L) != 0)
        return 0;
    c->collector.running = ((const uint8_t *)k->global_state)[c->collector.stop_at];
    k->api->lua_gc(L, LUA_GCINC, PAUSE, 100, STEP_LOG2);
    k->api->lua_gc(L, LUA_GCCOLLECT); /* from here on they are followed */
    run_chunk(k, L);
    int ok = steps_are_all(k);
    k->api->lua_gc(L, LUA_GCGEN, GROWTH, 0);
    run_chunk(k, L);
    c->collector.steps_known = ok && steps_are_all(k);
    c->collector.finalizers_known = c->collector.steps_known && k->called >= FINALIZERS_WANTED &&
                                    k->called == k->entered && k->missed == 0;
    return 0;
}

void collector_check(struct lua_copy *c, lua_State *L, const void *g)
{
    struct collector_check k = {.api = &c->api, .global_state = g, .last = collector_phase(g)};
    if (c->collector.step == NULL)
        return;
    __atomic_store_n(&c->collector.check, &k, __ATOMIC_RELEASE);
    c->api.lua_pushcclosure(L, body, 0);
    c->api.lua_pcallk(L, 0, 0, 0, 0, NULL);
    __atomic_store_n(&c->collector.check, NULL, __ATOMIC_RELEASE);
}
