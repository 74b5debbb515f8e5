/* preempted: time that others had the CPU is not a timed call's; time that it waited is. */
/* SOURCES: shim/hooks/preempted.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shim/hooks/preempted.h"

static void one_cpu(void)
{
    cpu_set_t may, one;
    assert_int_equal(sched_getaffinity(0, sizeof may, &may), 0);
    int cpu = 0;
    while (!CPU_ISSET(cpu, &may))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
}

/* A process that wants the same CPU all the time, for a minute at most. */
static pid_t rival(void)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    alarm(60);
    for (volatile int n = 0;;)
        n++;
}

static long lost_n(void)
{
    struct rusage u;
    getrusage(RUSAGE_THREAD, &u);
    return u.ru_nivcsw;
}

static uint64_t clock_of(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Computes until the CPU was lost, and a little longer. */
static void be_interrupted(void)
{
    long before = lost_n();
    while (lost_n() == before)
        ;
    for (volatile int n = 0; n < 10000; n++)
        ;
}

static void a_call_that_lost_the_cpu_took_its_cpu_time(void **state)
{
    (void)state;
    one_cpu();
    pid_t other = rival();
    assert_true(other > 0);
    uint64_t cpu = clock_of(CLOCK_THREAD_CPUTIME_ID), begin = preempted_begin();
    be_interrupted();
    uint64_t took = now_ns() - begin, without = preempted_took(begin, took);
    cpu = clock_of(CLOCK_THREAD_CPUTIME_ID) - cpu;
    kill(other, SIGKILL);
    waitpid(other, NULL, 0);
    assert_true(without < took);
    assert_true(without <= cpu + 2000); /* whole microseconds */
}

static void a_call_that_waited_took_the_time_on_the_clock(void **state)
{
    (void)state;
    uint64_t begin = preempted_begin();
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    assert_int_equal(preempted_took(begin, 2000000), 2000000);
}

/* In short calls nothing can have happened; long ones are told apart by how they were begun. */
static void long_calls_count_for_those_that_were_not_watched(void **state)
{
    (void)state;
    uint64_t at = 1000 * 4;
    for (unsigned how = PREEMPTED_PLAIN; how <= PREEMPTED_BY_LOT; how++)
        assert_int_equal(preempted_times(at | how, 19999), 1);
    assert_int_equal(preempted_times(at | PREEMPTED_PLAIN, 20000), 1);
    assert_int_equal(preempted_times(at | PREEMPTED_UNWATCHED, 20000), 0);
    assert_int_equal(preempted_times(at | PREEMPTED_BY_LOT, 20000), PREEMPTED_ONE_IN);
}

static void another_call_s_begin_changes_nothing(void **state)
{
    (void)state;
    uint64_t outer = preempted_begin() - 4;
    assert_int_equal(preempted_took(outer, 123456789), 123456789);
}

static void a_child_counts_from_nothing(void **state)
{
    (void)state;
    uint64_t begin = preempted_begin();
    pid_t pid = fork();
    if (pid == 0)
        _exit(preempted_took(begin, UINT64_C(1) << 40) != UINT64_C(1) << 40);
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_that_lost_the_cpu_took_its_cpu_time),
        cmocka_unit_test(a_call_that_waited_took_the_time_on_the_clock),
        cmocka_unit_test(long_calls_count_for_those_that_were_not_watched),
        cmocka_unit_test(another_call_s_begin_changes_nothing),
        cmocka_unit_test(a_child_counts_from_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
