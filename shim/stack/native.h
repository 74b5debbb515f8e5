/* native: walks the C stack, frame by frame, with the registers that each frame will get back.
 *
 * Rows of .eh_frame are cached by address, so a step costs some ten nanoseconds once a place has
 * been seen.  Memory of the stack is read directly where the thread's own stack is known to reach;
 * elsewhere (fibers, damaged stacks) the kernel is asked to copy, so that nothing can fault.
 *
 * Context: signal handlers, and host threads. */
#ifndef SHIM_STACK_NATIVE_H
#define SHIM_STACK_NATIVE_H

#include <stdint.h>
#include <ucontext.h>

#include "shim/stack/cfi.h"

struct native_frame {
    uint64_t r[16]; /* by DWARF number; caller-saved ones hold only in the innermost frame */
    uint64_t pc;
    uint8_t is_exact;   /* 1: pc is the interrupted instruction; 0: a return address */
    uint8_t is_guessed; /* 1: on the way here was code that nothing describes */
    uint64_t page;      /* found readable last, where the stack's peeks is set; 0: none */
};

/* What a walk has read of a stack that is not known: it takes many words that lie side by side. */
struct native_window {
    uint64_t at;
    uint32_t n; /* bytes; 0: none yet */
    uint8_t bytes[1024];
};

/* The stack of the calling thread. */
struct native_stack {
    uint64_t lo, hi; /* 0, 0: unknown */
    uint8_t
        peeks; /* 1: what is elsewhere is read as by native_peek, a page at a time; 0: as by native_read */
    struct native_window
        *window; /* then by way of this; emptied by who begins a walk; may be NULL */
};

/* Learns the calling thread's stack; may allocate; not in a signal handler. */
void native_stack_learn(struct native_stack *s);

void native_begin(struct native_frame *f, const ucontext_t *context);
/* The caller of this very call, with the registers that calls preserve. */
void native_begin_caller(struct native_frame *f, const struct native_stack *s);

/* Goes on to F's caller.  Returns 1; 0 at the outermost frame, or -1 where the way is lost. */
int native_step(struct native_frame *f, const struct native_stack *s);

/* The frames of a thread's last walk, innermost first, with their rows: most of a deep stack is the same the next time, and what
 * lies in order is read faster than what a hash scatters.  All zero: none. */
enum { NATIVE_TRAIL_MAX = 128 };
struct native_trail {
    struct native_footprint {
        uint64_t sp, pc;
        struct cfi_row row;
    } print[2][NATIVE_TRAIL_MAX];
    int n[2], now, at;  /* print[now] is written, print[!now] is looked at from AT on */
    uint32_t forgotten; /* as of when */
};

/* A walk begins; its steps are taken by native_step_along. */
void native_trail_begin(struct native_trail *t);
int native_step_along(struct native_frame *f, const struct native_stack *s, struct native_trail *t);

/* Copy N bytes (at most a page) from AT, which may be anything.  Return 0, or -1 where that can not be read.
 * native_peek is for memory that no other thread unmaps meanwhile; it needs no more of the kernel than any
 * program does (rt_sigprocmask).  Both change errno. */
int native_read(uint64_t at, void *out, size_t n);
int native_peek(uint64_t at, void *out, size_t n);

/* From now on native_read fails: a seccomp filter may end the process for asking. */
void native_ask_nothing(void);
int native_asks_nothing(void);

/* How to find the caller's registers at PC (of a caller: less 1). */
void native_row(uint64_t pc, struct cfi_row *row);

/* The function (frame description) around PC.  Returns 0, or -1. */
int native_range(uint64_t pc, struct cfi_range *range);

/* Forgets all rows: an object was unloaded. */
void native_forget(void);

/* Objects are about to go (1), are gone (0).  In between nothing of any object is read: a damaged stack, of any thread, may
 * lead into one.  Walks go by the rows that are known, and lose their way where others are wanted.  Waits for walks that
 * are just reading, for some ms at most.  Loader callback. */
void native_unloading(int is_on);

/* In a fork's child, where nobody else reads. */
void native_forked(void);

#endif
