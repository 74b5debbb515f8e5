/* copy: one copy of Lua in the process (a static one in the executable, a liblua5.4.so, ...), with
 * its original functions and what is known of its structures.
 *
 * A process may hold several.  Each redirected entry stores its copy in the thread's copy_now
 * before it jumps to hook_<name>; hooks read it with copy_current() as their very first statement
 * (any call back into Lua may change it).
 *
 * Copies are never freed: an unloaded copy is marked, and its originals must no longer be called. */
#ifndef SHIM_ATTACH_COPY_H
#define SHIM_ATTACH_COPY_H

#include <lua5.4/lauxlib.h>
#include <lua5.4/lua.h>

#include "arena/layout.h"
#include "shim/platform.h"

struct lua_api {
#define HOOK(group, name, ret, params) ret(*name) params;
#define USE(name, ret, params) ret(*name) params;
#include "probe/lua_api.def"
};

enum hook_group {
#define HOOK(group, name, ret, params) GROUP_OF_##name,
#include "probe/lua_api.def"
    HOOK_N
};

/* Offsets of Lua's structures, in bytes; valid only where `verified`. */
struct lua_layout {
    int verified; /* 1: checked against the public API on a scratch state */
    int tried;    /* 1: verification has run */
    /* lua_State */
    uint16_t state_top, state_global, state_ci;
    /* CallInfo */
    uint16_t ci_func, ci_previous, ci_callstatus;
    /* TValue: value at 0 */
    uint16_t tvalue_tag, tvalue_bytes;
    /* closures */
    uint16_t cclosure_f, lclosure_proto;
    /* global_State, where `collector` is 1: checked like the rest */
    uint16_t collector;
};

/* Functions of the collector that Lua does not export. */
struct lua_collector {
    const void *step, *finalize;   /* run the originals; NULL: not redirected */
    struct collector_check *check; /* while they are tried on a scratch state; else NULL */
    int steps_known, finalizers_known;
    uint16_t
        stop_at; /* byte of global_State that is `running` unless the collector is stopped; 0: not known */
    uint8_t running;
};

struct lua_copy {
    uint32_t id;        /* index in arena->copies */
    uint32_t object;    /* object id */
    int live;           /* 0 once unloaded */
    int has_states;     /* 1 once a state was made by lua_newstate */
    uint64_t groups;    /* bit GROUP_OF_<name> is set where that entry is redirected */
    struct lua_api api; /* NULL members: this copy lacks the function */
    struct lua_layout layout;
    struct lua_collector collector;
    uint64_t text_lo, text_hi;
};

extern SHIM_HIDDEN SHIM_TLS struct lua_copy *copy_now;

static inline struct lua_copy *copy_current(void)
{
    return copy_now;
}

/* The copy whose code contains ADDRESS, or NULL.  Any context. */
struct lua_copy *copy_of_address(const void *address);

/* Number of copies, and the i-th (never NULL for i < n). */
uint32_t copy_count(void);
struct lua_copy *copy_at(uint32_t i);

/* Verifies c->layout on a scratch state, once; called by hook_lua_newstate before the host's first
 * state of this copy is made (the library is relocated by then).  Leaves c->layout.verified 0 where
 * anything does not match (or MODPROF_LAYOUT=api asks for it): everybody then takes the public API.  A thread that comes
 * while another one is at it waits for that, 0.2 s at most. */
void layout_verify(struct lua_copy *c);

/* The C function that is running on L, as it was given to Lua (a thunk), or NULL where Lua code or
 * the host's base level runs.  Uses the layout, or the public API where it is not verified. */
lua_CFunction layout_running_c(const struct lua_copy *c, lua_State *L);

/* Identity of the running call (its CallInfo): equal while the same call runs. NULL: unknown. */
const void *layout_running_call(const struct lua_copy *c, lua_State *L);

/* What the value at the top minus NARGS is: the C function there (as given to Lua) through *FN, or
 * the Lua closure's address through *CLOSURE; both NULL otherwise. */
void layout_callee(const struct lua_copy *c, lua_State *L, int nargs, lua_CFunction *fn,
                   const void **closure);

#endif
