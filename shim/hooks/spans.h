/* spans: what is being loaded or run right now, by thread: a stack of open spans.
 *
 * A span lives in the C frame that opened it, so the spans of a thread nest as its frames do,
 * whichever Lua state or coroutine they are of.  A frame can go without returning (Lua errors and
 * yields, C++ exceptions, a host's own longjmp), so a span holds its frame's address: it is closed
 * by its frame, or when a jump is seen that leaves the frame (exact), or at the next event that
 * finds the stack pointer above it.
 *
 * A thread may run on several C stacks (fibers): each of them has a stack of spans of its own.  The thread's own C
 * stack is told from others; those are told apart by the state that runs on them (own_stack.h).
 *
 * Stacks come from a fixed pool and are claimed by a thread while it has open spans.  A span that
 * found no place is counted (LOSS_SPANS), and its frame runs on without one.
 *
 * A span costs little until it is touched: only then are its name, caller and memory noted, and
 * its begin written (span_trace.h).  A require() that hits never touches.
 *
 * Context: host threads; spans_cut also in signal handlers that jump. */
#ifndef SHIM_HOOKS_SPANS_H
#define SHIM_HOOKS_SPANS_H

#include "shim/attach/copy.h"
#include "shim/record/record_api.h"

enum { SPAN_DEPTH = 256, SPAN_STACKS = 64, SPAN_PHASES = PHASE_CONSTRUCT + 1, SPAN_NAME = 64 };

enum span_step {
    SPAN_WAITING, /* its own C function runs, and calls searcher, loader, chunk from there */
    SPAN_LOADING, /* a searcher runs, or a file is read and compiled: what is loaded is its own */
    SPAN_RUNNING  /* the chunk, luaopen_* or the libraries run */
};

/* What is known of a span once something happened in it. */
struct span_detail {
    uint32_t id; /* 0: its begin is not in the trace */
    uint32_t name, file, error, caller_source, caller_line;
    uint32_t tries_n, searchers_n, state_id;
    uint8_t load; /* enum load_kind */
    uint8_t kept; /* 0: one too many of its name, written only if a nested one is */
    uint8_t precompiled, library_seen, run_seen;
    uint32_t opened; /* the last path that could be opened, and its hash */
    uint64_t opened_hash;
    uint64_t run_begin_ns;
    uint64_t child_ns; /* of nested spans that were closed */
    uint64_t shim_ns;  /* of the shim's own work: in no phase */
    uint64_t phase_ns[SPAN_PHASES];
    uint64_t source_bytes, text_hash;
    const struct arena_state *state;
    int64_t lua_live, c_live; /* at the begin */
    uint64_t lua_gross, c_gross;
    char module[SPAN_NAME]; /* name, cut, NUL-terminated */
};

struct span {
    uintptr_t frame;
    uint64_t serial; /* by which a frame knows its span again */
    struct lua_copy *copy;
    lua_State *L;
    const void *call; /* identity of the Lua call that opened it; NULL: none, unknown */
    uint64_t begin_ns;
    const char *asked; /* its name, not owned: valid until touched; NULL: none */
    size_t asked_n;
    uint32_t was_calls, was_files; /* observe_calls and observe_files outside of it */
    uint8_t kind, step, touched;
    struct span_detail d; /* valid where touched */
};

struct span_stack {
    _Atomic uintptr_t owner; /* 0: free; else an address in the thread that has it */
    uint64_t serial, pid;    /* pid: of the process in whose trace the begins stand */
    uintptr_t key;           /* which of its owner's C stacks: 0: its own */
    uint32_t depth, was_calls,
        was_files; /* of a stack that is not the current one; depth 0: it is */
    struct span at[SPAN_DEPTH];
};

/* Number of open spans on this thread's current stack: the one test that the longjmp entries make. */
extern SHIM_TLS uint32_t spans_depth;

/* The address by which a frame is known: lower than every frame that is still there. */
#define SPAN_FRAME() ((uintptr_t)__builtin_frame_address(0))

/* Makes the spans of the C stack that FRAME, where L runs, is on the current ones. */
void spans_switch(const struct lua_copy *c, lua_State *L, uintptr_t frame);

/* Opens a span in FRAME; the caller sets asked, asked_n and begin_ns.  NULL where there is no
 * place or the copy lacks what is needed.  observe_files is off from here on. */
struct span *span_push(enum span_kind kind, struct lua_copy *c, lua_State *L, uintptr_t frame);

/* Innermost open span, NULL: none.  FRAME is the asking hook's: spans behind it are gone. */
struct span *span_top(uintptr_t frame);

/* This thread's stack; only while it has open spans. */
struct span_stack *span_stack_now(void);

/* The span below S on its thread's stack, or NULL. */
struct span *span_parent(const struct span *s);

/* 1 while the span that a frame opened is still open. */
int span_live(const struct span *s, uint64_t serial);

/* Closes S (and what was left open in it) at END_NS; nothing where it is not live. */
void span_close(struct span *s, uint64_t serial, enum span_status status, uint64_t end_ns);

/* Takes S away without a word: nothing happened in it. */
void span_drop(struct span *s, uint64_t serial);

/* 1: what lua_load reads and compiles now belongs to S. */
static inline int span_loads(const struct span *s)
{
    return s && (s->step == SPAN_LOADING || (s->kind == SPAN_DOFILE && s->step == SPAN_WAITING));
}

enum { CUT_UNKNOWN = 0, CUT_YIELD = LUA_YIELD, CUT_ERROR = LUA_ERRRUN };

/* 1 where a jump from stack pointer LOW to HIGH leaves the innermost span. */
int spans_leave(uintptr_t low, uintptr_t high);

/* A jump from stack pointer LOW to HIGH is about to be made: closes the spans between.  WHY is
 * Lua's own status where it is Lua that jumps, else CUT_UNKNOWN. */
void spans_cut(uintptr_t low, uintptr_t high, int why);

/* A jump is about to be made and nobody can say where to. */
void spans_thrown(void);

#endif
