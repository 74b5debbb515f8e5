/* tick_nodes: gives the frames of a sample their nodes.
 *
 * From one sample of a thread to the next most of a deep stack stays, or comes back: a frame that is at its depth what an earlier
 * sample met there, with the same callers, has the same node, without a look into the tables (or into Lua's structures),
 * which would fetch several cold lines of memory for each.
 *
 * Context: signal handler on the sampled thread. */
#ifndef SHIM_SAMPLER_TICK_NODES_H
#define SHIM_SAMPLER_TICK_NODES_H

#include <stdint.h>

#include "arena/layout.h"
#include "shim/stack/lua_frames.h"

enum { TICK_NATIVE_MAX = 128, TICK_LUA_MAX = 256 };

/* The nodes met last at each depth, the outermost one first, of two stacks: a frame that is there for one sample (of a call that is
 * being timed) gives all those that it called other nodes, and then the old ones are wanted again. */
enum { TICK_NODES_STACKS = 2 };
struct tick_nodes {
    uint32_t epoch;  /* entries of earlier ones are forgotten */
    uint32_t latest; /* the one that the last sample had more of */
    struct tick_node {
        uint64_t what;       /* a native frame's pc, a Lua function's pc, a C function */
        uint32_t id, parent; /* id 0: none */
        uint32_t epoch;
        uint16_t kind, flags;
    } frame[TICK_NODES_STACKS][TICK_LUA_MAX];
};

/* The innermost node of the N frames at PC, innermost first. */
uint32_t tick_nodes_native(struct tick_nodes *last, const uint64_t *pc, int n);

/* The same for F, whose Lua functions may be unread; they are of the state S (NULL: of one that is not known). */
struct tick_nodes_lua {
    struct tick_nodes last;
    uint64_t state, protos_n; /* that LAST was taken of, and how many prototypes it had made */
};
uint32_t tick_nodes_lua(struct tick_nodes_lua *m, struct lua_frame *f, int n,
                        const struct arena_state *s);

#endif
