/* nodes: gives stacks numbers: equal frames with equal callers are one node.
 *
 * Context: signal handlers; lock-free; bounded: when the table is full, NODE_OVERFLOW nodes stand in
 * for what does not fit. */
#ifndef SHIM_STACK_NODES_H
#define SHIM_STACK_NODES_H

#include "arena/layout.h"

/* What a frame adds to its caller. */
struct node_key {
    uint64_t value;
    uint32_t parent, line;
    uint16_t kind, flags;
};

/* The node's id; 0 where nothing could be kept at all. */
uint32_t node_intern(const struct node_key *k);

/* The same; once a quarter of the table is in use, a frame of a function that is among its nearest callers
 * stands beside that one (NODE_MERGED): recursion then adds no nodes. */
uint32_t node_intern_merging(const struct node_key *k);

/* What stays of ID where there is no room for its callers: the innermost Lua function and the C function within it, or the native
 * frame.  node_intern_merging gives the same where the table is full. */
uint32_t node_cut(uint32_t id);

/* Id of the Lua function at PROTO (an address), 0 where the table is full. */
uint32_t proto_intern(const void *proto);

#endif
