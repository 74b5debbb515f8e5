/* heap_dropped: see heap_dropped.h.
 *
 * Whoever sets a state's `open` from its id to 0 ends it: the thread that closes it, or one that finds it gone.  Ids are
 * not used twice, so a slot that has a new state since it was looked at is left alone. */
#include "shim/hooks/heap_dropped.h"

#include <errno.h>
#include <linux/futex.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/attach/arch/x86_64/valgrind_here.h"
#include "shim/hooks/alloc_sample.h"
#include "shim/hooks/alloc_track.h"
#include "shim/hooks/heap_host.h"
#include "shim/record/record_api.h"
#include "shim/sampler/sampler.h"

/* NEAR: two states are farther apart, since a lua_State alone is larger. */
enum { LOOK_AT = 2, NEAR_BYTES = 128, PAGE_BYTES = 4096 };

/* What a global_State begins with, from Lua 5.4.0 on. */
struct allocator_pair {
    uint64_t alloc, ud;
};

/* ---- the end of one ---- */

static void drop(struct arena_state *s)
{
    alloc_state_dropped(s);
    s->dropped = 1;
    s->close_live_bytes = s->live_bytes;
    s->live_bytes = 0;
    for (unsigned c = 0; c < SIZE_CLASS_N; c++)
        s->class_free_n[c] = s->class_inherited_n[c] + s->class_alloc_n[c];
    heap_state_ended(s, now_ns());
}

static void drop_if_open(struct arena_state *s, uint32_t id)
{
    int saved = errno;
    if (id != 0 && atomic_compare_exchange_strong(&s->open, &id, 0))
        drop(s);
    errno = saved;
}

/* ---- is it still there? ---- */

/* Memory that may not be read just now (PROT_NONE) is there all the same. */
static int is_unmapped(uint64_t at)
{
    uint8_t resident;
    return syscall(SYS_mincore, at & ~(uint64_t)(PAGE_BYTES - 1), 1UL, &resident) < 0 &&
           errno == ENOMEM;
}

/* The kernel reads the word at AT and compares it, on the way to moving no one who waits there. */
static int is_other_word(uint64_t at, uint64_t word)
{
    static uint32_t nobody;
    if (syscall(SYS_futex, at, FUTEX_CMP_REQUEUE_PRIVATE, 0UL, 0UL, &nobody, (uint32_t)word) >= 0)
        return 0;
    return errno == EAGAIN || (errno == EFAULT && is_unmapped(at));
}

static struct allocator_pair pair_of(const struct arena_state *s)
{
    return (struct allocator_pair){(uintptr_t)heap_allocator(s), s->handle};
}

static int is_gone(const struct arena_state *s)
{
    struct allocator_pair p = pair_of(s);
    uint64_t at = s->pair_at;
    if (at == 0 || sampler_is_fenced() || valgrind_here()) /* which speaks up about such a call */
        return 0;
    return is_other_word(at + offsetof(struct allocator_pair, ud), p.ud) ||
           is_other_word(at + offsetof(struct allocator_pair, alloc), p.alloc);
}

static void look_at(struct arena_state *s)
{
    int saved = errno;
    uint32_t id = atomic_load_explicit(&s->open, memory_order_acquire);
    if (id != 0 && !heap_host_known_plain(s) && is_gone(s)) /* malloc takes nothing back */
        drop_if_open(s, id);
    errno = saved;
}

/* ---- when that is asked ---- */

void heap_dropped_look_at_all(void)
{
    for (uint32_t i = 0; arena != NULL && i < atomic_load(&arena->states_n); i++)
        look_at(&arena->states[i]);
}

static int is_full(uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (atomic_load_explicit(&arena->states[i].in_use, memory_order_relaxed) == 0)
            return 0;
    return 1;
}

static int is_power_of_two(uint32_t n)
{
    return (n & (n - 1)) == 0;
}

void heap_dropped_make_room(void)
{
    static _Atomic uint32_t turn, crowded;
    uint32_t n = atomic_load(&arena->states_n);
    for (uint32_t i = 0; i < LOOK_AT && i < n; i++)
        look_at(&arena->states[atomic_fetch_add(&turn, 1) % n]);
    if (n == ARENA_STATES_MAX && is_power_of_two(atomic_fetch_add(&crowded, 1) + 1) && is_full(n))
        heap_dropped_look_at_all();
}

static void drop_where(uint64_t main_thread)
{
    for (uint32_t i = 0; i < atomic_load(&arena->states_n); i++) {
        struct arena_state *s = &arena->states[i];
        uint32_t id = atomic_load_explicit(&s->open, memory_order_acquire);
        if (id != 0 && s->main_thread - main_thread + NEAR_BYTES <= 2 * (uint64_t)NEAR_BYTES)
            drop_if_open(s, id);
    }
}

void heap_dropped_watch(struct arena_state *s, const lua_State *L)
{
    struct allocator_pair p = pair_of(s);
    s->main_thread = (uint64_t)(uintptr_t)L;
    drop_where(s->main_thread);
    if (s->global_state != 0 && memcmp((const void *)(uintptr_t)s->global_state, &p, sizeof p) == 0)
        s->pair_at = s->global_state;
    atomic_store_explicit(&s->open, s->id, memory_order_release);
}

void heap_dropped_unwatch(struct arena_state *s)
{
    atomic_store(&s->open, 0);
}

void heap_dropped_block(uint32_t owner)
{
    uint32_t lane = owner % TRACK_OWNERS;
    struct arena_state *s = &arena->states[lane];
    uint32_t id = atomic_load(&s->open);
    if (track_owner(lane) == owner) /* that state, not the slot's next one */
        drop_if_open(s, id);
}
