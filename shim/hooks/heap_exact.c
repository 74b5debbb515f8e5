/* heap_exact: see heap_exact.h. */
#include "shim/hooks/heap_exact.h"

#include <errno.h>

#include "shim/hooks/alloc_exact.h"
#include "shim/hooks/alloc_tag.h"
#include "shim/hooks/heap_count.h"
#include "shim/hooks/heap_host.h"
#include "shim/real.h"
#include "shim/record/config.h"
#include "shim/record/record_api.h"
#include "shim/stack/lua_frames.h"

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
    if (likely(n <= PTRDIFF_MAX - ALLOC_TAG_BYTES))
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
    return ptr == NULL ? real.malloc(n + ALLOC_TAG_BYTES) : real.realloc(ptr, n + ALLOC_TAG_BYTES);
}

/* Another function, so that what it takes is not set up where it is not called. */
static __attribute__((noinline)) void *host_ask(struct arena_state *s, void *ptr, size_t osize,
                                                size_t nsize)
{
    return heap_host_call(s, ptr, osize, nsize);
}

static inline void *ask(struct arena_state *s, void *ptr, size_t osize, size_t nsize)
{
    void *p = likely(s->tagging) ? tagged_ask(s, ptr, nsize) : host_ask(s, ptr, osize, nsize);
    if (unlikely(p == NULL))
        s->fail_n++;
    return p;
}

/* ---- requests ---- */

static HOT void *new_block(struct arena_state *s, void *ptr, size_t osize, size_t nsize)
{
    lua_frames_moved = NULL;
    void *p = ask(s, ptr, osize, nsize);
    if (unlikely(p == NULL))
        return NULL;
    heap_note_new(s, osize, nsize);
    return alloc_exact_new(s, p, heap_kind(osize), nsize); /* in the place of this frame */
}

static HOT void *resize(struct arena_state *s, void *ptr, size_t osize, size_t nsize)
{
    uint32_t taken = alloc_tag_take(s, ptr, osize), site = taken & ALLOC_TAG_SITE;
    lua_frames_moved = ptr;
    void *p = ask(s, ptr, osize, nsize);
    if (p == ptr || p == NULL)
        lua_frames_moved = NULL;
    if (unlikely(p == NULL)) {
        if (taken & ALLOC_TAG_IN_TABLE)
            alloc_tag_to_table(s, ptr, site);
        return NULL;
    }
    heap_note_resize(s, osize, nsize);
    alloc_exact_resized(s, site, osize, nsize);
    alloc_tag_keep(s, p, nsize, site);
    return p;
}

static HOT void *tagged_release(struct arena_state *s, void *ptr, size_t osize)
{
    if (ptr == NULL) /* Lua often frees the array part that a table never had */
        return NULL;
    uint32_t site = alloc_tag_take(s, ptr, osize) & ALLOC_TAG_SITE;
    heap_note_free(s, osize);
    return alloc_exact_free(s, ptr, site, osize); /* in the place of this frame */
}

static HOT void *host_release(struct arena_state *s, void *ptr, size_t osize)
{
    if (ptr != NULL) {
        uint32_t site = alloc_tag_take(s, ptr, osize) & ALLOC_TAG_SITE;
        heap_note_free(s, osize);
        s->host_free_n++;
        alloc_exact_gone(s, ptr, site, osize);
    }
    void *p = heap_host_call(s, ptr, osize, 0);
    if (unlikely(!s->host_looked_at) && ptr != NULL)
        look_at_host(s);
    return p;
}

static HOT void *untagged_request(struct arena_state *s, void *ud, void *ptr, size_t osize,
                                  size_t nsize)
{
    if (unlikely(s == &state_ended))
        return heap_ended_request(ud, ptr, osize, nsize);
    if (nsize == 0)
        return host_release(s, ptr, osize);
    if (ptr == NULL)
        return new_block(s, ptr, osize, nsize);
    return resize(s, ptr, osize, nsize);
}

HOT void *heap_exact_alloc(void *ud, void *ptr, size_t osize, size_t nsize)
{
    struct arena_state *s = heap_state_now(ud);
    if (unlikely(!s->tagging))
        return untagged_request(s, ud, ptr, osize, nsize);
    if (nsize == 0)
        return tagged_release(s, ptr, osize);
    if (ptr == NULL)
        return new_block(s, ptr, osize, nsize);
    return resize(s, ptr, osize, nsize);
}
