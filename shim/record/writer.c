/* writer: when the arena is drained, and how a trace begins and ends.  See writer.h.
 *
 * A trace begins when the first Lua state is made, in a fork's child when Lua is used in it: a
 * process that never runs Lua leaves nothing.  Whoever drains holds arena->drain_lock, taken by
 * trying only; a process killed while draining leaves it set, which nobody minds. */
#include "shim/record/writer.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arena/snapshot.h"
#include "shim/kernel_filter.h"
#include "shim/record/config.h"
#include "shim/record/framer.h"
#include "shim/record/process_info.h"
#include "shim/record/record_api.h"
#include "shim/record/region.h"
#include "shim/record/ring.h"
#include "shim/record/sink.h"

enum {
    TICK_NS = 1000 * 1000 * 1000,
    EARLY_NS = 20 * 1000 * 1000,    /* between drains because the ring fills */
    LOCK_WAIT_NS = 50 * 1000 * 1000 /* at the end, for a drain that another thread is in */
};

static _Atomic int begun, finished;
static _Atomic int wanted; /* a trace also without a state */
static int forked;         /* the image continues a parent's: it may never use Lua */
static _Atomic uint64_t next_ns, next_early_ns;
static _Atomic uint32_t drainer; /* tid */

/* A vfork's child, or one made past fork(), shares the memory of a trace that is not its own. */
static int is_ours(void)
{
    return arena && arena->process.pid == (uint64_t)getpid();
}

/* ---- draining ---- */

static int lock(void)
{
    uint32_t free = 0;
    if (!atomic_compare_exchange_strong(&arena->drain_lock, &free, 1))
        return -1;
    atomic_store(&drainer, (uint32_t)syscall(SYS_gettid));
    return 0;
}

static void unlock(void)
{
    atomic_store(&drainer, 0);
    atomic_store(&arena->drain_lock, 0);
}

/* At the end it is worth a moment, but not where this very thread is in a drain (it was interrupted
 * by a signal handler that ends the process). */
static int lock_at_end(void)
{
    uint64_t begin = now_ns();
    while (lock()) {
        struct timespec pause = {0, 200 * 1000};
        if (atomic_load(&drainer) == (uint32_t)syscall(SYS_gettid) ||
            now_ns() - begin > LOCK_WAIT_NS)
            return -1;
        nanosleep(&pause, NULL);
    }
    return 0;
}

/* Sites are many, and cumulative: a long run writes them ever more rarely, and at the end.  A
 * killed process's stand in the arena. */
static int sites_are_due(uint64_t now)
{
    enum { LONGEST_S = 64 };
    static uint64_t next_at_ns, distance_ns;
    if (now < next_at_ns)
        return 0;
    distance_ns = distance_ns ? 2 * distance_ns : TICK_NS;
    if (distance_ns > LONGEST_S * (uint64_t)TICK_NS)
        distance_ns = LONGEST_S * (uint64_t)TICK_NS;
    next_at_ns = now + distance_ns;
    return 1;
}

static void snapshot(int final)
{
    struct snapshot_options o = {
        .final = final, .now_ns = now_ns(), .rss_bytes = process_info_rss_bytes()};
    o.no_sites = !final && !sites_are_due(o.now_ns);
    if (sink_renewed())
        snapshot_redefine(arena);
    arena->process.shim_bytes = region_bytes() + framer_bytes();
    snapshot_take(arena, &o, framer_add, NULL);
}

/* What was in a lost frame is defined again by the next one. */
static int settle(void)
{
    uint32_t lost = framer_lost();
    if (lost)
        snapshot_redefine(arena);
    return lost ? -1 : 0;
}

static void drain(void)
{
    if (!is_ours() || lock())
        return;
    uint64_t begin = now_ns();
    if (sink_ready(0)) {
        snapshot(0);
        framer_flush();
        arena->drain_n++;
        arena->drain_ns += now_ns() - begin;
    }
    settle();
    unlock();
}

void writer_tick(uint64_t now)
{
    if (!arena || atomic_load_explicit(&finished, memory_order_relaxed))
        return;
    if (likely(now < atomic_load_explicit(&next_ns, memory_order_relaxed))) {
        if (likely(ring_filled_bytes() < ARENA_RING_BYTES / 2) ||
            now < atomic_load_explicit(&next_early_ns, memory_order_relaxed))
            return;
    }
    int saved = errno;
    atomic_store(&next_ns, now + TICK_NS);
    atomic_store(&next_early_ns, now + EARLY_NS);
    memory_point(now);
    if (atomic_load(&begun))
        drain();
    else
        writer_begin();
    errno = saved;
}

void writer_now(void)
{
    if (!arena || atomic_load(&finished))
        return;
    if (atomic_load(&begun))
        drain();
    else if (forked) /* a child's first mark, before anything else was worth a trace */
        writer_begin();
}

/* ---- begin ---- */

static void begin_trace(void)
{
    int arena_fd = -1, to_socket = sink_wants_arena();
    process_info_describe(&arena->process);
    region_share(to_socket ? &arena_fd : NULL);
    sink_open(arena_fd);
    if (arena_fd >= 0)
        close(arena_fd);
    drain();
}

void writer_begin(void)
{
    int saved = errno;
    if (atomic_load(&finished) || atomic_exchange(&begun, 1) || !is_ours())
        return;
    if (framer_start()) {
        loss_count(LOSS_MEMORY, 1);
        atomic_store(&finished, 1);
    } else {
        atomic_store(&next_ns, now_ns() + TICK_NS);
        begin_trace();
    }
    errno = saved;
}

/* ---- end ---- */

static uint64_t micros(struct timeval t)
{
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_usec;
}

static uint64_t longest_queued_ns(void)
{
    uint32_t main_tid = (uint32_t)getpid();
    uint64_t longest = process_info_queued_ns(main_tid);
    for (uint32_t i = 0; i < atomic_load(&arena->threads_n); i++) {
        uint32_t tid = atomic_load(&arena->threads[i].owner_tid);
        uint64_t ns = tid != 0 && tid != main_tid ? process_info_queued_ns(tid) : UINT64_MAX;
        if (ns != UINT64_MAX && (longest == UINT64_MAX || ns > longest))
            longest = ns;
    }
    return longest;
}

static void add_end(enum end_reason reason, int status)
{
    enum { STATUS_UNKNOWN = 256 };
    uint8_t bytes[128];
    struct rusage u;
    uint64_t queued_ns = longest_queued_ns();
    struct rec_end r = {.reason = reason,
                        .end_ns = now_ns(),
                        .status = status < 0 ? STATUS_UNKNOWN : (uint64_t)status,
                        .queued_us_plus_1 = queued_ns == UINT64_MAX ? 0 : queued_ns / 1000 + 1};
    if (getrusage(RUSAGE_SELF, &u) == 0) {
        uint64_t peak_kib = process_info_peak_rss_kib();
        r.max_rss_kib = peak_kib != 0 ? peak_kib : (uint64_t)u.ru_maxrss;
        r.user_us = micros(u.ru_utime);
        r.system_us = micros(u.ru_stime);
    }
    framer_add(NULL, bytes, rec_end_encode(&r, bytes, sizeof bytes));
}

/* The last frame did not go out (a full disk).  A few bytes may: then the trace has an end, and
 * says what it lacks.  Over a unix socket the arena tells more. */
static void say_lost(enum end_reason reason, int status)
{
    uint8_t bytes[32];
    struct rec_loss r = {LOSS_SINK, atomic_load(&arena->losses[LOSS_SINK])};
    if (sink_wants_arena() || !arena->written_bytes)
        return;
    framer_add(NULL, bytes, rec_loss_encode(&r, bytes, sizeof bytes));
    add_end(reason, status);
    framer_flush();
}

static void note_end(int status)
{
    atomic_store(&arena->ended, status < 0 ? 1 : (uint32_t)(status & 0xff) + 2);
}

/* The last drain.  Returns 0 when everything is out, -1 when the arena has to tell the rest, and 1 where
 * that is all of it: this very thread was in a drain when something ended the program. */
static int end_trace(enum end_reason reason, int status, int final)
{
    uint64_t begin = now_ns();
    if (lock_at_end()) {
        note_end(status);
        return 1;
    }
    sink_flush();
    int ready = sink_ready(1);
    if (ready) {
        arena->drain_n++;
        arena->drain_ns += now_ns() - begin; /* so far: the rest can not tell of itself */
        snapshot(final);
        add_end(reason, status);
        framer_flush();
    }
    int failed = !ready || sink_flush();
    if (settle()) {
        failed = -1;
        say_lost(reason, status);
    }
    atomic_store(&arena->ended, 1); /* in order, also where the arena has to tell the rest */
    unlock();
    return failed ? -1 : 0;
}

/* Whether Lua did anything since the fork. */
static int was_used(void)
{
    if (atomic_load(&arena->ring.head))
        return 1;
    for (uint32_t i = 0; i < atomic_load(&arena->states_n); i++)
        for (int kind = 0; kind < ALLOC_KIND_N; kind++)
            if (arena->states[i].kind_n[kind])
                return 1;
    for (uint32_t t = 0; t < atomic_load(&arena->threads_n); t++)
        for (uint32_t f = 0; f < atomic_load(&arena->functions_n); f++)
            if (snapshot_down_n(&arena->threads[t], f))
                return 1;
    return 0;
}

void writer_want(int supported)
{
    if (supported || config_out_is_socket(config.out))
        atomic_store(&wanted, 1);
}

void writer_finish(enum end_reason reason, int status)
{
    if (!is_ours())
        return;
    int saved = errno;
    if (!atomic_load(&begun) && (forked ? was_used() : atomic_load(&wanted)))
        writer_begin();
    if (atomic_load(&begun) && !atomic_exchange(&finished, 1)) {
        /* A collector on a unix socket completes the trace from its descriptor; a file's arena
         * is not left behind, but where it was not asked yet, or the host's filters refuse what it takes. */
        int left = end_trace(reason, status, 1);
        int untold = left == 1 || (left != 0 && kernel_filter_is_up());
        if (untold)
            note_end(status);
        sink_close();
        if (!untold)
            region_remove();
    }
    errno = saved;
}

/* ---- exec ---- */

void writer_exec_begin(void)
{
    int saved = errno;
    if (is_ours() && atomic_load(&begun) && !atomic_load(&finished)) {
        end_trace(END_EXEC, -1, 0);
        region_remove();
    }
    errno = saved;
}

/* Frames behind an end record say that it was not the end.  The arena's name is gone; it is shared
 * anew where nobody else uses it. */
void writer_exec_failed(void)
{
    int saved = errno;
    if (is_ours() && atomic_load(&begun) && !atomic_load(&finished)) {
        atomic_store(&arena->ended, 0);
        if (!sink_wants_arena() && region_share(NULL))
            arena->process.arena_path[0] = 0;
        arena->process_emitted = 0;
        drain();
    }
    errno = saved;
}

/* ---- fork ---- */

void writer_fork_child(int copied)
{
    sink_forget();
    framer_reset();
    atomic_store(&begun, 0);
    atomic_store(&finished, !copied);
    atomic_store(&drainer, 0);
    atomic_store(&next_ns, 0);
    atomic_store(&next_early_ns, 0);
    forked = 1;
}
