/* slots: registration of threads.  See slots.h.
 *
 * A slot below `grown.threads` has memory for all functions below `grown.banks`.  Both numbers
 * change together in one atomic word, after the memory is there, so nobody ever sees a slot, or
 * hands out a function index, without memory behind it. */
#include "shim/record/slots.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/record/record_api.h"
#include "shim/record/region.h"

static struct arena_thread dead_slot;
SHIM_TLS struct arena_thread *slot_now = &dead_slot;

struct grown {
    uint32_t threads, banks;
};
static _Atomic uint64_t grown = 1; /* one bank from the start */
static _Atomic uint32_t closed_by; /* tid of a thread that moves the arena; 0: registration is open */
static pthread_key_t leave_key;
static int leave_key_usable;

static uint32_t tid_now(void)
{
    return (uint32_t)syscall(SYS_gettid);
}

static struct grown unpack(uint64_t v)
{
    return (struct grown){(uint32_t)(v >> 32), (uint32_t)v};
}

static uint64_t pack(struct grown g)
{
    return (uint64_t)g.threads << 32 | g.banks;
}

int slot_is_dead(const struct arena_thread *t)
{
    return t == &dead_slot;
}

/* ---- memory ---- */

static int reserve_bank(struct arena_thread *t, uint32_t bank)
{
    const struct arena_calls *first = &t->calls[(size_t)bank * ARENA_FUNCTION_BANK];
    return region_reserve(first, ARENA_FUNCTION_BANK * sizeof *first);
}

static int reserve_slot(struct arena_thread *t, uint32_t banks)
{
    if (region_reserve(&t->c_alloc, sizeof *t - offsetof(struct arena_thread, c_alloc)))
        return -1;
    for (uint32_t b = 0; b < banks; b++)
        if (reserve_bank(t, b))
            return -1;
    return 0;
}

/* threads_n is what snapshots go by; it follows, and never goes back. */
static void publish_threads(uint32_t n)
{
    uint32_t seen = atomic_load(&arena->threads_n);
    while (seen < n && !atomic_compare_exchange_weak(&arena->threads_n, &seen, n))
        ;
}

int slots_grow(uint32_t bank)
{
    for (;;) {
        uint64_t seen = atomic_load(&grown);
        struct grown g = unpack(seen);
        if (bank < g.banks)
            return 0;
        for (uint32_t i = 0; i < g.threads; i++)
            if (reserve_bank(&arena->threads[i], g.banks))
                return -1;
        g.banks++;
        atomic_compare_exchange_strong(&grown, &seen, pack(g));
    }
}

/* Makes one more slot.  Returns 0 where there is one (by whomever), -1 where there can be none. */
static int add_slot(uint64_t seen)
{
    struct grown g = unpack(seen);
    if (g.threads == ARENA_THREADS_MAX || reserve_slot(&arena->threads[g.threads], g.banks))
        return -1;
    g.threads++;
    if (atomic_compare_exchange_strong(&grown, &seen, pack(g)))
        publish_threads(g.threads);
    return 0;
}

/* ---- registration ---- */

static int claim(struct arena_thread *t, uint32_t from_tid, uint32_t tid)
{
    return atomic_compare_exchange_strong(&t->owner_tid, &from_tid, tid);
}

static struct arena_thread *claim_free(uint32_t threads, uint32_t tid)
{
    for (uint32_t i = 0; i < threads; i++)
        if (atomic_load_explicit(&arena->threads[i].owner_tid, memory_order_relaxed) == 0 &&
            claim(&arena->threads[i], 0, tid))
            return &arena->threads[i];
    return NULL;
}

/* Slots of threads that ended without their destructors. */
static struct arena_thread *claim_abandoned(uint32_t threads, uint32_t tid)
{
    for (uint32_t i = 0; i < threads; i++) {
        uint32_t owner = atomic_load(&arena->threads[i].owner_tid);
        if (owner && syscall(SYS_tgkill, getpid(), owner, 0) && errno == ESRCH &&
            claim(&arena->threads[i], owner, tid))
            return &arena->threads[i];
    }
    return NULL;
}

static struct arena_thread *share_last(uint32_t threads)
{
    arena->threads_overflowed = 1;
    loss_count(LOSS_THREADS_FULL, 1);
    return threads ? &arena->threads[threads - 1] : &dead_slot;
}

static struct arena_thread *find_slot(uint32_t tid)
{
    for (;;) {
        uint64_t seen = atomic_load(&grown);
        uint32_t threads = unpack(seen).threads;
        struct arena_thread *t = claim_free(threads, tid);
        if (t)
            return t;
        if (add_slot(seen)) {
            t = claim_abandoned(threads, tid);
            return t ? t : share_last(threads);
        }
    }
}

static COLD struct arena_thread *slot_register(void)
{
    int saved = errno;
    uint32_t tid = tid_now(), closed = atomic_load(&closed_by);
    if (closed && closed != tid)
        return &dead_slot;
    struct arena_thread *t = find_slot(tid);
    if (closed == 0 && atomic_load(&closed_by)) { /* the arena may have moved meanwhile */
        claim(t, tid, 0);
        t = &dead_slot;
    }
    slot_now = t;
    if (leave_key_usable && !slot_is_dead(t))
        pthread_setspecific(leave_key, t);
    errno = saved;
    return t;
}

struct arena_thread *slot_get(void)
{
    if (likely(slot_now != &dead_slot) || !arena)
        return slot_now;
    return slot_register();
}

/* A destructor of the host's may run Lua after this one; the thread is then registered anew, and
 * this destructor called again. */
static void leave(void *slot)
{
    struct arena_thread *t = slot;
    slot_now = &dead_slot;
    claim(t, tid_now(), 0);
}

void slots_start(void)
{
    enum { KEYS_WITHOUT_MALLOC = 32 }; /* glibc allocates for values of later keys */
    int saved = errno;
    if (pthread_key_create(&leave_key, leave) == 0) {
        leave_key_usable = leave_key < KEYS_WITHOUT_MALLOC;
        if (!leave_key_usable)
            pthread_key_delete(leave_key);
    }
    errno = saved;
}

/* ---- while the arena moves, and after fork ---- */

int slots_close_others(void)
{
    uint32_t tid = tid_now();
    atomic_store(&closed_by, tid); /* before the look: a thread that registers now sees it */
    uint32_t threads = unpack(atomic_load(&grown)).threads;
    for (uint32_t i = 0; i < threads; i++) {
        uint32_t owner = atomic_load(&arena->threads[i].owner_tid);
        if (owner && owner != tid) {
            atomic_store(&closed_by, 0);
            return 0;
        }
    }
    return 1;
}

void slots_open_others(void)
{
    atomic_store(&closed_by, 0);
}

void slots_fork_child(void)
{
    uint32_t threads = unpack(atomic_load(&grown)).threads;
    atomic_store(&closed_by, 0);
    for (uint32_t i = 0; i < threads; i++)
        if (&arena->threads[i] != slot_now)
            atomic_store(&arena->threads[i].owner_tid, 0);
    if (!slot_is_dead(slot_now))
        atomic_store(&slot_now->owner_tid, tid_now());
}
