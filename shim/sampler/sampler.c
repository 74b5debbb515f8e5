/* sampler: events and their life.  See sampler.h; what a sample holds: tick.c. */
#include "shim/sampler/sampler.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/real.h"
#include "shim/record/config.h"
#include "shim/record/record_api.h"
#include "shim/record/region.h"
#include "shim/sampler/running.h"
#include "shim/sampler/tick.h"
#include "shim/stack/lua_learn.h"

enum { PAGE = 4096, EVENTS_MAX = 1024, LAYOUT_UNUSED = 2 };

static _Atomic int on;
static _Atomic(void *) events[EVENTS_MAX]; /* of all threads, so that they can be ended at once */
static struct sigaction host_action;       /* what the host believes of the signal */
static pthread_key_t leave_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* ---- one thread ---- */

static int event_open(uint64_t period_ns)
{
    struct perf_event_attr a;
    memset(&a, 0, sizeof a);
    a.size = sizeof a;
    a.type = PERF_TYPE_SOFTWARE;
    a.config = PERF_COUNT_SW_CPU_CLOCK;
    a.sample_period = period_ns;
    a.wakeup_events = 1;
    a.exclude_kernel = 1;
    a.exclude_hv = 1;
    a.disabled = 1;
    return (int)syscall(SYS_perf_event_open, &a, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static int event_signals(int fd, int signal)
{
    struct f_owner_ex owner = {F_OWNER_TID, (pid_t)syscall(SYS_gettid)};
    return fcntl(fd, F_SETSIG, signal) || fcntl(fd, F_SETOWN_EX, &owner) ||
           fcntl(fd, F_SETFL, O_ASYNC | O_NONBLOCK) || ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
}

/* The event as a mapped page, which keeps it alive without a descriptor; NULL: not to be had. */
static void *event_start(void)
{
    int fd = event_open(arena->sampler.period_ns);
    if (fd < 0)
        return NULL;
    void *page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
    if (page != MAP_FAILED && event_signals(fd, (int)arena->sampler.signal)) {
        munmap(page, PAGE);
        page = MAP_FAILED;
    }
    close(fd);
    return page != MAP_FAILED ? page : NULL;
}

/* Notes the event; ends it where there is no room, or sampling has ended meanwhile. */
static uint32_t event_keep(void *page)
{
    for (uint32_t i = 0; i < EVENTS_MAX; i++) {
        void *none = NULL;
        if (atomic_load_explicit(&events[i], memory_order_relaxed) != NULL ||
            !atomic_compare_exchange_strong(&events[i], &none, page))
            continue;
        if (atomic_load(&on))
            return i;
        page = atomic_exchange(&events[i], NULL);
        break;
    }
    if (page != NULL)
        munmap(page, PAGE);
    return EVENTS_MAX;
}

static void event_end(uint32_t i)
{
    void *page = i < EVENTS_MAX ? atomic_exchange(&events[i], NULL) : NULL;
    if (page != NULL)
        munmap(page, PAGE);
}

static void thread_end(void *p)
{
    struct tick_thread *t = p;
    tick_now = NULL;
    event_end(t->event);
    munmap(t, sizeof *t);
}

static struct tick_thread *thread_new(void)
{
    struct tick_thread *t =
        mmap(NULL, sizeof *t, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (t == MAP_FAILED)
        return NULL;
    t->tid = (uint32_t)syscall(SYS_gettid);
    t->event = EVENTS_MAX;
    native_stack_learn(&t->stack);
    return t;
}

static COLD void thread_begin(void)
{
    int saved = errno;
    slot_get();
    struct tick_thread *t = thread_new();
    if (t != NULL) {
        pthread_setspecific(leave_key, t);
        tick_now = t;
        void *page = event_start();
        if (page != NULL)
            t->event = event_keep(page);
        else
            uncovered_note("CPU samples of a thread", strerrorname_np(errno), 0);
    }
    errno = saved;
}

void sampler_thread(void)
{
    if (unlikely(tick_now == NULL) && atomic_load_explicit(&on, memory_order_relaxed))
        thread_begin();
}

/* ---- all ---- */

/* Events and their mappings are not inherited. */
static void fork_child(void)
{
    struct tick_thread *t = tick_now;
    memset(events, 0, sizeof events);
    if (t == NULL)
        return;
    thread_end(t);
    pthread_setspecific(leave_key, NULL);
    if (running_last != NULL)
        sampler_thread();
}

static int handler_install(void)
{
    struct sigaction now, ours;
    memset(&ours, 0, sizeof ours);
    ours.sa_sigaction = tick;
    ours.sa_flags = SA_SIGINFO | SA_RESTART;
    sigfillset(&ours.sa_mask); /* a handler of the host's may jump out of ours */
    if (sigaction(config.cpu_signal, NULL, &now) != 0)
        return -1;
    if (now.sa_handler != SIG_DFL && now.sa_handler != SIG_IGN) {
        uncovered_note("CPU samples", "the program uses the signal (see MODPROF_CPU_SIGNAL)", 0);
        return -1;
    }
    host_action = now;
    return sigaction(config.cpu_signal, &ours, NULL);
}

/* Whether the kernel gives such events at all. */
static int event_possible(uint64_t period_ns)
{
    int fd = event_open(period_ns);
    if (fd < 0) {
        uncovered_note("CPU samples", "perf_event_open is not permitted here", 0);
        return 0;
    }
    close(fd);
    return 1;
}

static void start(void)
{
    struct arena_sampler *p = &arena->sampler;
    uint64_t period_ns = 1000000000u / config.cpu_hz;
    if (region_reserve(p, sizeof *p + 64) || !event_possible(period_ns) || handler_install() != 0 ||
        pthread_key_create(&leave_key, thread_end) != 0)
        return;
    p->clock = CLOCK_CPU;
    p->asked_hz = config.cpu_hz;
    p->period_ns = period_ns;
    p->mechanism = SAMPLER_PERF;
    p->signal = (uint64_t)config.cpu_signal;
    arena->sampler_used = 1;
    pthread_atfork(NULL, NULL, fork_child);
    atomic_store(&on, 1);
}

void sampler_copy(struct lua_copy *c)
{
    if (likely(config.cpu_hz == 0) || arena == NULL)
        return;
    int saved = errno;
    pthread_once(&once, start);
    int is_checked = arena->copies[c->id].layout != LAYOUT_UNUSED; /* not by another thread, now */
    if (atomic_load(&on) && is_checked && lua_learn(c)) {
        running_watch(c);
        if (!lua_learnt(c->id)->frames)
            uncovered_note("Lua frames in CPU samples", "this copy's structures are not known",
                           c->id + 1);
    }
    errno = saved;
}

/* ---- the host and the signal ---- */

int sampler_owns(int n)
{
    return atomic_load_explicit(&on, memory_order_relaxed) && n == config.cpu_signal;
}

static void give_up(void)
{
    atomic_store(&on, 0);
    for (uint32_t i = 0; i < EVENTS_MAX; i++)
        event_end(i);
    uncovered_note("CPU samples from some time on", "the program handles the signal itself", 0);
}

int sampler_action(const struct sigaction *act, struct sigaction *old)
{
    struct sigaction before = host_action;
    if (act != NULL && act->sa_handler != SIG_DFL && act->sa_handler != SIG_IGN) {
        int saved = errno;
        give_up();
        errno = saved;
        if (real.sigaction(config.cpu_signal, act, NULL) != 0)
            return -1;
    } else if (act != NULL) {
        host_action = *act;
    }
    if (old != NULL)
        *old = before;
    return 0;
}

void sampler_stop(void)
{
    atomic_store(&on, 0);
    tick_stopped = 1;
}
