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

COLD uint64_t preempted_begin(void)
{
    struct rusage u = {0};
    int is_known = getrusage(RUSAGE_THREAD, &u) == 0;
    watched.cpu_us = cpu_us(&u);
    watched.waited_n = u.ru_nvcsw;
    watched.lost_n = u.ru_nivcsw;
    uint64_t begin_ns = now_ns();
    watched.begin_ns = is_known ? begin_ns : 0;
    return begin_ns;
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
