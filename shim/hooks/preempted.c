/* preempted: see preempted.h. */
#include "shim/hooks/preempted.h"

#include <sys/resource.h>

/* A time slice is longer than that. */
enum { SHORT_NS = 20000 };

static SHIM_TLS struct {
    uint64_t begin_ns, cpu_us;
    long waited_n, lost_n; /* the CPU was given up, was taken away */
} watched;

static uint64_t cpu_us(const struct rusage *u)
{
    return (uint64_t)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1000000u +
           (uint64_t)(u->ru_utime.tv_usec + u->ru_stime.tv_usec);
}

static COLD uint64_t begin(enum preempted_how how)
{
    struct rusage u = {0};
    int is_known = getrusage(RUSAGE_THREAD, &u) == 0;
    watched.cpu_us = cpu_us(&u);
    watched.waited_n = u.ru_nvcsw;
    watched.lost_n = u.ru_nivcsw;
    uint64_t begin_ns = (now_ns() & ~(uint64_t)PREEMPTED_HOW) | how;
    watched.begin_ns = is_known ? begin_ns : 0;
    return begin_ns;
}

uint64_t preempted_begin(void)
{
    return begin(PREEMPTED_PLAIN);
}

/* Random numbers (xorshift), so that no pattern of calls is in step with the lot. */
static uint64_t draw(void)
{
    static SHIM_TLS uint64_t x = 0x2545f4914f6cdd1d;
    x ^= x << 13;
    x ^= x >> 7;
    return x ^= x << 17;
}

uint64_t preempted_begin_by_lot(void)
{
    if (draw() % PREEMPTED_ONE_IN == 0)
        return begin(PREEMPTED_BY_LOT);
    return (now_ns() & ~(uint64_t)PREEMPTED_HOW) | PREEMPTED_UNWATCHED;
}

uint32_t preempted_times(uint64_t begin_ns, uint64_t took_ns)
{
    enum preempted_how how = begin_ns & PREEMPTED_HOW;
    if (took_ns < SHORT_NS || how == PREEMPTED_PLAIN)
        return 1;
    return how == PREEMPTED_BY_LOT ? PREEMPTED_ONE_IN : 0;
}

/* The child of a fork counts from nothing, so its counts are below what they were. */
uint64_t preempted_took(uint64_t begin_ns, uint64_t took_ns)
{
    struct rusage u;
    if (took_ns < SHORT_NS || watched.begin_ns != begin_ns || getrusage(RUSAGE_THREAD, &u) != 0 ||
        u.ru_nvcsw != watched.waited_n || u.ru_nivcsw <= watched.lost_n)
        return took_ns;
    uint64_t now_us = cpu_us(&u);
    if (now_us < watched.cpu_us)
        return took_ns;
    uint64_t cpu_ns = (now_us - watched.cpu_us + 1) * 1000;
    return cpu_ns < took_ns ? cpu_ns : took_ns;
}
