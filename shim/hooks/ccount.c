/* ccount: the counters of C allocation (see ccount.h).
 *
 * In: what cheap.c saw.  Out: the calling object's counters in the thread's slot; the level of the
 * heap in the arena, in steps, so that threads do not meet on one cache line at every call.
 *
 * Context: any thread, signal handlers. */
#include "shim/hooks/ccount.h"

#include "shim/fork_mark.h"
#include "shim/record/record_api.h"

enum { PUBLISH_STEP = 64 * 1024 };

size_t ccount_size_unknown(void *block)
{
    (void)block;
    return 0;
}

size_t (*ccount_usable)(void *) = ccount_size_unknown;

void ccount_sizes_known(size_t (*usable)(void *))
{
    ccount_usable = usable;
}

static SHIM_TLS int registering;
/* The last slot_now of this thread that was found alive, so that this need not be asked again. */
static SHIM_TLS struct arena_thread *slot_alive;

static COLD struct arena_thread *slot_find(void)
{
    struct arena_thread *t = slot_now;
    if (slot_is_dead(t)) {
        if (registering)
            return NULL;
        registering = 1;
        t = slot_get();
        registering = 0;
        if (slot_is_dead(t))
            return NULL;
    }
    return slot_alive = t;
}

/* This thread's slot, or NULL where nothing can be counted. */
static inline struct arena_thread *slot_of_thread(void)
{
    fork_mark_look();
    struct arena_thread *t = slot_now;
    return likely(t == slot_alive) ? t : slot_find();
}

static inline struct arena_c_alloc *counters_of(struct arena_thread *t, const void *caller)
{
    return &t->c_alloc[object_of_caller(caller) + 1];
}

/* Each counter by an instruction of its own: whole for signal handlers, and faster than the vectors
 * that a compiler makes of neighbours, which wait for the stores of the call before. */
static inline void add(uint64_t *counter, uint64_t n)
{
    *counter += n;
    atomic_signal_fence(memory_order_seq_cst);
}

static COLD void publish(struct arena_thread *t)
{
    int64_t step = t->c_unpublished; /* a signal handler may add to it meanwhile */
    int64_t live = atomic_fetch_add(&arena->c_live_bytes, step) + step;
    t->c_unpublished -= step;
    int64_t peak = atomic_load(&arena->c_peak_bytes);
    while (live > peak && !atomic_compare_exchange_weak(&arena->c_peak_bytes, &peak, live))
        ;
}

static inline void live_add(struct arena_thread *t, int64_t bytes)
{
    t->c_live_bytes += bytes;
    atomic_signal_fence(memory_order_seq_cst);
    t->c_unpublished += bytes;
    if (unlikely(t->c_unpublished >= PUBLISH_STEP || t->c_unpublished <= -PUBLISH_STEP))
        publish(t);
}

HOT void ccount_alloc(const void *caller, size_t n, size_t usable)
{
    struct arena_thread *t = slot_of_thread();
    if (t == NULL)
        return;
    struct arena_c_alloc *c = counters_of(t, caller);
    add(&c->alloc_n, 1);
    add(&c->alloc_bytes, n);
    add(&c->usable_bytes, usable);
    add(&t->c_gross_bytes, usable);
    live_add(t, (int64_t)usable);
}

COLD void ccount_refused(const void *caller)
{
    struct arena_thread *t = slot_of_thread();
    if (t != NULL)
        counters_of(t, caller)->fail_n++;
}

HOT void ccount_free(const void *caller, size_t usable)
{
    struct arena_thread *t = slot_of_thread();
    if (t == NULL)
        return;
    struct arena_c_alloc *c = counters_of(t, caller);
    add(&c->free_n, 1);
    add(&c->free_bytes, usable);
    live_add(t, -(int64_t)usable);
}

HOT void ccount_resize(const void *caller, size_t before, size_t after)
{
    struct arena_thread *t = slot_of_thread();
    if (t == NULL)
        return;
    struct arena_c_alloc *c = counters_of(t, caller);
    add(&c->realloc_n, 1);
    if (after >= before) {
        add(&c->usable_bytes, after - before);
        add(&t->c_gross_bytes, after - before);
    } else {
        add(&c->free_bytes, before - after);
    }
    live_add(t, (int64_t)after - (int64_t)before);
}
