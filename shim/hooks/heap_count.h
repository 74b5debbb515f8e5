/* heap_count: what every request to a state's allocator adds to the counters of its state.
 *
 * In: a request that was granted, or a block before it is given back.  Out: struct arena_state.
 * Context: host threads; millions of times a second. */
#ifndef SHIM_HOOKS_HEAP_COUNT_H
#define SHIM_HOOKS_HEAP_COUNT_H

#include "arena/layout.h"
#include "shim/platform.h"

/* Class of blocks of up to 1 KiB, by their size in units of 16 bytes, rounded up. */
static const uint8_t heap_small_class[65] = {
    0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  9,  9,  9,  9,  9,  9,  9,  10, 10, 10, 10, 10,
    10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11,
    11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11,
};

static inline unsigned heap_large_class(size_t n)
{
    unsigned class = 65 - (unsigned)__builtin_clzl(n - 1); /* 2^(class - 1) is the next power */
    return class < SIZE_CLASS_N ? class : SIZE_CLASS_N - 1;
}

/* 0: nothing; 1..8 end at 16, 32 ... 128; 9.. end at 256, 512 ... (wire/enums.h). */
static inline unsigned heap_size_class(size_t n)
{
    return likely(n <= 1024) ? heap_small_class[(n + 15) / 16] : heap_large_class(n);
}

static inline size_t heap_kind(size_t osize)
{
    return osize - ALLOC_STRING <= ALLOC_PROTO - ALLOC_STRING ? osize : ALLOC_OTHER;
}

static inline void heap_note_growth(struct arena_state *s, size_t n)
{
    uint64_t live = s->live_bytes + n;
    s->live_bytes = live;
    if (live > s->peak_bytes)
        s->peak_bytes = live;
}

static inline void heap_note_new(struct arena_state *s, size_t osize, size_t nsize)
{
    size_t kind = heap_kind(osize);
    s->kind_n[kind]++;
    s->kind_bytes[kind] += nsize;
    s->class_alloc_n[heap_size_class(nsize)]++;
    heap_note_growth(s, nsize);
}

static inline void heap_note_free(struct arena_state *s, size_t osize)
{
    s->class_free_n[heap_size_class(osize)]++;
    s->free_n++;
    s->live_bytes -= osize;
}

static inline void heap_note_resize(struct arena_state *s, size_t osize, size_t nsize)
{
    unsigned from = heap_size_class(osize), to = heap_size_class(nsize);
    s->realloc_n++;
    if (from != to) {
        s->class_free_n[from]++;
        s->class_alloc_n[to]++;
    }
    if (nsize >= osize) {
        s->grow_bytes += nsize - osize;
        heap_note_growth(s, nsize - osize);
    } else {
        s->shrink_bytes += osize - nsize;
        s->live_bytes -= osize - nsize;
    }
}

#endif
