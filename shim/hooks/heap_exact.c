/* heap_exact: see heap_exact.h. */
#include "shim/hooks/heap_exact.h"

#include <errno.h>
#include <string.h>

#include "shim/hooks/alloc_exact.h"
#include "shim/hooks/alloc_track.h"
#include "shim/hooks/heap_count.h"
#include "shim/hooks/heap_host.h"
#include "shim/real.h"
#include "shim/record/config.h"
#include "shim/record/record_api.h"
#include "shim/stack/lua_frames.h"

/* What a host wrote behind its block is not taken for a number of ours. */
enum { TAG_BYTES = ALLOC_TAG_BYTES, SITE_BITS = 17, SITE_MASK = (1 << SITE_BITS) - 1 };
static const uint32_t MARK = UINT32_C(0x5a6b) << SITE_BITS;
_Static_assert((int)ARENA_SITES_MAX <= (int)SITE_MASK, "a site's number fits in a tag");

/* ---- where the number of a block's site stands ---- */

struct place {
    uint32_t site; /* 0: not known */
    int in_table;
};

static inline void tag_write(void *p, size_t size, uint32_t site)
{
    uint32_t tag = site | MARK;
    memcpy((char *)p + size, &tag, sizeof tag);
}

static inline uint32_t tag_read(const void *p, size_t size)
{
    uint32_t tag;
    memcpy(&tag, (const char *)p + size, sizeof tag);
    if (likely((tag & ~(uint32_t)SITE_MASK) == MARK))
        return tag & SITE_MASK;
    loss_count(LOSS_TRACK_FULL, 1);
    return 0;
}

static COLD void table_write(struct arena_state *s, const void *p, uint32_t site)
{
    struct tracked e = {.site = site, .n = 1};
    if (site != 0 && track_add(TRACK_LUA, p, &e) == 0)
        return;
    s->tags_unsure = 1;
    if (site != 0)
        loss_count(LOSS_TRACK_FULL, 1);
}

static COLD int table_take(const void *p, struct place *out)
{
    struct tracked e;
    if (!track_take(TRACK_LUA, p, &e))
        return 0;
    *out = (struct place){e.site, 1};
    return 1;
}

/* Before the block is given back: afterwards another thread may own its address. */
static inline struct place site_take(const struct arena_state *s, const void *p, size_t size)
{
    struct place at = {0, 0};
    if (track_may_hold(TRACK_LUA, p) && table_take(p, &at))
        return at;
    if (likely(s->tags_used && !s->tags_unsure))
        at.site = tag_read(p, size);
    return at;
}

static inline void site_keep(struct arena_state *s, void *p, size_t size, uint32_t site)
{
    if (likely(s->tagging))
        tag_write(p, size, site);
    else
        table_write(s, p, site);
}

/* ---- who is asked ---- */

static void tags_begin(struct arena_state *s)
{
    if (config.alloc.no_tag || s->tags_unsure)
        return;
    s->tagging = s->tags_used = 1;
}

void heap_exact_begin(struct arena_state *s)
{
    s->tagging = 0;
    s->host_looked_at = heap_host_known_plain(s);
    if (s->host_looked_at)
        tags_begin(s);
}

/* Once both realloc and free have been called. */
static COLD void look_at_host(struct arena_state *s)
{
    s->host_looked_at = 1;
    if (heap_host_is_plain(s))
        tags_begin(s);
}

static inline int has_room(size_t n)
{
    if (likely(n <= PTRDIFF_MAX - TAG_BYTES))
        return 1;
    errno = ENOMEM;
    return 0;
}

/* Memory with room for a tag, by what the host's allocator would call itself. */
static inline void *tagged_ask(struct arena_state *s, void *ptr, size_t n)
{
    s->direct_n++;
    if (unlikely(!has_room(n)))
        return NULL;
    return ptr == NULL ? real.malloc(n + TAG_BYTES) : real.realloc(ptr, n + TAG_BYTES);
}

static inline void *ask(struct arena_state *s, void *ptr, size_t osize, size_t nsize)
{
    lua_frames_moved = ptr;
    void *p = likely(s->tagging) ? tagged_ask(s, ptr, nsize) : heap_host_call(s, ptr, osize, nsize);
    if (p == ptr || p == NULL)
        lua_frames_moved = NULL;
    if (unlikely(p == NULL))
        s->fail_n++;
    return p;
}

/* ---- requests ---- */

static HOT void *new_block(struct arena_state *s, size_t osize, size_t nsize)
{
    void *p = ask(s, NULL, osize, nsize);
    if (unlikely(p == NULL))
        return NULL;
    heap_note_new(s, osize, nsize);
    site_keep(s, p, nsize, alloc_exact_new(s, p, heap_kind(osize), nsize));
    return p;
}

static HOT void *resize(struct arena_state *s, void *ptr, size_t osize, size_t nsize)
{
    struct place at = site_take(s, ptr, osize);
    void *p = ask(s, ptr, osize, nsize);
    if (unlikely(p == NULL)) {
        if (at.in_table)
            table_write(s, ptr, at.site);
        return NULL;
    }
    heap_note_resize(s, osize, nsize);
    alloc_exact_resized(s, at.site, osize, nsize);
    site_keep(s, p, nsize, at.site);
    return p;
}

static inline void note_release(struct arena_state *s, const void *ptr, size_t osize)
{
    struct place at = site_take(s, ptr, osize);
    heap_note_free(s, osize);
    alloc_exact_gone(s, ptr, at.site, osize);
}

static HOT void *tagged_release(struct arena_state *s, void *ptr, size_t osize)
{
    if (ptr != NULL) { /* Lua often frees the array part that a table never had */
        s->direct_n++;
        note_release(s, ptr, osize);
        real.free(ptr);
    }
    return NULL;
}

static HOT void *host_release(struct arena_state *s, void *ptr, size_t osize)
{
    if (ptr != NULL)
        note_release(s, ptr, osize);
    void *p = heap_host_call(s, ptr, osize, 0);
    if (unlikely(!s->host_looked_at) && ptr != NULL)
        look_at_host(s);
    return p;
}

HOT void *heap_exact_request(struct arena_state *s, void *ptr, size_t osize, size_t nsize)
{
    if (nsize == 0)
        return s->tagging ? tagged_release(s, ptr, osize) : host_release(s, ptr, osize);
    if (ptr == NULL)
        return new_block(s, osize, nsize);
    return resize(s, ptr, osize, nsize);
}
