/* lua_layout_check: are Lua's structures as they are believed to be?
 *
 * Makes a state of its own with the originals (no hook sees it) in memory of its own, puts known
 * values on its stack, calls known functions, and compares what stands at the candidate offsets
 * with what the public API says.  Everything that can raise an error runs in a protected call.
 *
 * In: a copy whose object is relocated.  Out: its layout.   Context: host thread, in lua_newstate. */
#include <sched.h>
#include <stdatomic.h>

#include "shim/attach/collector_check.h"
#include "shim/attach/lua_tags.h"
#include "shim/attach/scratch.h"
#include "shim/record/config.h"
#include "shim/record/record_api.h"

/* The offsets of 5.4.0 to 5.4.9 on 64-bit machines. */
static const struct lua_layout candidate = {
    .verified = 0,
    .tried = 1,
    .state_top = OFFSET_STATE_TOP,
    .state_global = 24,
    .state_ci = OFFSET_STATE_CI,
    .ci_func = OFFSET_CI_FUNC,
    .ci_previous = OFFSET_CI_PREVIOUS,
    .ci_callstatus = 62,
    .tvalue_tag = OFFSET_TVALUE_TAG,
    .tvalue_bytes = TVALUE_BYTES,
    .cclosure_f = OFFSET_CCLOSURE_F,
    .lclosure_proto = OFFSET_LCLOSURE_PROTO,
};

enum { MATCHES_WANTED = 3 };

struct check {
    const struct lua_api *api;
    const char *lo, *hi; /* the state's memory */
    const void *closure; /* the Lua function that calls check_calls */
    int matches;         /* parts of the check that went well; all or nothing in the end */
};

/* ---- reading: only within the state's own memory, whatever the offsets lead to ---- */

static const char *field(const struct check *k, const void *base, size_t offset)
{
    const char *at = (const char *)base + offset, *p;
    if ((uintptr_t)at < (uintptr_t)k->lo || (uintptr_t)at > (uintptr_t)k->hi - sizeof p)
        return NULL;
    memcpy(&p, at, sizeof p);
    return p;
}

static const char *top_of(const struct check *k, lua_State *L)
{
    return field(k, L, candidate.state_top);
}

static int value_is(const struct check *k, const char *value, uint8_t tag, const void *p)
{
    uint8_t found = (uint8_t)(uintptr_t)field(k, value, candidate.tvalue_tag);
    return found == tag && field(k, value, 0) == p;
}

static int top_value_is(const struct check *k, lua_State *L, uint8_t tag, const void *p)
{
    return value_is(k, top_of(k, L) - candidate.tvalue_bytes, tag, p);
}

static int call_is_c(const struct check *k, const void *ci)
{
    /* The status is the last member but for padding: read with what stands before it. */
    uint64_t word = (uint64_t)(uintptr_t)field(k, ci, candidate.ci_callstatus - 6u);
    return ((word >> 48) & CALL_IS_C) != 0;
}

/* ---- the parts ---- */

static int check_calls(lua_State *L);
static int check_body(lua_State *L);

static int values_match(const struct lua_api *api, lua_State *L, struct check *k)
{
    const char *top = top_of(k, L);
    api->lua_pushlightuserdata(L, k);
    if (top_of(k, L) != top + candidate.tvalue_bytes || !top_value_is(k, L, TAG_LIGHT_USERDATA, k))
        return 0;
    api->lua_pushcclosure(L, check_calls, 1); /* takes the light userdata as its upvalue */
    const void *closure = api->lua_topointer(L, -1);
    if (top_of(k, L) != top + candidate.tvalue_bytes ||
        !top_value_is(k, L, TAG_C_CLOSURE, closure) ||
        field(k, closure, candidate.cclosure_f) != (const void *)check_calls)
        return 0;
    api->lua_pushcclosure(L, check_calls, 0);
    if (!top_value_is(k, L, TAG_LIGHT_C, (const void *)check_calls))
        return 0;
    lua_State *other = api->lua_newthread(L);
    if (field(k, L, candidate.state_global) == NULL ||
        field(k, L, candidate.state_global) != field(k, other, candidate.state_global) ||
        field(k, L, candidate.state_ci) == field(k, other, candidate.state_ci))
        return 0;
    api->lua_settop(L, 1);
    return 1;
}

/* Called by the Lua function: [0] this, [1] the Lua function, [2] check_body. */
static int check_calls(lua_State *L)
{
    struct check *k = copy_now->api.lua_touserdata(L, 1);
    const void *ci = field(k, L, candidate.state_ci);
    const void *expected[3] = {(const void *)check_calls, k->closure, (const void *)check_body};
    static const uint8_t tags[3] = {TAG_LIGHT_C, TAG_LUA_CLOSURE, TAG_LIGHT_C};
    for (int level = 0; level < 3; level++) {
        lua_Debug ar;
        if (!k->api->lua_getstack(L, level, &ar) || (const void *)ar.i_ci != ci ||
            !value_is(k, field(k, ci, candidate.ci_func), tags[level], expected[level]) ||
            call_is_c(k, ci) != (level != 1))
            return 0;
        ci = field(k, ci, candidate.ci_previous);
    }
    if (ci == NULL || field(k, ci, candidate.ci_previous) != NULL || !call_is_c(k, ci))
        return 0; /* the base, which is marked as C's, and nothing below */
    k->matches++;
    return 0;
}

static const char *read_chunk(lua_State *L, void *ud, size_t *n)
{
    static const char chunk[] =
        "local f = ... "
        "local function make() return function(x)\n f(x)\n return 1 end end "
        "return make(), make()";
    const char **next = ud;
    (void)L;
    const char *text = *next == NULL ? chunk : NULL;
    *next = chunk;
    *n = text != NULL ? sizeof chunk - 1 : 0;
    return text;
}

/* The lines of the Lua function at the top, whose prototype is at PROTO. */
static int lines_match(const struct lua_api *api, lua_State *L, const struct check *k,
                       const char *proto)
{
    lua_Debug ar;
    int lines[2];
    const char *found = field(k, proto, OFFSET_PROTO_LINE);
    memcpy(lines, &found, sizeof lines);
    api->lua_pushvalue(L, -1);
    return api->lua_getinfo(L, ">S", &ar) && lines[0] == ar.linedefined &&
           lines[1] == ar.lastlinedefined;
}

/* Two closures of one function, and the chunk that made them. */
static int closures_match(const struct lua_api *api, lua_State *L, struct check *k)
{
    const char *next = NULL;
    if (api->lua_load(L, read_chunk, &next, "=layout", "t") != LUA_OK)
        return 0;
    const char *chunk = api->lua_topointer(L, -1);
    if (!top_value_is(k, L, TAG_LUA_CLOSURE, chunk))
        return 0;
    const char *chunk_proto = field(k, chunk, candidate.lclosure_proto);
    if (!lines_match(api, L, k, chunk_proto))
        return 0;
    api->lua_pushcclosure(L, check_calls, 0);
    api->lua_callk(L, 1, 2, 0, NULL);
    const char *a = api->lua_topointer(L, -2), *b = api->lua_topointer(L, -1);
    const char *proto = field(k, b, candidate.lclosure_proto);
    k->closure = b;
    return a != b && top_value_is(k, L, TAG_LUA_CLOSURE, b) && proto != NULL &&
           proto == field(k, a, candidate.lclosure_proto) && proto != chunk_proto &&
           lines_match(api, L, k, proto);
}

/* Runs in a protected call, its struct check as argument. */
static int check_body(lua_State *L)
{
    struct check *k = copy_now->api.lua_touserdata(L, 1);
    if (!values_match(k->api, L, k))
        return 0;
    k->matches++;
    if (!closures_match(k->api, L, k))
        return 0;
    k->matches++;
    k->api->lua_pushlightuserdata(L, k);
    k->api->lua_callk(L, 1, 0, 0, NULL);
    return 0;
}

static int has_all(const struct lua_api *api)
{
    return api->lua_newstate != NULL && api->lua_pushcclosure != NULL &&
           api->lua_topointer != NULL && api->lua_load != NULL && api->lua_callk != NULL &&
           api->lua_pcallk != NULL && api->lua_pushvalue != NULL && api->lua_getinfo != NULL &&
           api->lua_getstack != NULL;
}

/* Apart from the rest, which holds without it. */
static int collector_matches(struct lua_copy *c, const struct check *k, lua_State *L)
{
    const char *g = field(k, L, candidate.state_global);
    if (field(k, g, 0) == NULL || g + COLLECTOR_BYTES > k->hi ||
        !collector_layout_check(k->api, L, g))
        return 0;
    collector_check(c, L, g);
    return 1;
}

static int check_all(struct lua_copy *c, struct scratch *memory, int *collector)
{
    struct check k = {.api = &c->api, .lo = memory->at, .hi = memory->end};
    lua_State *L = c->api.lua_newstate(scratch_alloc, memory);
    if (L == NULL)
        return 0;
    c->api.lua_pushcclosure(L, check_body, 0);
    c->api.lua_pushlightuserdata(L, &k);
    int status = c->api.lua_pcallk(L, 1, 0, 0, 0, NULL);
    if (status != LUA_OK || k.matches != MATCHES_WANTED)
        return 0;
    *collector = collector_matches(c, &k, L);
    return 1;
    /* The state is not closed: it goes with its memory. */
}

static int check_in_scratch(struct lua_copy *c, int *collector)
{
    struct scratch memory;
    if (scratch_open(&memory) != 0)
        return 0;
    struct lua_copy *before = copy_now;
    copy_now = c;
    int ok = check_all(c, &memory, collector);
    copy_now = before;
    scratch_close(&memory);
    return ok;
}

/* What was found and did not stand the check; what was not found is noted where it was looked for. */
static void note_collector(const struct lua_copy *c)
{
    static const char *const why[] = {
        "on a state of the shim's own they were not all that the collector did",
        "Lua's structures are not looked at"};
    const char *reason = why[!c->layout.collector];
    if (c->collector.step != NULL && !c->collector.steps_known)
        uncovered_note("the collector's steps", reason, c->id + 1);
    if (c->collector.finalize != NULL && !c->collector.finalizers_known)
        uncovered_note("the collector's finalizers", reason, c->id + 1);
}

/* By copy: the check is over, or was waited for in vain. */
static _Atomic int over[ARENA_COPIES_MAX];

/* Another thread makes the check: a state that is made meanwhile would be known by the public API only, for all of its life.
 * The check needs nothing that we hold; in a fork's child nobody may be at it. */
static void wait_for_check(uint32_t id)
{
    const uint64_t patience_ns = 200 * 1000 * 1000;
    if (likely(atomic_load(&over[id])))
        return;
    for (uint64_t end = now_ns() + patience_ns; !atomic_load(&over[id]) && now_ns() < end;)
        sched_yield();
    atomic_store(&over[id], 1);
}

void layout_verify(struct lua_copy *c)
{
    if (__atomic_exchange_n(&c->layout.tried, 1, __ATOMIC_ACQ_REL)) {
        wait_for_check(c->id);
        return;
    }
    int collector = 0,
        ok = !config.layout_api && has_all(&c->api) && check_in_scratch(c, &collector);
    if (ok) {
        struct lua_layout found = candidate;
        found.collector = (uint16_t)collector;
        c->layout = found;
        __atomic_store_n(&c->layout.verified, 1, __ATOMIC_RELEASE);
    }
    atomic_store(&over[c->id], 1);
    if (arena != NULL) {
        note_collector(c);
        arena->copies[c->id].layout = (uint32_t)ok;
        atomic_fetch_add(&arena->copies[c->id].version, 1);
    }
}
