/* cfunction: gives Lua a thunk in place of each C function, and the host its own function back.
 *
 * A thunk counts and jumps on; when its countdown is spent it comes here (thunk_slow), where the
 * call is timed.
 *
 * Context: host threads.  No hook leaves a frame behind while Lua or the host runs, but for the
 * one timed call, whose frame holds nothing that must be released: errors, yields and C++
 * exceptions pass through it. */
#include "shim/hooks/cfunction.h"

#include "shim/attach/hooks.h"
#include "shim/attach/thunk.h"
#include "shim/fork_mark.h"
#include "shim/hooks/name_hint.h"
#include "shim/hooks/naming.h"
#include "shim/hooks/observe.h"
#include "shim/hooks/sampling.h"
#include "shim/sampler/waiting.h"

/* ---- from a function to its index ---- */

/* Recently asked functions: address << 12 | index in one word, so that threads may write it as
 * they like.  An entry is true while function_original says so. */
enum { RECENT_N = 1024, INDEX_BITS = 12 };
_Static_assert(ARENA_FUNCTIONS_MAX <= 1 << INDEX_BITS, "an index fits");
static SHIM_TABLE _Atomic uint64_t recent[RECENT_N];

static inline _Atomic uint64_t *recent_at(lua_CFunction fn)
{
    uintptr_t a = (uintptr_t)fn >> 4;
    return &recent[(a ^ a >> 10) % RECENT_N];
}

static inline uint32_t recent_find(lua_CFunction fn)
{
    uint64_t e = atomic_load_explicit(recent_at(fn), memory_order_relaxed);
    uint32_t index = e & ((1u << INDEX_BITS) - 1);
    int hit = e != 0 && e >> INDEX_BITS == (uintptr_t)fn && function_original[index] == (void *)fn;
    return likely(hit) ? index : (uint32_t)FUNCTION_NONE;
}

static uint32_t index_add(const struct lua_copy *c, lua_CFunction fn)
{
    uint64_t address = (uintptr_t)fn;
    if (fn == NULL || !(c->groups >> GROUP_OF_lua_pushcclosure & 1))
        return FUNCTION_NONE;
    int is_new = 0;
    uint32_t index = function_index((const void *)fn, FUNCTION_LUA_C, c->id, &is_new);
    if (index == FUNCTION_NONE)
        return index;
    if (is_new)
        naming_forget(index);
    if (address >> (64 - INDEX_BITS) == 0)
        atomic_store_explicit(recent_at(fn), address << INDEX_BITS | index, memory_order_relaxed);
    return index;
}

uint32_t cfunction_index(const struct lua_copy *c, lua_CFunction fn)
{
    int thunk = thunk_index((const void *)fn);
    if (thunk >= 0)
        return (uint32_t)thunk;
    uint32_t index = recent_find(fn);
    return index != FUNCTION_NONE ? index : index_add(c, fn);
}

void cfunction_forget(uint64_t lo, uint64_t hi)
{
    for (int i = 0; i < RECENT_N; i++) {
        uint64_t address = atomic_load_explicit(&recent[i], memory_order_relaxed) >> INDEX_BITS;
        if (address >= lo && address < hi)
            atomic_store_explicit(&recent[i], 0, memory_order_relaxed);
    }
}

/* ---- hooks ---- */

static __attribute__((noinline)) void push_slow(lua_State *L, lua_CFunction fn, int n)
{
    struct lua_copy *c = copy_current();
    int thunk = thunk_index((const void *)fn);
    fork_mark_look();
    uint32_t index = cfunction_index(c, fn);
    if (thunk < 0 && index != FUNCTION_NONE) {
        fn = thunk_address(index);
        naming_pushed(c, L, index, n);
    }
    c->api.lua_pushcclosure(L, fn, n);
}

void hook_lua_pushcclosure(lua_State *L, lua_CFunction fn, int n)
{
    struct lua_copy *c = copy_current();
    uint32_t index = recent_find(fn);
    if (likely(index != FUNCTION_NONE && naming_settled(index)))
        c->api.lua_pushcclosure(L, thunk_address(index), n);
    else
        push_slow(L, fn, n);
}

lua_CFunction hook_lua_tocfunction(lua_State *L, int idx)
{
    lua_CFunction fn = copy_current()->api.lua_tocfunction(L, idx);
    int index = thunk_index((const void *)fn);
    return index < 0 ? fn : (lua_CFunction)function_original[index];
}

/* A light C function's pointer is its address; other values (a light userdata, say) are themselves. */
const void *hook_lua_topointer(lua_State *L, int idx)
{
    struct lua_copy *c = copy_current();
    const void *p = c->api.lua_topointer(L, idx);
    int index = thunk_index(p);
    if (likely(index < 0) || c->api.lua_type(L, idx) != LUA_TFUNCTION)
        return p;
    return function_original[index];
}

/* ---- the timed call ---- */

static int call_original(lua_State *L, uint32_t index)
{
    return ((lua_CFunction)function_original[index])(L);
}

/* Seen whole, at every call; times itself. */
static int call_marked(lua_State *L, struct arena_thread *t, uint32_t index)
{
    struct lua_copy *c = copy_at(arena->functions[index].copy);
    sampling_rearm(t, index, ARENA_FIX_DOWN, 1);
    return observed_function(c, L, (lua_CFunction)function_original[index], index);
}

/* First call on a thread that has no slot yet: registers it, then counts the call there. */
static COLD int thunk_unregistered(lua_State *L, uint32_t index)
{
    slot_now->calls[index].down_left = 0; /* the dead slot: stays spent */
    struct arena_thread *t = sampling_slot();
    if (t != NULL && --t->calls[index].down_left <= 0)
        return thunk_slow(L, index);
    return call_original(L, index);
}

/* Not timed, but perhaps it waited. */
static int call_looked_at(lua_State *L, uint32_t index)
{
    int n = call_original(L, index);
    waiting_look(now_ns());
    return n;
}

int thunk_slow(lua_State *L, uint32_t index)
{
    fork_mark_look();
    struct arena_thread *t = slot_now;
    if (unlikely(slot_is_dead(t)))
        return thunk_unregistered(L, index);
    if (unlikely(function_notes[index].observed))
        return call_marked(L, t, index);
    uint32_t weight_2 = sampling_next(t, index, ARENA_FIX_DOWN);
    if (unlikely(weight_2 == SAMPLING_UNTIMED))
        return call_looked_at(L, index);
    if (unlikely(name_hint_wanted(index) && weight_2 == 2))
        name_hint_called(L, index);
    uint64_t begin = sampling_begin(t, index, ARENA_FIX_DOWN, weight_2);
    int n = call_original(L, index);
    sampling_end(index, ARENA_FIX_DOWN, weight_2, begin, now_ns());
    return n;
}
