/* sampling: countdowns, weights and sums of timed calls.  See sampling.h for the method. */
#include "shim/hooks/sampling.h"

#include <errno.h>

#include "shim/hooks/heap.h"
#include "shim/sampler/waiting.h"

/* Orders our stores for a reader in another process; no instruction on x86-64. */
#define STORES_IN_ORDER() atomic_signal_fence(memory_order_seq_cst)

static uint64_t mix(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t mean_period(uint64_t count)
{
    uint64_t mean = count / SAMPLING_ALL_N;
    return mean < SAMPLING_PERIOD_MAX ? mean : SAMPLING_PERIOD_MAX;
}

/* 32 bits. */
static uint64_t draw(uint64_t count, uint32_t index, uint32_t what)
{
    return mix(count ^ (uint64_t)(index << 2 | what) << 48) >> 32;
}

uint32_t sampling_period(uint64_t count, uint32_t index, uint32_t what)
{
    if (count < SAMPLING_ALL_N)
        return 1;
    uint64_t mean = mean_period(count);
    return (uint32_t)(mean - mean / 2 + (draw(count, index, what) * (mean + 1) >> 32));
}

static uint32_t rearm_down(struct arena_calls *k, uint64_t count, uint32_t next)
{
    uint32_t done = (uint32_t)(count - k->down_base);
    k->down_base = count;
    k->down_period = next;
    k->down_left = (int32_t)next;
    return done;
}

static uint32_t rearm_up(struct arena_calls *k, uint64_t count, uint32_t next)
{
    uint32_t done = (uint32_t)(count - k->up_base);
    k->up_base = count;
    k->up_period = next;
    k->up_left = (int32_t)next;
    return done;
}

/* The exact number of calls so far. */
static uint64_t count_of(const struct arena_calls *k, uint32_t what)
{
    return what == ARENA_FIX_DOWN
               ? k->down_base + (uint64_t)((int64_t)k->down_period - k->down_left)
               : k->up_base + (uint64_t)((int64_t)k->up_period - k->up_left);
}

uint32_t sampling_rearm(struct arena_thread *t, uint32_t index, uint32_t what, uint32_t next)
{
    struct arena_calls *k = &t->calls[index];
    int down = what == ARENA_FIX_DOWN;
    uint64_t count = count_of(k, what);
    t->fix_function = index;
    t->fix_count = count;
    STORES_IN_ORDER();
    t->fix_what = what;
    STORES_IN_ORDER();
    uint32_t done = down ? rearm_down(k, count, next) : rearm_up(k, count, next);
    STORES_IN_ORDER();
    t->fix_what = ARENA_FIX_NONE;
    return done;
}

/* Every call comes by, and a lot as even as the periods tells which are timed. */
static uint32_t next_of_all(struct arena_thread *t, uint32_t index, uint32_t what)
{
    uint64_t count = count_of(&t->calls[index], what), mean = mean_period(count);
    sampling_rearm(t, index, what, 1);
    if (mean <= 1)
        return 2;
    return draw(count, index, what) * mean >> 32 == 0 ? (uint32_t)(2 * mean) : SAMPLING_UNTIMED;
}

uint32_t sampling_next(struct arena_thread *t, uint32_t index, uint32_t what)
{
    if (unlikely(waiting_on) && what == ARENA_FIX_DOWN)
        return next_of_all(t, index, what);
    uint32_t next = sampling_period(count_of(&t->calls[index], what), index, what);
    return sampling_rearm(t, index, what, next) + next;
}

/* ---- the cost of timing ---- */

static int empty(lua_State *L)
{
    (void)L;
    return 0;
}
static lua_CFunction volatile empty_call = empty;

enum { COST_ROUNDS = 15 };

/* Median duration that timing gives to an empty function. */
static COLD uint32_t cost_measure(void)
{
    uint32_t took[COST_ROUNDS];
    for (int n = 0; n < COST_ROUNDS; n++) {
        uint64_t begin = now_ns();
        empty_call(NULL);
        uint32_t ns = (uint32_t)(now_ns() - begin);
        int at = n;
        for (; at > 0 && took[at - 1] > ns; at--)
            took[at] = took[at - 1];
        took[at] = ns;
    }
    return took[COST_ROUNDS / 2];
}

static uint64_t cost_ns(void)
{
    static _Atomic uint32_t cost_plus_1;
    uint32_t cost = atomic_load_explicit(&cost_plus_1, memory_order_relaxed);
    if (unlikely(cost == 0)) {
        cost = cost_measure() + 1;
        atomic_store_explicit(&cost_plus_1, cost, memory_order_relaxed);
    }
    return cost - 1;
}

/* ---- sums ---- */

void sampling_add(struct arena_calls *k, uint32_t what, uint32_t weight_2, uint64_t ns)
{
    uint64_t weighted = ns * weight_2 / 2;
    float us = (float)ns / 1000.0f;
    float square = us * us * (float)weight_2 / 2.0f;
    if (what == ARENA_FIX_DOWN) {
        k->down_timed_n++;
        k->down_ns += weighted;
        k->down_sq_us2 += square;
    } else {
        k->up_timed_n++;
        k->up_ns += weighted;
        k->up_sq_us2 += square;
    }
}

void sampling_end(uint32_t index, uint32_t what, uint32_t weight_2, uint64_t begin, uint64_t end)
{
    /* Asked again: the call may have forked, and the child counts from nothing. */
    struct arena_thread *t = sampling_slot();
    if (t == NULL)
        return;
    uint64_t cost = cost_ns(), took = end - begin;
    uint32_t times = preempted_times(begin, took);
    if (weight_2 >= SAMPLING_WATCHED_2)
        took = preempted_took(begin, took);
    if (times != 0)
        sampling_add(&t->calls[index], what, weight_2 * times, took > cost ? took - cost : 0);
    if (t->unseen_return_n != 0)
        t->unseen_return_n--;
    if (unlikely(waiting_on))
        waiting_look(end);
    /* Not while Lua's allocator runs: the host may hold a lock of its own in there. */
    if (heap_inside == 0) {
        int saved = errno;
        writer_tick(end);
        errno = saved;
    }
}

struct arena_thread *sampling_slot(void)
{
    struct arena_thread *t = slot_now;
    if (likely(!slot_is_dead(t)))
        return t;
    t = slot_get();
    return slot_is_dead(t) ? NULL : t;
}
