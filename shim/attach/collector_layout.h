/* collector_layout: where Lua keeps the phase of its collector, checked on a state of the shim's own.
 *
 * Context: host thread, in lua_newstate. */
#ifndef SHIM_ATTACH_COLLECTOR_LAYOUT_H
#define SHIM_ATTACH_COLLECTOR_LAYOUT_H

#include <string.h>

#include "shim/attach/copy.h"

/* What of global_State tells where the collector is. */
struct collector_phase {
    uint64_t
        estimate; /* bytes; set when a cycle has ended, but in generational mode not by young collections */
    uint8_t white; /* the bits of the current white: change once in each collection, of any kind */
    uint8_t at;    /* enum collector_at, below */
    uint8_t
        generational; /* the mode; also where the last collection freed so little that Lua makes whole ones for a while */
};

/* Before COLLECTOR_ATOMIC nothing has been freed in this cycle yet; behind it, until COLLECTOR_PAUSE, it is being swept. */
enum collector_at { COLLECTOR_ATOMIC = 2, COLLECTOR_PAUSE = 8 };

enum { COLLECTOR_BYTES = 112 }; /* of global_State that are read */

static inline struct collector_phase collector_phase(const void *global_state)
{
    enum { ESTIMATE = 32, LAST_ATOMIC = 40, WHITE = 100, AT = 101, KIND = 102, WHITES = 0x18 };
    const uint8_t *g = global_state;
    struct collector_phase p = {.white = g[WHITE] & WHITES, .at = g[AT]};
    uint64_t last_atomic;
    memcpy(&p.estimate, g + ESTIMATE, sizeof p.estimate);
    memcpy(&last_atomic, g + LAST_ATOMIC, sizeof last_atomic);
    p.generational = g[KIND] != 0 || last_atomic != 0;
    return p;
}

/* Collects on the state L, whose global_State is at G.  Returns 1 where what collector_phase reads is as it must be. */
int collector_layout_check(const struct lua_api *api, lua_State *L, const void *g);

#endif
