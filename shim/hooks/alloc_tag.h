/* alloc_tag: where the number of the site of a block stands: in a few bytes behind it (a tag), or in the table of alloc_track.h.
 *
 * A block's number is in the table or behind the block, and the table is asked first; so that what is not in it has a tag, a
 * state that ever failed to enter a block gets no tags and has none read.
 *
 * Context: the thread that runs the state, within its allocator. */
#ifndef SHIM_HOOKS_ALLOC_TAG_H
#define SHIM_HOOKS_ALLOC_TAG_H

#include <string.h>

#include "arena/layout.h"
#include "shim/hooks/alloc_track.h"

enum { ALLOC_TAG_BYTES = 4, ALLOC_TAG_SITE_BITS = 17 };

/* What a host wrote behind its block is not taken for a number of ours. */
#define ALLOC_TAG_MARK (UINT32_C(0x5a6b) << ALLOC_TAG_SITE_BITS)
#define ALLOC_TAG_SITE ((UINT32_C(1) << ALLOC_TAG_SITE_BITS) - 1)
_Static_assert((uint32_t)ARENA_SITES_MAX <= ALLOC_TAG_SITE, "a site's number fits in a tag");

/* A site whose number was in the table; 0: it is not known. */
#define ALLOC_TAG_IN_TABLE (UINT32_C(1) << 31)

void alloc_tag_to_table(struct arena_state *s, const void *p, uint32_t site);
/* Returns the site, with ALLOC_TAG_IN_TABLE, or 0. */
uint32_t alloc_tag_from_table(const struct arena_state *s, const void *p);
uint32_t alloc_tag_damaged(void);

/* Block P, of SIZE bytes, is of SITE (0: not known). */
static inline void alloc_tag_keep(struct arena_state *s, void *p, size_t size, uint32_t site)
{
    uint32_t tag = site | ALLOC_TAG_MARK;
    if (likely(s->tagging))
        memcpy((char *)p + size, &tag, sizeof tag);
    else
        alloc_tag_to_table(s, p, site);
}

static inline uint32_t alloc_tag_read(const void *p, size_t size)
{
    uint32_t tag;
    memcpy(&tag, (const char *)p + size, sizeof tag);
    return likely((tag & ~ALLOC_TAG_SITE) == ALLOC_TAG_MARK) ? tag & ALLOC_TAG_SITE
                                                             : alloc_tag_damaged();
}

/* The site of block P, maybe with ALLOC_TAG_IN_TABLE; 0: not known.  Before the block is given back: afterwards another thread may
 * own its address. */
static inline uint32_t alloc_tag_take(const struct arena_state *s, const void *p, size_t size)
{
    uint32_t site = 0;
    if (unlikely((uintptr_t)p - s->table_lo < s->table_bytes) && track_may_hold(TRACK_LUA, p))
        site = alloc_tag_from_table(s, p);
    if (likely(site == 0) && likely(s->tags_used && !s->tags_unsure))
        site = alloc_tag_read(p, size);
    return site;
}

#endif
