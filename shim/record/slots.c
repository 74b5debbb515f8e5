/* slots: registration of threads.  See slots.h.
 *
 * A slot below `grown.threads` has memory for the first `grown.functions` banks of functions and
 * the first `grown.objects` banks of objects.  The three numbers change together in one atomic
 * word, after the memory is there, so nobody ever sees a slot, or hands out a function index or
 * an object id, without memory behind it. */
#include "shim/record/slots.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/fork_mark.h"
#include "shim/record/record_api.h"
#include "shim/record/region.h"

static SHIM_TABLE struct arena_thread dead_slot;
SHIM_TLS struct arena_thread *slot_now = &dead_slot;

/* Functions, and objects, whose counters are reserved together: about two pages, and one. */
enum { FUNCTION_BANK = 128, OBJECT_BANK = 64 };

struct grown {
    uint16_t threads, functions, objects, unused;
};
_Static_assert(sizeof(struct grown) == sizeof(uint64_t), "changes in one step");
static _Atomic uint64_t grown;
static _Atomic uint32_t
    closed_by; /* tid of a thread that moves the arena; 0: registration is open */
static const uint64_t PATIENCE_NS = 20 * 1000 * 1000;
static pthread_key_t leave_key;
static int leave_key_usable;

static uint32_t tid_now(void)
{
    return (uint32_t)syscall(SYS_gettid);
}

static struct grown unpack(uint64_t v)
{
    struct grown g;
    memcpy(&g, &v, sizeof g);
    return g;
}

static uint64_t pack(struct grown g)
{
    uint64_t v;
    memcpy(&v, &g, sizeof v);
    return v;
}

int slot_is_dead(const struct arena_thread *t)
{
    return t == &dead_slot;
}

/* ---- memory ---- */

static int reserve_functions(struct arena_thread *t, uint32_t bank)
{
    const struct arena_calls *first = &t->calls[(size_t)bank * FUNCTION_BANK];
    return region_reserve(first, FUNCTION_BANK * sizeof *first);
}

/* The first row is for code outside any object; the last bank is cut. */
static int reserve_objects(struct arena_thread *t, uint32_t bank)
{
    uint32_t from = bank * OBJECT_BANK, to = from + OBJECT_BANK;
    if (to > ARENA_OBJECTS_MAX + 1)
        to = ARENA_OBJECTS_MAX + 1;
    return region_reserve(&t->c_alloc[from], (to - from) * sizeof *t->c_alloc);
}

static int reserve_slot(struct arena_thread *t, struct grown g)
{
    if (region_reserve(&t->owner_tid, sizeof *t - offsetof(struct arena_thread, owner_tid)))
        return -1;
    for (uint32_t b = 0; b < g.functions; b++)
        if (reserve_functions(t, b))
            return -1;
    for (uint32_t b = 0; b < g.objects; b++)
        if (reserve_objects(t, b))
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

int slots_grow_functions(uint32_t index)
{
    for (;;) {
        uint64_t seen = atomic_load(&grown);
        struct grown g = unpack(seen);
        if (index / FUNCTION_BANK < g.functions)
            return 0;
        for (uint32_t i = 0; i < g.threads; i++)
            if (reserve_functions(&arena->threads[i], g.functions))
                return -1;
        g.functions++;
        atomic_compare_exchange_strong(&grown, &seen, pack(g));
    }
}

int slots_grow_objects(uint32_t id)
{
    for (;;) {
        uint64_t seen = atomic_load(&grown);
        struct grown g = unpack(seen);
        if ((id + 1) / OBJECT_BANK < g.objects)
            return 0;
        for (uint32_t i = 0; i < g.threads; i++)
            if (reserve_objects(&arena->threads[i], g.objects))
                return -1;
        g.objects++;
        atomic_compare_exchange_strong(&grown, &seen, pack(g));
    }
}

/* Makes one more slot.  Returns 0 where there is one (by whomever), -1 where there can be none. */
static int add_slot(uint64_t seen)
{
    struct grown g = unpack(seen);
    if (g.threads == ARENA_THREADS_MAX || reserve_slot(&arena->threads[g.threads], g))
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
    __atomic_store_n(&arena->threads_overflowed, 1, __ATOMIC_RELAXED);
    loss_count(LOSS_THREADS_FULL, 1);
    return threads ? &arena->threads[threads - 1] : &dead_slot;
}

static struct arena_thread *find_slot(uint32_t tid)
{
    if (slots_grow_objects(0)) /* the row of code outside any object, always there */
        return &dead_slot;
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

static int is_closed_to(uint32_t tid)
{
    uint32_t by = atomic_load(&closed_by);
    return by && by != tid;
}

/* A thread that comes while another moves the arena waits for it, so that none of its calls go
 * uncounted: the move is a few file operations, and waits for nobody.  Returns 0, or -1 where it
 * takes unreasonably long. */
static int wait_until_open(uint32_t tid)
{
    uint64_t end = 0;
    while (is_closed_to(tid)) {
        uint64_t now = now_ns();
        if (end == 0)
            end = now + PATIENCE_NS;
        if (now > end)
            return -1;
        sched_yield();
    }
    return 0;
}

/* The arena may begin to move while a slot is being taken: that one is given back. */
static struct arena_thread *find_slot_that_stays(uint32_t tid)
{
    for (;;) {
        if (wait_until_open(tid))
            return &dead_slot;
        struct arena_thread *t = find_slot(tid);
        if (slot_is_dead(t) || !is_closed_to(tid))
            return t;
        claim(t, tid, 0);
    }
}

static COLD struct arena_thread *slot_register(void)
{
    int saved = errno;
    fork_mark_look();
    struct arena_thread *t = find_slot_that_stays(tid_now());
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
