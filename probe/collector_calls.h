/* collector_calls: where in Lua's code its collector begins a step, and where it calls a finalizer.
 *
 * Neither function is exported.  The step (luaC_step) is the one function that lua_gc and all that makes objects call.
 * Finalizers are called (GCTM) by the function nearest to a step that makes protected calls as lua_pcallk does.
 *
 * Context: any; pure, no allocation; some KiB of stack. */
#ifndef PROBE_COLLECTOR_CALLS_H
#define PROBE_COLLECTOR_CALLS_H

#include "probe/call_targets.h"

/* Functions of Lua's API that are looked at. */
#define COLLECTOR_CALLS_API(F) \
    F(lua_gc) \
    F(lua_createtable) F(lua_newthread) F(lua_pushcclosure) F(lua_settop) F(lua_pcallk)

enum collector_calls_api {
#define NUMBER(name) COLLECTOR_CALLS_##name,
    COLLECTOR_CALLS_API(NUMBER)
#undef NUMBER
        COLLECTOR_CALLS_N
};

struct collector_calls {
    struct code api[COLLECTOR_CALLS_N]; /* of no bytes: not known */
    uint64_t lo, hi;                    /* where code lies */
    /* The code of the function that begins at ADDRESS.  Returns 0, or -1: none is known to. */
    int (*function_at)(const void *whose, uint64_t address, struct code *out);
    const void *whose;
};

/* Each returns an address; 0: it can not be told. */
uint64_t collector_calls_step(const struct collector_calls *c);
uint64_t collector_calls_finalize(const struct collector_calls *c, uint64_t step);

#endif
