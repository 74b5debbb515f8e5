/* cheap: the C allocator's functions, interposed (see cheap.h for what is counted).
 *
 * In: every call of the malloc family that goes through the process's symbol scope.  Out: the same
 * call to the real function, and a note to ccount.
 *
 * Each entry takes the shortest way it can: for Lua's allocator, and while the process is dormant,
 * straight on to the real function.  A block is noted before it is given back: afterwards another
 * thread may own the address.
 *
 * Context: any thread, signal handlers, fork children, before the first constructor. */
#include "shim/hooks/cheap.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "shim/attach/arch/x86_64/stack.h"
#include "shim/fork_mark.h"
#include "shim/hooks/alloc_sample.h"
#include "shim/hooks/ccount.h"
#include "shim/hooks/heap.h"
#include "shim/real.h"
#include "shim/record/record_api.h"

#define CALLER __builtin_return_address(0)

enum { ALIGN_DEFAULT = 16, PAGE = 4096 };

void cfree(void *p); /* gone from glibc's headers, still called by old programs */

/* ---- the short ways ---- */

/* 1 where the call is made by the host's allocator for Lua. */
static inline int for_lua(void)
{
    if (likely(heap_inside == 0))
        return 0;
    if (unlikely(stack_now() > heap_inside)) { /* left behind by an exception */
        heap_inside = 0;
        return 0;
    }
    slot_now->lua_calls_n++;
    return 1;
}

/* 1 where FN can be called at once, with nothing to count. */
#define STRAIGHT(fn) (for_lua() || (arena == NULL && real.fn != NULL))

/* ---- before the real functions are known ---- */

/* 1 once FN is there; 0 while the first look-up is itself allocating. */
#define RESOLVED(fn) (likely(real.fn != NULL) || (real_resolve(), real.fn != NULL))

static COLD void *boot_alloc(size_t n, size_t align)
{
    void *p = real_boot_alloc(n ? n : 1, align);
    if (p == NULL)
        errno = ENOMEM;
    return p;
}

/* A boot block stays where it is for ever; its contents move on. */
static COLD void *boot_realloc(void *p, size_t n)
{
    size_t old = real_boot_size(p);
    void *q = n ? malloc(n) : NULL;
    if (q != NULL)
        memcpy(q, p, old < n ? old : n);
    return q;
}

/* ---- the counted ways ---- */

static inline void note_block(void *p, size_t n, size_t usable, const void *caller)
{
    ccount_alloc(caller, n, usable);
    if (alloc_c_due(usable ? usable : n))
        alloc_c_new(p, usable ? usable : n, caller);
}

static void *noted(void *p, size_t n, const void *caller)
{
    if (arena == NULL)
        return p;
    if (unlikely(p == NULL))
        ccount_refused(caller);
    else
        note_block(p, n, ccount_usable(p), caller);
    return p;
}

static HOT void *counted_malloc(size_t n, const void *caller)
{
    if (!RESOLVED(malloc))
        return boot_alloc(n, ALIGN_DEFAULT);
    return noted(real.malloc(n), n, caller);
}

static void *counted_calloc(size_t n, size_t size, const void *caller)
{
    size_t bytes;
    int overflow = __builtin_mul_overflow(n, size, &bytes);
    if (!RESOLVED(calloc))
        return boot_alloc(overflow ? SIZE_MAX : bytes, ALIGN_DEFAULT); /* boot blocks are zero */
    return noted(real.calloc(n, size), bytes, caller);
}

static HOT void counted_free(void *p, const void *caller)
{
    if (real_is_boot(p) || !RESOLVED(free))
        return;
    if (arena != NULL)
        ccount_free(caller, ccount_usable(p));
    if (track_may_hold(TRACK_C, p))
        alloc_c_gone(p);
    real.free(p);
}

/* Q is where the block P is now, of BEFORE bytes until then; NULL: refused, or freed. */
static void note_resize(void *q, size_t n, size_t before, const void *caller)
{
    size_t after = likely(q != NULL) ? ccount_usable(q) : 0;
    if (likely(q != NULL))
        ccount_resize(caller, before, after);
    else if (n == 0)
        ccount_free(caller, before);
    else
        ccount_refused(caller);
    if (after > before && alloc_c_due(after - before))
        alloc_c_grown(q, after - before, caller);
}

/* A block that is, or may be, followed to its release. */
static COLD void *resized_followed(void *p, size_t n, const void *caller)
{
    struct alloc_moved m;
    fork_mark_look();
    size_t before = ccount_usable(p);
    if (n == 0)
        alloc_c_gone(p);
    alloc_move_begin(TRACK_C, p, &m);
    void *q = real.realloc(p, n);
    alloc_move_end(TRACK_C, q != NULL ? q : p, &m, before, q != NULL ? ccount_usable(q) : before);
    note_resize(q, n, before, caller);
    return q;
}

/* P is not NULL, the arena exists. */
static HOT void *resized(void *p, size_t n, const void *caller)
{
    if (track_may_hold(TRACK_C, p))
        return resized_followed(p, n, caller);
    size_t before = ccount_usable(p);
    void *q = real.realloc(p, n);
    note_resize(q, n, before, caller);
    return q;
}

static HOT void *counted_realloc(void *p, size_t n, const void *caller)
{
    if (unlikely(real_is_boot(p)))
        return boot_realloc(p, n);
    if (!RESOLVED(realloc))
        return boot_alloc(n, ALIGN_DEFAULT);
    if (p == NULL)
        return noted(real.realloc(NULL, n), n, caller);
    return arena != NULL ? resized(p, n, caller) : real.realloc(p, n);
}

/* For the rarer functions: an allocator that replaces malloc may lack them, and then they are
 * another allocator's, whose blocks must not be asked for their size. */
static void *noted_rare(const void *function, void *p, size_t n, const void *caller)
{
    if (arena == NULL || for_lua())
        return p;
    if (p == NULL)
        ccount_refused(caller);
    else if (object_of(function) == object_of((const void *)(uintptr_t)real.malloc))
        note_block(p, n, ccount_usable(p), caller);
    else
        note_block(p, n, 0, caller);
    return p;
}
#define NOTED_RARE(fn, p, n) noted_rare((const void *)(uintptr_t)real.fn, (p), (n), CALLER)

/* ---- the entries ---- */

SHIM_EXPORT HOT void *malloc(size_t n)
{
    return STRAIGHT(malloc) ? real.malloc(n) : counted_malloc(n, CALLER);
}

SHIM_EXPORT HOT void *calloc(size_t n, size_t size)
{
    return STRAIGHT(calloc) ? real.calloc(n, size) : counted_calloc(n, size, CALLER);
}

SHIM_EXPORT HOT void free(void *p)
{
    if (p == NULL)
        return;
    if (STRAIGHT(free) && likely(!real_is_boot(p))) {
        if (track_may_hold(TRACK_C, p)) /* C made it, and Lua's allocator gives it back */
            alloc_c_gone(p);
        real.free(p);
    } else {
        counted_free(p, CALLER);
    }
}

/* Some allocators lack it; it never was anything but free. */
SHIM_EXPORT void cfree(void *p)
{
    if (p != NULL && !for_lua())
        counted_free(p, CALLER);
    else if (p != NULL)
        real.free(p);
}

SHIM_EXPORT HOT void *realloc(void *p, size_t n)
{
    if (STRAIGHT(realloc) && likely(!real_is_boot(p)))
        return real.realloc(p, n);
    return counted_realloc(p, n, CALLER);
}

/* Not through the real one, which may be libc's and come back to our realloc. */
SHIM_EXPORT void *reallocarray(void *p, size_t n, size_t size)
{
    size_t bytes;
    if (!__builtin_mul_overflow(n, size, &bytes)) {
        if (STRAIGHT(realloc) && likely(!real_is_boot(p)))
            return real.realloc(p, bytes);
        return counted_realloc(p, bytes, CALLER);
    }
    if (arena != NULL && !for_lua())
        ccount_refused(CALLER);
    errno = ENOMEM;
    return NULL;
}

SHIM_EXPORT int posix_memalign(void **out, size_t align, size_t n)
{
    if (!RESOLVED(posix_memalign)) {
        void *p = boot_alloc(n, align);
        return p ? (*out = p, 0) : ENOMEM;
    }
    int rc = real.posix_memalign(out, align, n);
    NOTED_RARE(posix_memalign, rc == 0 ? *out : NULL, n);
    return rc;
}

SHIM_EXPORT void *aligned_alloc(size_t align, size_t n)
{
    if (!RESOLVED(aligned_alloc))
        return boot_alloc(n, align);
    return NOTED_RARE(aligned_alloc, real.aligned_alloc(align, n), n);
}

SHIM_EXPORT void *memalign(size_t align, size_t n)
{
    if (!RESOLVED(memalign))
        return boot_alloc(n, align);
    return NOTED_RARE(memalign, real.memalign(align, n), n);
}

SHIM_EXPORT void *valloc(size_t n)
{
    if (!RESOLVED(valloc))
        return boot_alloc(n, PAGE);
    return NOTED_RARE(valloc, real.valloc(n), n);
}

SHIM_EXPORT void *pvalloc(size_t n)
{
    if (!RESOLVED(pvalloc))
        return boot_alloc(n, PAGE);
    return NOTED_RARE(pvalloc, real.pvalloc(n), n);
}
