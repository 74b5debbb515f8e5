/* fake_alloc: the sampling side for tests of the allocator hooks: notes what it is told.  Blocks that are followed are
 * those that the test adds with track_add (shim/hooks/alloc_track.c is the real one).  Included once by a test. */
#ifndef TESTS_UNIT_FAKE_ALLOC_H
#define TESTS_UNIT_FAKE_ALLOC_H

#include "shim/hooks/alloc_sample.h"

SHIM_TLS int64_t alloc_c_left = INT64_MAX / 2;

static struct {
    int new_n, grown_n, gone_n, moved_n, states_n, closed_n;
    const void *block; /* of the last call */
    size_t kind, bytes, before, after;
    int exact;     /* 1: states are; the I-th block that is made is of site I */
    uint32_t site; /* of the last block that was resized or released */
} fake_alloc;

void alloc_state_new(struct arena_state *s, struct lua_copy *c)
{
    (void)c;
    s->sample_left = INT64_MAX / 2;
    fake_alloc.states_n++;
}

void alloc_state_close(struct arena_state *s)
{
    (void)s;
    fake_alloc.closed_n++;
}

void alloc_lua_new(struct arena_state *s, const void *p, size_t kind, size_t n)
{
    s->sample_left = INT64_MAX / 2;
    fake_alloc.new_n++;
    fake_alloc.block = p;
    fake_alloc.kind = kind;
    fake_alloc.bytes = n;
}

void alloc_lua_grown(struct arena_state *s, const void *p, size_t n)
{
    s->sample_left = INT64_MAX / 2;
    fake_alloc.grown_n++;
    fake_alloc.block = p;
    fake_alloc.bytes = n;
}

static void fake_gone(enum track_heap heap, const void *p)
{
    struct tracked t;
    while (track_take(heap, p, &t))
        fake_alloc.gone_n++;
    fake_alloc.block = p;
}

void alloc_lua_gone(struct arena_state *s, const void *p)
{
    (void)s;
    fake_gone(TRACK_LUA, p);
}

void alloc_move_begin(enum track_heap heap, const void *p, struct alloc_moved *m)
{
    m->n = 0;
    while (m->n < ALLOC_MOVED_MAX && track_take(heap, p, &m->t[m->n]))
        m->n++;
}

void alloc_move_end(enum track_heap heap, const void *p, const struct alloc_moved *m, size_t before,
                    size_t after)
{
    for (int i = 0; i < m->n; i++)
        track_add(heap, p, &m->t[i]);
    fake_alloc.moved_n += m->n != 0;
    fake_alloc.block = p;
    fake_alloc.before = before;
    fake_alloc.after = after;
}

void alloc_c_new(const void *p, size_t n, const void *caller)
{
    (void)caller;
    alloc_c_left = INT64_MAX / 2;
    fake_alloc.new_n++;
    fake_alloc.block = p;
    fake_alloc.bytes = n;
}

void alloc_c_grown(const void *p, size_t n, const void *caller)
{
    (void)caller;
    alloc_c_left = INT64_MAX / 2;
    fake_alloc.grown_n++;
    fake_alloc.block = p;
    fake_alloc.bytes = n;
}

void alloc_c_gone(const void *p)
{
    fake_gone(TRACK_C, p);
}

#endif
