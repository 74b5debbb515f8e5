/* stack_chain: the two stacks of a sample, node by node from the innermost on, as arrays.
 *
 * There may be hundreds of thousands of stacks of dozens of frames: what is needed of each node stands
 * together, links are numbers, and names and places are looked up once for each node. */
#ifndef COLLECTOR_ANALYSE_STACK_CHAIN_H
#define COLLECTOR_ANALYSE_STACK_CHAIN_H

#include "collector/analyse/stack_frames.h"

struct chain_node {
    uint32_t parent;   /* number of a node + 1; 0: outermost, or lost */
    uint32_t place[2]; /* native: number of its place + 1, where it is innermost, or a caller */
    uint32_t frame;    /* Lua and C functions: number of its frame + 1 */
    uint8_t kind, flags;
};

struct native {
    const struct place *place;
    uint64_t address; /* within the instruction: of a return address, one less */
    uint32_t number;  /* of the place, + 1 */
};

struct stack_chain {
    struct frames *frames;
    struct native *native;
    struct chain_node **lua;
    size_t native_n, lua_n;
    int is_cut; /* 1: at 4,096 nodes, of one of the two */
    /* of its own */
    size_t native_cap, lua_cap;
    struct chain_node *node; /* in order of the process's nodes */
};

void stack_chain_init(struct stack_chain *c, struct frames *f);
void stack_chain_release(struct stack_chain *c);

/* For each of the process's nodes its rank, from 1 on, in an order where those that a node is the caller of follow it at once.
 * The caller frees it. */
uint32_t *stack_chain_ranks(const struct stack_chain *c);
/* The number of the node with this id, + 1; 0: none. */
uint32_t stack_chain_number(const struct stack_chain *c, uint64_t id);

/* The chains that begin at these nodes (0: none).  Valid until the next call. */
void stack_chain_read(struct stack_chain *c, uint64_t native, uint64_t lua);

/* The record of a node. */
const struct rec_node *stack_chain_record(const struct stack_chain *c, const struct chain_node *n);
/* The frame of a node of a Lua or C function. */
uint32_t stack_chain_frame(struct stack_chain *c, struct chain_node *n);

#endif
