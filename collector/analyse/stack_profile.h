/* stack_profile: the CPU samples of a process, merged, named and added up. */
#ifndef COLLECTOR_ANALYSE_STACK_PROFILE_H
#define COLLECTOR_ANALYSE_STACK_PROFILE_H

#include "collector/analyse/stack_merge.h"
#include "collector/analyse/stack_tree.h"

/* Which stacks, and what their frames are. */
struct stack_choice {
    enum frame_by by;
    const char *thread; /* its id, or its name (or a glob); NULL: all */
    uint64_t state;     /* 0: all states, and none */
};

/* The threads of a process that are chosen: by id, or by the name that a thread record gives them. */
struct stack_thread {
    const struct process *process;
    const char *name; /* NULL: all */
    uint64_t tid;     /* 0: by name */
    uint64_t last;    /* of the latest question; the answer */
    int answer;
};
void stack_thread_choose(struct stack_thread *t, const struct process *p,
                         const struct stack_choice *c);
int stack_thread_is(struct stack_thread *t, uint64_t tid);

/* What there is to say about the samples.  Weights are nanoseconds of the sampler's clock. */
struct stack_quality {
    uint64_t samples_n, weight;
    struct stack_spread spread;
    uint64_t state_weight[STATE_N];
    uint64_t no_native_n;    /* samples without a native stack */
    uint64_t busy_n;         /* whose Lua stack could not be read */
    uint64_t cut_n;          /* whose stack was too deep */
    uint64_t lua_n, stale_n; /* a Lua function ran; of these the line is not exact */
    uint64_t waiting_n;      /* of waiting, which is measured */
    uint64_t thread_n;
    int gc_hidden; /* 1: steps of the collector within Lua code can not be told apart from it */
};

/* Adds the stacks of F's process to TREE, below node UNDER, and to Q what they are worth. F was made
 * with the choice's `by`. */
void stack_profile_add(struct stack_tree *tree, uint32_t under, struct frames *f,
                       const struct stack_choice *c, struct stack_quality *q);

/* What one period stands for, in nanoseconds. */
uint64_t stack_period_ns(const struct process *p);
/* How far apart samples were to be taken, on average. */
uint64_t stack_distance_ns(const struct process *p);

/* The whole number of microseconds under which SHARE of the samples were taken; 0: not known, UINT64_MAX: beyond
 * what is told apart. */
uint64_t stack_handler_under_us(const struct process *p, double share);

/* Standard error of a sum of SELF out of Q's weight, in the same unit. */
double stack_error(const struct stack_quality *q, uint64_t self);

#endif
