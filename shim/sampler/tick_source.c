/* tick_source: see tick_source.h.  Raw system calls: close() of the C library, for one, is a point at which
 * threads are cancelled. */
#include "shim/sampler/tick_source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/perf_event.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "shim/record/record_api.h"
#include "shim/sampler/event_cost.h"

enum { PAGE = 4096, EVENT_BYTES = 2 * PAGE, CLOSED = 1 };

/* By number: 0 free, CLOSED: no more; else a timer's id * 4 + TIMER, or the address of an event's pages, with its descriptor (0:
 * none) from bit FD_SHIFT on. */
enum { TIMER = 2, FD_SHIFT = 48 };
static SHIM_TABLE _Atomic uint64_t sources[TICK_SOURCE_NONE];

static uint64_t source_at(uint32_t n)
{
    return n < TICK_SOURCE_NONE ? atomic_load_explicit(&sources[n], memory_order_relaxed) : 0;
}

static struct perf_event_mmap_page *page_of(uint64_t source)
{
    return (void *)(uintptr_t)(source & ((UINT64_C(1) << FD_SHIFT) - 1));
}

/* ---- descriptors ---- */

/* Programs expect the lowest numbers for their own files, and many files where they have these. */
enum { FD_FIRST = 200, FD_LAST = 263 };

static int is_high(int fd)
{
    return fd >= FD_FIRST && fd <= FD_LAST;
}

/* Returns FD's other number, which may be the same. */
static int move_high(int fd)
{
    int high = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, FD_FIRST);
    if (high < 0)
        return fd;
    int stays = is_high(high) ? high : fd;
    syscall(SYS_close, stays == high ? fd : high);
    return stays;
}

/* Hosts close descriptors that they do not know, and use the numbers again. */
static int has_our_signal(int fd)
{
    return syscall(SYS_fcntl, fd, F_GETSIG) == (long)arena->sampler.signal;
}

static int is_ours(int fd)
{
    uint64_t id;
    return has_our_signal(fd) && ioctl(fd, PERF_EVENT_IOC_ID, &id) == 0;
}

static int fd_of(uint64_t source)
{
    return source & TIMER ? 0 : (int)(source >> FD_SHIFT);
}

/* ---- the table ---- */

/* A child that was made past us may still hold the event's descriptor. */
static void end(uint64_t source)
{
    int fd = fd_of(source);
    if (fd != 0 && is_ours(fd)) {
        ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
        syscall(SYS_close, fd);
    }
    if (source & TIMER)
        syscall(SYS_timer_delete, (int)(source / 4));
    else if (source > CLOSED)
        munmap(page_of(source), EVENT_BYTES);
}

static uint32_t keep(uint64_t source)
{
    for (uint32_t i = 0; i < TICK_SOURCE_NONE; i++) {
        uint64_t none = 0;
        if (atomic_load_explicit(&sources[i], memory_order_relaxed) == 0 &&
            atomic_compare_exchange_strong(&sources[i], &none, source))
            return i;
    }
    end(source);
    errno = EMFILE;
    return TICK_SOURCE_NONE;
}

void tick_source_end(uint32_t n)
{
    uint64_t source = n < TICK_SOURCE_NONE ? atomic_load(&sources[n]) : 0;
    if (source > CLOSED && atomic_compare_exchange_strong(&sources[n], &source, 0))
        end(source);
}

void tick_source_end_all(void)
{
    for (uint32_t i = 0; i < TICK_SOURCE_NONE; i++)
        end(atomic_exchange(&sources[i], CLOSED));
}

static void close_fd(uint32_t n)
{
    uint64_t source = source_at(n);
    int fd = fd_of(source);
    if (fd != 0 &&
        atomic_compare_exchange_strong(&sources[n], &source, (uintptr_t)page_of(source)) &&
        is_ours(fd))
        syscall(SYS_close, fd);
}

void tick_source_let_go(void)
{
    int saved = errno;
    for (uint32_t i = 0; i < TICK_SOURCE_NONE; i++)
        close_fd(i);
    errno = saved;
}

void tick_source_forget(void)
{
    tick_source_let_go();
    for (uint32_t i = 0; i < TICK_SOURCE_NONE; i++)
        if (source_at(i) > CLOSED)
            atomic_store_explicit(&sources[i], 0, memory_order_relaxed);
}

/* ---- timers ---- */

/* The kernel's numbers for clocks of the calling thread (CPUCLOCK_VIRT and _SCHED of thread 0). */
enum { CLOCK_OF_USER_TIME = -3, CLOCK_OF_CPU_TIME = -2 };

int tick_source_cpu_time_is_safe(void)
{
    struct utsname u;
    if (uname(&u) != 0)
        return 0;
    int major = 0, minor = 0;
    const char *p = u.release;
    for (; *p >= '0' && *p <= '9'; p++)
        major = major * 10 + (*p - '0');
    for (p += *p == '.'; *p >= '0' && *p <= '9'; p++)
        minor = minor * 10 + (*p - '0');
    return major > 5 || (major == 5 && minor >= 10);
}

uint32_t tick_source_timer(enum tick_clock clock, uint64_t distance_ns)
{
    struct sigevent e;
    int id;
    memset(&e, 0, sizeof e);
    e.sigev_notify = SIGEV_THREAD_ID;
    e.sigev_signo = (int)arena->sampler.signal;
    e.sigev_value.sival_ptr = (void *)sources;
    e._sigev_un._tid = (pid_t)syscall(SYS_gettid);
    if (syscall(SYS_timer_create, clock == TICK_CPU_TIME ? CLOCK_OF_CPU_TIME : CLOCK_OF_USER_TIME,
                &e, &id) != 0)
        return TICK_SOURCE_NONE;
    struct timespec distance = {(time_t)(distance_ns / 1000000000u),
                                (long)(distance_ns % 1000000000u)};
    struct itimerspec each = {distance, distance};
    if (syscall(SYS_timer_settime, id, 0, &each, NULL) != 0) {
        syscall(SYS_timer_delete, id);
        return TICK_SOURCE_NONE;
    }
    return keep((uint64_t)(uint32_t)id * 4 + TIMER);
}

/* ---- perf events ---- */

static int perf_open(int group, uint64_t distance_ns)
{
    struct perf_event_attr a;
    memset(&a, 0, sizeof a);
    a.size = sizeof a;
    a.type = PERF_TYPE_SOFTWARE;
    a.config = PERF_COUNT_SW_CPU_CLOCK;
    a.sample_period = distance_ns;
    a.wakeup_events = 1;
    a.exclude_kernel = 1;
    a.exclude_hv = 1;
    a.disabled = 1;
    return (int)syscall(SYS_perf_event_open, &a, 0, -1, group, PERF_FLAG_FD_CLOEXEC);
}

/* Permissions are looked at before the group, of which there is none. */
int tick_source_perf_permitted(void)
{
    int fd = perf_open(INT_MAX, 1000000);
    if (fd >= 0)
        syscall(SYS_close, fd);
    return fd >= 0 || errno == EBADF;
}

static int send_signals(int fd)
{
    struct f_owner_ex owner = {F_OWNER_TID, (pid_t)syscall(SYS_gettid)};
    return (syscall(SYS_fcntl, fd, F_SETSIG, (int)arena->sampler.signal) != 0 ||
            syscall(SYS_fcntl, fd, F_SETOWN_EX, &owner) != 0 ||
            syscall(SYS_fcntl, fd, F_SETFL, O_ASYNC | O_NONBLOCK) != 0 ||
            ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) != 0);
}

int tick_source_perf_is_cheap(void)
{
    enum { DISTANCE_NS = 50 * 1000 };
    struct event_cost c = {0};
    int saved = errno, fd = perf_open(-1, DISTANCE_NS);
    const volatile struct perf_event_mmap_page *page = MAP_FAILED;
    if (fd >= 0)
        page = mmap(NULL, EVENT_BYTES, PROT_READ, MAP_SHARED, fd, 0);
    if (page != MAP_FAILED && ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) == 0)
        while (event_cost_look(&c, page->data_head, now_ns()))
            ;
    if (page != MAP_FAILED)
        munmap((void *)(uintptr_t)page, EVENT_BYTES);
    if (fd >= 0)
        syscall(SYS_close, fd);
    errno = saved;
    return event_cost_is_low(&c);
}

uint32_t tick_source_perf(uint64_t distance_ns)
{
    int fd = perf_open(-1, distance_ns);
    if (fd < 0)
        return TICK_SOURCE_NONE;
    fd = move_high(fd);
    void *page = mmap(NULL, EVENT_BYTES, PROT_READ, MAP_SHARED, fd, 0);
    int failed = page == MAP_FAILED;
    if (!failed && send_signals(fd)) {
        munmap(page, EVENT_BYTES);
        failed = 1;
    }
    int why = errno, stays = !failed && is_high(fd);
    if (!stays)
        syscall(SYS_close, fd);
    errno = why;
    return failed ? (uint32_t)TICK_SOURCE_NONE
                  : keep((uintptr_t)page | (uint64_t)(stays ? fd : 0) << FD_SHIFT);
}

int tick_source_change(uint32_t n, uint64_t distance_ns)
{
    uint64_t source = source_at(n);
    int fd = fd_of(source);
    if (fd == 0)
        return 1;
    if (has_our_signal(fd) && ioctl(fd, PERF_EVENT_IOC_PERIOD, &distance_ns) == 0)
        return 0;
    close_fd(n);
    return -1;
}

/* Each time that an event falls due the kernel writes a record of nothing but a header; older ones it may overwrite. */
uint64_t tick_source_due(uint32_t n)
{
    uint64_t source = source_at(n);
    const volatile struct perf_event_mmap_page *page = page_of(source);
    if (source <= CLOSED || source & TIMER)
        return 0;
    return page->data_head / sizeof(struct perf_event_header);
}

int tick_source_is_timer(uint32_t n)
{
    return (source_at(n) & TIMER) != 0;
}

/* ---- signals ---- */

/* The kernel sends an event's signal as that of a file that can be read; short of memory, as its own
 * without a word. */
uint64_t tick_source_ticks(const siginfo_t *info)
{
    if (info->si_code == SI_TIMER)
        return info->si_value.sival_ptr == (const void *)sources ? 1 + (uint64_t)info->si_overrun
                                                                 : 0;
    return (info->si_code >= POLL_IN && info->si_code <= POLL_HUP) ||
           (info->si_code == SI_USER && info->si_pid == 0);
}
