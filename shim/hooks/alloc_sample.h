/* alloc_sample: who allocates: sampled blocks, with their stacks, counted by site and followed to their
 * release.  How they are drawn: docs/FORMAT.md, record alloc_count.
 *
 * heap.c and cheap.c count bytes down and look at one counter on release; what is here runs once per
 * interval (or, where exact figures of C are asked for, at every call).
 *
 * Context: host threads, within an allocator; keeps errno. */
#ifndef SHIM_HOOKS_ALLOC_SAMPLE_H
#define SHIM_HOOKS_ALLOC_SAMPLE_H

#include "shim/attach/copy.h"
#include "shim/hooks/alloc_track.h"
#include "shim/record/record_api.h"

/* ---- Lua ---- */

/* A state of C is about to be made in slot S. */
void alloc_state_new(struct arena_state *s, struct lua_copy *c);
/* It begins to be closed. */
void alloc_state_close(struct arena_state *s);
/* Its memory is gone, unseen, and it was not closed. */
void alloc_state_dropped(struct arena_state *s);

/* 1: its blocks are charged one by one (alloc_exact.h), of the others some are drawn. */
int alloc_is_exact(const struct arena_state *s);
/* The countdown of an exact state has ended. */
void alloc_lua_look(struct arena_state *s);

/* The countdown s->sample_left has ended: in block P of KIND (a size, as Lua gives it), new, of N bytes; or
 * grown by N bytes. */
void alloc_lua_new(struct arena_state *s, const void *p, size_t kind, size_t n);
void alloc_lua_grown(struct arena_state *s, const void *p, size_t n);

/* Before a block is given back for which track_may_hold says 1. */
void alloc_lua_gone(struct arena_state *s, const void *p);

/* Around a resize of such a block. */
enum { ALLOC_MOVED_MAX = 6 };
struct alloc_moved {
    struct tracked t[ALLOC_MOVED_MAX];
    int n;
};
void alloc_move_begin(enum track_heap heap, const void *p, struct alloc_moved *m);
/* It is at P now (where it was, if nothing came of it), and changed from BEFORE to AFTER bytes. */
void alloc_move_end(enum track_heap heap, const void *p, const struct alloc_moved *m, size_t before,
                    size_t after);

/* ---- C ---- */

/* Bytes until this thread's next sample. */
extern SHIM_HIDDEN SHIM_TLS int64_t alloc_c_left;

void alloc_c_new(const void *p, size_t n, const void *caller);
void alloc_c_grown(const void *p, size_t n, const void *caller);
/* As alloc_lua_gone. */
void alloc_c_gone(const void *p);

/* 1 where a sample is due, after N more bytes. */
static inline int alloc_c_due(size_t n)
{
    return unlikely((alloc_c_left -= (int64_t)n) < 0);
}

#endif
