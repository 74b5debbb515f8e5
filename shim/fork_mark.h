/* fork_mark: tells a child of a fork that nobody announced.
 *
 * A program may fork by the system call itself, past the C library: no handler of fork runs, and the child counts on in
 * its parent's arena.  So there is a word in a page that the kernel clears in every child (MADV_WIPEONFORK, Linux 4.14): where it
 * is zero, this is such a child, and it gets an arena of its own before it counts, as a child of fork does.
 *
 * Looked at where memory is asked for, where records are pushed, and in the slow paths of calls: one comparison.  Not in
 * thunks: what they count until one of these comes is the parent's.
 *
 * Context: any thread, signal handlers. */
#ifndef SHIM_FORK_MARK_H
#define SHIM_FORK_MARK_H

#include <stdatomic.h>

#include "shim/platform.h"

/* What the word holds.  Requests for memory ask by these bits whether they are done the short way, so that in a child none of them is. */
enum { FORK_MARK_BITS = 3 };

struct fork_mark {
    _Atomic uint32_t here;
    char rest[4096 - sizeof(uint32_t)]; /* nothing else is to be cleared */
};
extern SHIM_HIDDEN struct fork_mark fork_mark;

/* FORKED makes the child a process of its own.  Called once, when there is an arena. */
void fork_mark_start(void (*forked)(void));
/* 1 where children are told by the mark. */
int fork_mark_tells(void);

/* 0: this is a child that was not seen before, maybe; it is for fork_mark_gone, then. */
static inline int fork_mark_is_here(void)
{
    return atomic_load_explicit(&fork_mark.here, memory_order_relaxed) != 0;
}

/* BITS where this is not such a child, else 0. */
static inline uint32_t fork_mark_and(uint32_t bits)
{
    return atomic_load_explicit(&fork_mark.here, memory_order_relaxed) & bits;
}

/* Calls FORKED where this is a child that was not seen before. */
void fork_mark_gone(void);
static inline void fork_mark_look(void)
{
    if (unlikely(!fork_mark_is_here()))
        fork_mark_gone();
}

#endif
