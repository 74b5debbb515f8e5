/* modules: the functions that load modules, as spans: require, dofile, luaL_requiref,
 * luaL_openlibs.
 *
 * require and dofile are known from their registration and come here through their thunk's slow
 * path.  A require that finds its module returns one result and did nothing that was observed: it
 * is a hit, counted exactly and timed for a sample; the span it opened was never touched.
 *
 * Context: host threads.  The original functions run under frames of this file that hold nothing
 * to be released. */
#include "shim/hooks/observe.h"

#include <string.h>

#include "shim/attach/hooks.h"
#include "shim/hooks/chunk_origin.h"
#include "shim/hooks/function_notes.h"
#include "shim/hooks/sampling.h"
#include "shim/hooks/span_trace.h"

enum { MARK_NONE = 0, MARK_REQUIRE = 1, MARK_DOFILE = 2 };
enum { HITS_ALL_TIMED = 16, HITS_TIMED_EVERY = 16 };

/* ---- names ---- */

struct known {
    const char *module, *name;
    uint8_t mark;
    enum chunk_origin origin;
};

static const struct known known[] = {
    {"package", "require", MARK_REQUIRE, CHUNK_C_MODULE},
    {"_G", "dofile", MARK_DOFILE, CHUNK_C_MODULE},
    {"_G", "loadfile", MARK_NONE, CHUNK_LOADFILE},
    {"_G", "load", MARK_NONE, CHUNK_LOAD},
};

/* Hosts may open the libraries without luaL_requiref: then the module is not known, but the
 * function stands in Lua's own code. */
static int is_known(const struct known *k, const struct lua_copy *c, const char *module,
                    const char *name, const void *code)
{
    if (strcmp(name, k->name) != 0)
        return 0;
    return strcmp(module, k->module) == 0 || (!*module && copy_of_address(code) == c);
}

void observe_named(struct lua_copy *c, uint32_t index, const char *module, const char *name)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (is_known(&known[i], c, module, name, function_original[index])) {
            function_notes[index].observed = known[i].mark;
            chunk_origin_set(index, known[i].origin);
        }
}

const char *observe_module(struct lua_copy *c, lua_State *L)
{
    spans_switch(c, L, SPAN_FRAME());
    const struct span *s = span_top(SPAN_FRAME());
    for (; s && s->kind != SPAN_MAIN; s = span_parent(s))
        if (s->touched && (s->kind == SPAN_REQUIRE || s->kind == SPAN_REQUIREF))
            return s->d.module;
    return "";
}

/* ---- require ---- */

/* A string argument; other values are left as they are (lua_tolstring would convert a number). */
static void ask_argument(struct span *s, const char *otherwise)
{
    const struct lua_api *api = &s->copy->api;
    s->asked = otherwise;
    s->asked_n = strlen(otherwise);
    if (api->lua_gettop(s->L) >= 1 && api->lua_type(s->L, 1) == LUA_TSTRING)
        s->asked = api->lua_tolstring(s->L, 1, &s->asked_n);
}

/* A call of the function at INDEX that this file runs: begun when Lua's own call begins. */
struct timed {
    uint32_t index;
    uint64_t begin_ns;
};

static inline struct timed timed_begin(uint32_t index)
{
    return (struct timed){index, sampling_begin(slot_now, index, ARENA_FIX_DOWN, 2)};
}

/* Stands for WEIGHT calls.  Returns when it ended. */
static uint64_t timed_end(struct timed t, uint32_t weight)
{
    uint64_t end = now_ns();
    sampling_end(t.index, ARENA_FIX_DOWN, 2 * weight, t.begin_ns, end);
    return end;
}

static inline void timed_not(void)
{
    if (slot_now->unseen_return_n)
        slot_now->unseen_return_n--;
}

static int call_timed(lua_State *L, lua_CFunction original, uint32_t index)
{
    struct timed t = timed_begin(index);
    int n = original(L);
    timed_end(t, 1);
    return n;
}

/* The first hits of a name are all timed, then one stands for those until the next. */
static void count_hit(struct span *s, struct timed t)
{
    struct arena_hit *h = hit_entry(intern(s->asked, s->asked_n));
    uint64_t n = h ? atomic_fetch_add_explicit(&h->n, 1, memory_order_relaxed) : 1;
    if (!h || (n >= HITS_ALL_TIMED && n % HITS_TIMED_EVERY != 0)) {
        timed_not();
        return;
    }
    uint64_t end = timed_end(t, n < HITS_ALL_TIMED ? 1 : HITS_TIMED_EVERY);
    atomic_fetch_add_explicit(&h->timed_n, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&h->timed_ns, end - t.begin_ns, memory_order_relaxed);
}

static void require_ended(struct span *s, struct timed t, int results)
{
    if (likely(results == 1 && !s->touched)) {
        count_hit(s, t);
        span_drop(s, s->serial);
        return;
    }
    uint64_t end = timed_end(t, 1);
    span_touch(s);
    span_close(s, s->serial, SPAN_OK, end);
}

static int observed_require(struct lua_copy *c, lua_State *L, lua_CFunction original,
                            uint32_t index)
{
    struct span *s = span_push(SPAN_REQUIRE, c, L, SPAN_FRAME());
    if (!s)
        return call_timed(L, original, index);
    uint64_t serial = s->serial;
    ask_argument(s, "?");
    observe_calls = 1;
    struct timed t = timed_begin(index);
    s->begin_ns = t.begin_ns;
    int n = original(L);
    if (likely(span_live(s, serial)))
        require_ended(s, t, n);
    return n;
}

/* ---- dofile ---- */

static int observed_dofile(struct lua_copy *c, lua_State *L, lua_CFunction original, uint32_t index)
{
    struct span *s = span_push(SPAN_DOFILE, c, L, SPAN_FRAME());
    if (!s)
        return call_timed(L, original, index);
    uint64_t serial = s->serial;
    ask_argument(s, "=stdin");
    observe_calls = 1;
    struct timed t = timed_begin(index);
    s->begin_ns = t.begin_ns;
    span_touch(s);
    int n = original(L);
    span_close(s, serial, SPAN_OK, timed_end(t, 1));
    return n;
}

int observed_function(struct lua_copy *c, lua_State *L, lua_CFunction original, uint32_t index)
{
    switch (function_notes[index].observed) {
    case MARK_REQUIRE:
        return observed_require(c, L, original, index);
    case MARK_DOFILE:
        return observed_dofile(c, L, original, index);
    default:
        return original(L);
    }
}

/* ---- libraries opened by C code ---- */

void hook_luaL_requiref(lua_State *L, const char *modname, lua_CFunction openf, int glb)
{
    struct lua_copy *c = copy_current();
    struct span *s = span_push(SPAN_REQUIREF, c, L, SPAN_FRAME());
    if (!s) {
        c->api.luaL_requiref(L, modname, openf, glb);
        return;
    }
    uint64_t serial = s->serial;
    s->asked = modname;
    s->asked_n = strlen(modname);
    observe_calls = 1;
    s->begin_ns = now_ns();
    c->api.luaL_requiref(L, modname, openf, glb);
    if (!span_live(s, serial))
        return;
    if (!s->touched) { /* it was open already */
        span_drop(s, serial);
        return;
    }
    s->d.load = LOAD_BUILTIN;
    span_close(s, serial, SPAN_OK, now_ns());
}

void hook_luaL_openlibs(lua_State *L)
{
    struct lua_copy *c = copy_current();
    struct span *s = span_push(SPAN_OPENLIBS, c, L, SPAN_FRAME());
    if (!s) {
        c->api.luaL_openlibs(L);
        return;
    }
    uint64_t serial = s->serial;
    s->asked = "luaL_openlibs";
    s->asked_n = strlen(s->asked);
    s->step = SPAN_RUNNING;
    s->begin_ns = now_ns();
    span_touch(s);
    s->d.run_begin_ns = s->begin_ns;
    c->api.luaL_openlibs(L);
    uint64_t end = now_ns();
    milestone_note(MILESTONE_OPENLIBS, end, 0);
    span_close(s, serial, SPAN_OK, end);
}
