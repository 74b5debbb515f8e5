/* heap_exact: see heap_exact.h. */
#include "shim/hooks/heap_exact.h"

#include <errno.h>

#include "shim/fork_mark.h"
#include "shim/hooks/alloc_exact.h"
#include "shim/hooks/alloc_tag.h"
#include "shim/hooks/heap_count.h"
#include "shim/hooks/heap_host.h"
#include "shim/real.h"
#include "shim/record/config.h"
#include "shim/record/record_api.h"
#include "shim/stack/lua_frames.h"

/* ---- who is asked ---- */

_Static_assert(FORK_MARK_BITS & 1,
               "one test tells that a state has tags, and that this is no new child");

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

static COLD void *no_room(void)
{
    errno = ENOMEM;
    return NULL;
}

/* Memory with room for a tag, by what the host's allocator would call itself. */
static inline void *tagged_malloc(size_t n)
{
    size_t with_tag;
    return unlikely(__builtin_add_overflow(n, (size_t)ALLOC_TAG_BYTES, &with_tag))
               ? no_room()
               : real.malloc(with_tag);
}

static inline void *tagged_realloc(void *ptr, size_t n)
{
    size_t with_tag;
    return unlikely(__builtin_add_overflow(n, (size_t)ALLOC_TAG_BYTES, &with_tag))
               ? no_room()
               : real.realloc(ptr, with_tag);
}

/* Another function, so that what it takes is not set up where it is not called. */
static __attribute__((noinline)) void *host_ask(struct arena_state *s, void *ptr, size_t osize,
                                                size_t nsize)
{
    s->host_n++;
    return heap_host_call(s, ptr, osize, nsize);
}

/* ---- requests ---- */

static COLD void *refused(struct arena_state *s)
{
    s->fail_n++;
    return NULL;
}

/* As heap_exact_alloc got it, so that nothing is moved on the way. */
static HOT_AS_IS void *tagged_new(void *ud, void *ptr, size_t osize, size_t nsize,
                                  struct arena_state *s)
{
    (void)ud;
    (void)ptr; /* NULL */
    lua_frames_moved = NULL;
    s->asked_osize = osize; /* meanwhile not in registers, which would have to be saved */
    s->asked_nsize = nsize;
    void *p = tagged_malloc(nsize);
    if (unlikely(p == NULL))
        return refused(s);
    heap_note_new(s, s->asked_osize, s->asked_nsize);
    return alloc_exact_new(s, p, heap_kind(s->asked_osize),
                           s->asked_nsize); /* in the place of this frame */
}

static HOT void *untagged_new(struct arena_state *s, size_t osize, size_t nsize)
{
    lua_frames_moved = NULL;
    void *p = host_ask(s, NULL, osize, nsize);
    if (unlikely(p == NULL))
        return refused(s);
    heap_note_new(s, osize, nsize);
    return alloc_exact_new(s, p, heap_kind(osize), nsize);
}

static HOT void *resize(struct arena_state *s, void *ptr, size_t osize, size_t nsize)
{
    uint32_t taken = alloc_tag_take(s, ptr, osize), site = taken & ALLOC_TAG_SITE;
    lua_frames_moved = ptr;
    void *p = likely(s->tagging) ? tagged_realloc(ptr, nsize) : host_ask(s, ptr, osize, nsize);
    if (p == ptr || p == NULL)
        lua_frames_moved = NULL;
    if (unlikely(p == NULL)) {
        if (taken & ALLOC_TAG_IN_TABLE)
            alloc_tag_to_table(s, ptr, site);
        return refused(s);
    }
    heap_note_resize(s, osize, nsize);
    alloc_exact_resized(s, site, osize, nsize);
    alloc_tag_keep(s, p, nsize, site);
    return p;
}

static HOT_AS_IS void *tagged_release(void *ud, void *ptr, size_t osize, size_t nsize,
                                      struct arena_state *s)
{
    (void)ud;
    (void)nsize; /* 0 */
    uint32_t site = alloc_tag_take(s, ptr, osize) & ALLOC_TAG_SITE;
    heap_note_free(s, osize);
    return alloc_exact_free(s, ptr, site, osize); /* in the place of this frame */
}

static HOT void *host_release(struct arena_state *s, void *ptr, size_t osize)
{
    if (ptr != NULL) {
        uint32_t site = alloc_tag_take(s, ptr, osize) & ALLOC_TAG_SITE;
        heap_note_free(s, osize);
        s->host_n++;
        alloc_exact_gone(s, ptr, site, osize);
    }
    void *p = heap_host_call(s, ptr, osize, 0);
    if (unlikely(!s->host_looked_at) && ptr != NULL)
        look_at_host(s);
    return p;
}

static inline void *tagged_request(void *ud, void *ptr, size_t osize, size_t nsize,
                                   struct arena_state *s)
{
    if (ptr == NULL) /* Lua often frees the array part that a table never had */
        return nsize != 0 ? tagged_new(ud, ptr, osize, nsize, s) : NULL;
    return nsize != 0 ? resize(s, ptr, osize, nsize) : tagged_release(ud, ptr, osize, nsize, s);
}

static HOT void *other_request(struct arena_state *s, void *ud, void *ptr, size_t osize,
                               size_t nsize)
{
    fork_mark_look();
    if (unlikely(s == &state_ended))
        return heap_ended_request(ud, ptr, osize, nsize);
    if (s->tagging)
        return tagged_request(ud, ptr, osize, nsize, s);
    if (nsize == 0)
        return host_release(s, ptr, osize);
    if (ptr == NULL)
        return untagged_new(s, osize, nsize);
    return resize(s, ptr, osize, nsize);
}

/* As heap_alloc: what is rare is done in the place of this frame. */
HOT void *heap_exact_alloc(void *ud, void *ptr, size_t osize, size_t nsize)
{
    struct arena_state *s = heap_state_now(ud);
    return likely(fork_mark_and(s->tagging)) ? tagged_request(ud, ptr, osize, nsize, s)
                                             : other_request(s, ud, ptr, osize, nsize);
}
