/* stack_merge: one stack from the two that a sample has, native and Lua, in their true order.
 *
 * Both are walked from the innermost frame on.  A native frame in the VM's loop stands for the run
 * of Lua frames down to the next one that is `fresh`; the native frames between two of those are the
 * C functions that Lua called, with what they call, and Lua's own machinery, which folds into the function
 * it works for.  `lua_resume`, or what closes it, is the border between a coroutine and its resumer on the native side.  C frames
 * that a yield has taken away have no native frames left: then the outermost VM frame of the
 * coroutine stands for all that remains of it.  Where the two do not match, the Lua side is right. */
#ifndef COLLECTOR_ANALYSE_STACK_MERGE_H
#define COLLECTOR_ANALYSE_STACK_MERGE_H

#include <stddef.h>
#include <stdint.h>

#include "collector/analyse/stack_frames.h"
#include "collector/model/sample_table.h"

enum stack_state {
    STATE_LUA,     /* the VM, for a Lua function */
    STATE_C,       /* C functions that Lua called */
    STATE_GC,      /* the collector */
    STATE_PARSE,   /* the parser */
    STATE_ALLOC,   /* Lua's allocator */
    STATE_OUTSIDE, /* the host, with no Lua on the thread's stack */
    STATE_PROFILER,
    STATE_WAITING, /* on no processor (wall time only) */
    STATE_N
};
const char *stack_state_name(enum stack_state s); /* for people: "Lua code" */
const char *stack_state_key(enum stack_state s);  /* for programs: "lua" */

struct merged {
    uint32_t *frame; /* numbers in `frames`, innermost first; at least one */
    size_t n;
    enum stack_state state;
    int runs_lua;   /* 1: a Lua function was running, not a C function */
    int line_stale; /* 1: and its line is not exact */
    int is_cut;     /* 1: its outermost part is not there */
    uint32_t
        coroutine; /* number + 1 of the frame of the function that the coroutine runs; 0: in none, or not known */
};

struct merger;
struct merger *merger_new(struct frames *f);
void merger_free(struct merger *m);

/* The numbers of the process's sample rows in an order in which stacks with the same outer Lua frames follow one another: all that is
 * read of them is near then.  For the caller to free. */
uint32_t *merger_order(const struct merger *m);

/* The stack of S; valid until the next call. */
const struct merged *merger_stack(struct merger *m, const struct sample_total *s);

#endif
