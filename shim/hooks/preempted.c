/* preempted: see preempted.h. */
#include "shim/hooks/preempted.h"

#include <sys/resource.h>

#include "shim/sampler/sampler.h"

/* A time slice is longer than that.  A look at the thread's times is good for LOOK_NS. */
enum { SHORT_NS = 20000, STEP_SHORT_NS = 100000, LOOK_NS = 1000000 };

static SHIM_TLS struct preempted_times watched, looked;

static int look(struct preempted_times *t)
{
    struct rusage u;
    if (sampler_is_fenced())
        return -1;
    t->cpu_ns = cpu_now_ns(); /* what getrusage says of it is as old as the last tick */
    if (getrusage(RUSAGE_THREAD, &u) != 0)
        return -1;
    t->waited_n = u.ru_nvcsw;
    t->lost_n = u.ru_nivcsw;
    return 0;
}

static COLD uint64_t begin(enum preempted_how how)
{
    int is_known = look(&watched) == 0;
    uint64_t begin_ns = (now_ns() & ~(uint64_t)PREEMPTED_HOW) | how;
    watched.at_ns = is_known ? begin_ns : 0;
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

/* CPU time since T, if the CPU was lost since, and never given up; else UINT64_MAX.  The child of a fork counts from nothing, so its
 * counts are below what they were. */
static uint64_t cpu_since(const struct preempted_times *t, long *lost_n)
{
    struct preempted_times now;
    if (look(&now) != 0 || now.waited_n != t->waited_n || now.lost_n <= t->lost_n ||
        now.cpu_ns < t->cpu_ns)
        return UINT64_MAX;
    *lost_n = now.lost_n - t->lost_n;
    return now.cpu_ns - t->cpu_ns;
}

uint64_t preempted_took(uint64_t begin_ns, uint64_t took_ns)
{
    if (took_ns < SHORT_NS || watched.at_ns != begin_ns)
        return took_ns;
    long lost_n;
    uint64_t cpu_ns = cpu_since(&watched, &lost_n);
    return cpu_ns < took_ns ? cpu_ns : took_ns;
}

/* ---- steps ---- */

static COLD uint64_t look_anew(void)
{
    int is_known = look(&looked) == 0;
    uint64_t now = now_ns();
    looked.at_ns = is_known ? now : 0;
    return now;
}

void preempted_step_begin(struct preempted_step *s)
{
    uint64_t now = now_ns();
    if (unlikely(now - looked.at_ns >= LOOK_NS))
        now = look_anew();
    s->begin_ns = now;
    s->looked = looked;
}

/* CPU time since the look holds that of the step.  Where the CPU was lost once, for longer than it was from the look to the step,
 * that was in the step, and the time before it was all CPU time. */
static COLD uint64_t took_of_that(const struct preempted_step *s, uint64_t took_ns)
{
    long lost_n;
    uint64_t before_ns = s->begin_ns - s->looked.at_ns;
    uint64_t cpu_ns = s->looked.at_ns != 0 ? cpu_since(&s->looked, &lost_n) : UINT64_MAX;
    if (cpu_ns >= took_ns + before_ns)
        return took_ns;
    if (lost_n == 1 && took_ns > cpu_ns && cpu_ns > before_ns)
        return cpu_ns - before_ns;
    return cpu_ns < took_ns ? cpu_ns : took_ns;
}

uint64_t preempted_step_took(const struct preempted_step *s)
{
    uint64_t took_ns = now_ns() - s->begin_ns;
    return likely(took_ns < STEP_SHORT_NS) ? took_ns : took_of_that(s, took_ns);
}
