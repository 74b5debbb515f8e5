/* sampler: threads, sources and the signal.  See sampler.h; what a sample holds: tick.c. */
#include "shim/sampler/sampler.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/attach/arch/x86_64/stack.h"
#include "shim/fork_mark.h"
#include "shim/kernel_filter.h"
#include "shim/record/config.h"
#include "shim/record/record_api.h"
#include "shim/record/region.h"
#include "shim/sampler/running.h"
#include "shim/sampler/signal_stack.h"
#include "shim/sampler/signal_view.h"
#include "shim/sampler/tick.h"
#include "shim/sampler/tick_source.h"
#include "shim/sampler/waiting.h"

static _Atomic int on;
static _Atomic int fenced;
static enum tick_clock timer_clock;
static _Atomic uint64_t finer_at; /* units after which threads try a perf event; 0: never */
enum { COST_UNKNOWN, COST_LOOKED_AT, COST_LOW, COST_HIGH };
static _Atomic int events_cost;
static pthread_key_t leave_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int started;

/* ---- one thread ---- */

/* A guard page, room for a jump (signal_guard.h), the handler's stack, the thread's data. */
enum {
    GUARD = 4096,
    JUMP_BYTES = 32 * 1024,
    BELOW = GUARD + JUMP_BYTES + TICK_STACK_BYTES,
    MAPPING = BELOW + sizeof(struct tick_thread)
};

static void thread_forget(struct tick_thread *t)
{
    tick_now = NULL;
    tick_stack = 0;
    tick_source_end(t->source);
    signal_stack_end(t);
    munmap((char *)t - BELOW, MAPPING);
}

static void thread_end(void *p)
{
    struct tick_thread *t = p;
    fork_mark_look();
    if (t != tick_now) /* the parent's, and gone */
        return;
    waiting_end(t);
    if (t->samples_n != 0)
        tick_name(t);
    thread_forget(t);
}

static struct tick_thread *thread_new(void)
{
    char *p = mmap(NULL, MAPPING, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    struct tick_thread *t = (void *)(p + BELOW);
    if (!config.valgrind && mprotect(p, GUARD, PROT_NONE) == 0)
        t->own_stack =
            (struct native_stack){(uintptr_t)t - TICK_STACK_BYTES, (uintptr_t)t, 0, NULL};
    t->tid = (uint32_t)syscall(SYS_gettid);
    t->source = TICK_SOURCE_NONE;
    t->finer_at = finer_at;
    t->pace.seed = now_ns() ^ (uint64_t)t->tid << 32;
    native_stack_learn(&t->stack);
    t->stack.window = &t->window;
    waiting_begin(t);
    return t;
}

/* From now on an event tells when samples are due.  Returns 0, or -1: there is none. */
static int event_begin(struct tick_thread *t)
{
    uint64_t distance = tick_pace_draw(&t->pace, arena->sampler.period_ns), now = cpu_now_ns();
    uint32_t source = tick_source_perf(distance);
    if (source == TICK_SOURCE_NONE)
        return -1;
    tick_source_end(t->source);
    t->source = source;
    t->due_n = 0;
    tick_pace_begin(&t->pace, distance, now);
    arena->sampler.mechanism = SAMPLER_PERF;
    return 0;
}

/* Many threads end before an event pays, the first one seldom does; and timers fall due at the kernel's ticks only, of which a program that
 * shares the processor with others may see none for long. */
static int begins_with_event(const struct tick_thread *t)
{
    return t->finer_at != 0 && config.cpu_events_first && t->tid == (uint32_t)syscall(SYS_getpid);
}

static const char *why_no_timer(int error)
{
    return error == EAGAIN ? "no room for a timer's signal: see `ulimit -i`"
                           : strerrorname_np(error);
}

/* A signal takes what the kernel saves of the processor: up to 3 KiB, more with some.  A thread of 16 KiB that Lua fits into has
 * no room for it. */
static int has_room_for_signals(const struct tick_thread *t)
{
    enum { LUAS_BYTES = 24 * 1024 };
    uint64_t sp = stack_now();
    return sp < t->stack.lo || sp >= t->stack.hi ||
           sp - t->stack.lo >= LUAS_BYTES + getauxval(AT_MINSIGSTKSZ);
}

/* Returns why there is none, or NULL. */
static const char *source_begin(struct tick_thread *t)
{
    if (!has_room_for_signals(t))
        return "its stack is too small for a signal";
    if (sampler_is_fenced())
        errno = EPERM;
    else if (begins_with_event(t) && event_begin(t) == 0)
        t->finer_at = 0;
    else
        t->source = tick_source_timer(timer_clock, sampler_distance_ns());
    return t->source == TICK_SOURCE_NONE ? why_no_timer(errno) : NULL;
}

static COLD void thread_begin(void)
{
    int saved = errno;
    slot_get();
    struct tick_thread *t = thread_new();
    if (t != NULL) {
        pthread_setspecific(leave_key, t);
        tick_stack = t->own_stack.hi;
        tick_now = t;
        signal_stack_look(t);
        signal_view_thread();
        t->busy = 1; /* the first tick may come before its source is known */
        const char *why = source_begin(t);
        t->busy = 0;
        if (why != NULL)
            uncovered_note("CPU samples of a thread", why, 0);
    }
    errno = saved;
}

/* One thread finds it out; others ask again when they have run as long once more. */
static int events_are_cheap(struct tick_thread *t)
{
    int cost = COST_UNKNOWN;
    if (config.cpu_events)
        return 1;
    if (atomic_compare_exchange_strong(&events_cost, &cost, COST_LOOKED_AT)) {
        cost = tick_source_perf_is_cheap() ? COST_LOW : COST_HIGH;
        atomic_store(&events_cost, cost);
        if (cost == COST_HIGH)
            atomic_store(&finer_at, 0);
        else
            arena->sampler.system_too = 0;
    }
    if (cost == COST_LOOKED_AT)
        t->finer_at = t->units_n + finer_at;
    return cost == COST_LOW;
}

/* The thread has run for a while: one perf event costs more than a timer, but tells more. */
void sampler_finer(struct tick_thread *t)
{
    t->finer_at = 0;
    if (!sampler_is_fenced() && events_are_cheap(t))
        event_begin(t);
}

/* Some hosts close all descriptors once, as they become daemons: then another event takes the place of this one. */
void sampler_pace(struct tick_thread *t)
{
    enum { LOST_MAX = 8 };
    if (sampler_is_fenced())
        return;
    uint64_t distance = tick_pace_draw(&t->pace, arena->sampler.period_ns), now = cpu_now_ns();
    int failed = tick_source_change(t->source, distance);
    if (failed == 0)
        tick_pace_begin(&t->pace, distance, now);
    else if (failed < 0 && t->lost_n++ < LOST_MAX)
        sampler_finer(t);
}

uint64_t sampler_distance_ns(void)
{
    return arena->sampler.period_ns * TICK_UNITS;
}

void sampler_thread(void)
{
    if (likely(tick_now != NULL))
        signal_stack_look(tick_now);
    else if (atomic_load_explicit(&on, memory_order_relaxed))
        thread_begin();
}

/* ---- all ---- */

/* Events and their mappings are not inherited. */
void sampler_fork_child(void)
{
    struct tick_thread *t = tick_now;
    tick_source_forget();
    if (t == NULL)
        return;
    thread_forget(t); /* without a record: a child that does not use Lua leaves no trace */
    pthread_setspecific(leave_key, NULL);
    if (running_last != NULL)
        sampler_thread();
}

/* A filter from outside (a container, a service manager) knows timers; what else it does is not known. */
static int is_filtered(void)
{
    return syscall(SYS_prctl, PR_GET_SECCOMP, 0L, 0L, 0L, 0L) != 0;
}

/* An event has interrupts of its own, which a virtual machine makes dear (45 us each were measured).  So who asked for nothing gets what
 * the kernel's own ticks give, for next to nothing, until the program has run so long that it does not matter to look what an event costs.
 * Threads that are to have events begin with a timer, too, and few live so long that an event pays; it goes by all CPU time, since
 * one that goes by user time may never fall due in a program that mostly makes system calls.
 * Wall time is to be whole, so it wants the time inside the kernel, too.  Real-time signals that can not be queued come as
 * SIGIO from events, which would end the host. */
static void choose_source(struct arena_sampler *p, int filtered)
{
    enum { FINER_AFTER_NS = 10 * 1000 * 1000, LOOK_AFTER_NS = 1000 * 1000 * 1000 };
    if (filtered)
        native_ask_nothing();
    int no_events = filtered || config.cpu_timers || config.cpu_signal >= SIGRTMIN ||
                    (config.wall && tick_source_cpu_time_is_safe());
    if (!no_events && tick_source_perf_permitted())
        finer_at = TICK_UNITS + (config.cpu_events ? FINER_AFTER_NS : LOOK_AFTER_NS) / p->period_ns;
    if (tick_source_cpu_time_is_safe())
        timer_clock = TICK_CPU_TIME;
    p->system_too = timer_clock == TICK_CPU_TIME && (finer_at == 0 || !config.cpu_events);
}

static void start(void)
{
    struct arena_sampler *p = &arena->sampler;
    int filtered = is_filtered();
    started = 1;
    if (filtered || config.valgrind)
        signal_stack_withdraw();
    if (region_reserve(p, sizeof *p + 64) || signal_view_take() != 0 ||
        pthread_key_create(&leave_key, thread_end) != 0)
        return;
    p->clock = config.wall ? CLOCK_WALL : CLOCK_CPU;
    p->asked_hz = config.cpu_hz;
    p->period_ns = (1000000000u / config.cpu_hz + TICK_UNITS - 1) / TICK_UNITS;
    p->mechanism = SAMPLER_TIMER;
    p->signal = (uint64_t)config.cpu_signal;
    choose_source(p, filtered);
    arena->sampler_used = 1;
    waiting_on = config.wall;
    atomic_store(&on, 1);
}

void sampler_copy(struct lua_copy *c)
{
    if (likely(config.cpu_hz == 0) || arena == NULL)
        return;
    int saved = errno;
    if (!started && kernel_filter_is_up()) { /* pthread_once makes system calls of its own */
        uncovered_note("CPU samples", "the program had limited its system calls before", 0);
        return;
    }
    pthread_once(&once, start);
    if (atomic_load(&on))
        running_watch(c);
    errno = saved;
}

/* ---- the host and the signal ---- */

int sampler_owns(int n)
{
    return atomic_load_explicit(&on, memory_order_relaxed) && n == config.cpu_signal;
}

int sampler_is_on(void)
{
    return atomic_load_explicit(&on, memory_order_relaxed);
}

void sampler_give_up(const char *why)
{
    fork_mark_look();
    atomic_store(&on, 0);
    tick_source_end_all();
    uncovered_note("CPU samples from some time on", why, 0);
}

int sampler_is_fenced(void)
{
    return atomic_load_explicit(&fenced, memory_order_relaxed);
}

void sampler_fence(void)
{
    tick_source_let_go();
    signal_stack_withdraw();
    atomic_store(&fenced, 1);
    native_ask_nothing();
    if (!config.cpu_asked && sampler_is_on())
        sampler_give_up("the program limits its system calls; MODPROF_CPU=999 goes on");
}

void sampler_stop(void)
{
    if (tick_now != NULL && !tick_stopped)
        waiting_end(tick_now);
    atomic_store(&on, 0);
    tick_stopped = 1;
}
