/* stack_profile: the CPU samples of a process, merged, named and added up. */
#ifndef COLLECTOR_ANALYSE_STACK_PROFILE_H
#define COLLECTOR_ANALYSE_STACK_PROFILE_H

#include "collector/analyse/stack_merge.h"
#include "collector/analyse/stack_tree.h"

/* Which samples, and how they are put together. */
struct stack_choice {
    enum frame_by by;
    int inverted;        /* callers above their callees */
    int merge_recursion; /* a function that is on the stack already is not added again */
    uint64_t tid;        /* 0: all threads */
    uint64_t state;      /* 0: all states, and none */
};

/* What there is to say about the samples.  Weights are nanoseconds of the sampler's clock. */
struct stack_quality {
    uint64_t samples_n, weight;
    uint64_t state_weight[STATE_N];
    uint64_t no_native_n;    /* samples without a native stack */
    uint64_t busy_n;         /* whose Lua stack could not be read */
    uint64_t cut_n;          /* whose stack was too deep */
    uint64_t lua_n, stale_n; /* a Lua function ran; of these the line is not exact */
    uint64_t thread_n;
    int gc_hidden; /* 1: steps of the collector within Lua code can not be told apart from it */
};

/* Adds the stacks of F's process to TREE, below node UNDER, and to Q what they are worth. F was made
 * with the choice's `by`. */
void stack_profile_add(struct stack_tree *tree, uint32_t under, struct frames *f,
                       const struct stack_choice *c, struct stack_quality *q);

/* What one period stands for, in nanoseconds. */
uint64_t stack_period_ns(const struct process *p);

/* Standard error of a sum of SELF out of Q's weight, in the same unit. */
double stack_error(const struct stack_quality *q, uint64_t self);

#endif
