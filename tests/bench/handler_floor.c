/* handler_floor NS SAMPLES: what a signal handler seems to take on this machine whose own work is NS nanoseconds of plain
 * arithmetic, in the sampler's way: sent by a perf event 999 times a second of CPU time, measured in CPU time of
 * the thread.  What is above NS are interrupts and the machine's other tenants.
 *
 * Prints `mean p50 p99` in microseconds. */
#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SAMPLES_MAX = 20000 };
static double took_us[SAMPLES_MAX];
static volatile int n;
static int rounds;
static volatile uint64_t sink;

static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static void work(int times)
{
    uint64_t x = sink;
    for (int i = 0; i < times; i++)
        x = x * UINT64_C(6364136223846793005) + 1;
    sink = x;
}

static void handler(int number)
{
    (void)number;
    double begin = cpu_us();
    work(rounds);
    if (n < SAMPLES_MAX)
        took_us[n++] = cpu_us() - begin;
}

/* The least of some tries, so that nobody else's time is in it. */
static int rounds_of(double ns)
{
    enum { TRIES = 50, EACH = 10000 };
    double least = 1e9;
    for (int i = 0; i < TRIES; i++) {
        double begin = cpu_us();
        work(EACH);
        double us = cpu_us() - begin;
        least = us < least ? us : least;
    }
    return (int)(ns / 1e3 / least * EACH);
}

static int start(void)
{
    struct f_owner_ex owner = {F_OWNER_TID, (pid_t)syscall(SYS_gettid)};
    struct perf_event_attr a;
    memset(&a, 0, sizeof a);
    a.size = sizeof a;
    a.type = PERF_TYPE_SOFTWARE;
    a.config = PERF_COUNT_SW_CPU_CLOCK;
    a.sample_period = 1000000000 / 999;
    a.wakeup_events = 1;
    a.exclude_kernel = a.exclude_hv = a.disabled = 1;
    int fd = (int)syscall(SYS_perf_event_open, &a, 0, -1, -1, 0);
    signal(SIGURG, handler);
    return fd < 0 || fcntl(fd, F_SETSIG, SIGURG) || fcntl(fd, F_SETOWN_EX, &owner) ||
           fcntl(fd, F_SETFL, O_ASYNC | O_NONBLOCK) || ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

int main(int argc, char **argv)
{
    int want = argc > 2 ? atoi(argv[2]) : 0;
    if (want <= 0 || want > SAMPLES_MAX)
        return 2;
    rounds = rounds_of(atof(argv[1]));
    if (start())
        return 1;
    while (n < want)
        work(1000);
    signal(SIGURG, SIG_IGN);
    double sum = 0;
    for (int i = 0; i < want; i++)
        sum += took_us[i];
    qsort(took_us, (size_t)want, sizeof *took_us, compare);
    printf("%.1f %.1f %.1f\n", sum / want, took_us[want / 2], took_us[(int)(want * 0.99)]);
    return 0;
}
