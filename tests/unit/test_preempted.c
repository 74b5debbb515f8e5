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
#include "shim/sampler/sampler.h"

static int fenced;

int sampler_is_fenced(void)
{
    return fenced;
}

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

/* Computes until the CPU was lost, be it for some microseconds, for so long that it is neither a short call nor a short step, and a
 * little longer. */
static void be_interrupted(void)
{
    long before = lost_n();
    for (uint64_t begin = now_ns(); lost_n() == before || now_ns() - begin < 1000000;)
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
    assert_true(without <= cpu);
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

/* ---- steps ---- */

static long waited_n(void)
{
    struct rusage u;
    getrusage(RUSAGE_THREAD, &u);
    return u.ru_nvcsw;
}

static void compute(uint64_t ns)
{
    for (uint64_t begin = now_ns(); now_ns() - begin < ns;)
        ;
}

/* Longer ago than a look is good for. */
static void let_the_look_grow_old(void)
{
    compute(2000000);
}

static void a_step_that_lost_the_cpu_took_its_cpu_time(void **state)
{
    (void)state;
    int undisturbed = 0;
    one_cpu();
    pid_t other = rival();
    assert_true(other > 0);
    for (int i = 0; i < 100 && !undisturbed;
         i++) { /* a page that is read from a disk is waited for */
        struct preempted_step s;
        long before = waited_n();
        let_the_look_grow_old();
        uint64_t cpu = clock_of(CLOCK_THREAD_CPUTIME_ID), begin = now_ns();
        preempted_step_begin(&s);
        uint64_t least = clock_of(CLOCK_THREAD_CPUTIME_ID);
        be_interrupted();
        least = clock_of(CLOCK_THREAD_CPUTIME_ID) - least;
        uint64_t took = preempted_step_took(&s);
        cpu = clock_of(CLOCK_THREAD_CPUTIME_ID) - cpu;
        begin = now_ns() - begin;
        undisturbed = waited_n() == before;
        if (undisturbed && (took > cpu || took < least))
            fail_msg("%llu ns, of %llu to %llu, and %llu by the clock", (unsigned long long)took,
                     (unsigned long long)least, (unsigned long long)cpu, (unsigned long long)begin);
    }
    kill(other, SIGKILL);
    waitpid(other, NULL, 0);
    assert_true(undisturbed);
}

static void a_step_that_waited_took_the_time_on_the_clock(void **state)
{
    (void)state;
    struct preempted_step s;
    let_the_look_grow_old();
    preempted_step_begin(&s);
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    assert_true(preempted_step_took(&s) >= 2000000);
}

/* Else a step would cost what a system call does. */
static void a_look_is_good_for_the_steps_that_follow(void **state)
{
    (void)state;
    struct preempted_step first, next;
    int same = 0;
    for (int i = 0; i < 1000 && !same; i++) { /* the CPU may be lost between them */
        preempted_step_begin(&first);
        preempted_step_begin(&next);
        same = next.looked.at_ns == first.looked.at_ns;
    }
    assert_true(same);
    let_the_look_grow_old();
    preempted_step_begin(&next);
    assert_true(next.looked.at_ns > first.looked.at_ns);
    assert_true(next.begin_ns >= next.looked.at_ns);
}

static void behind_a_fence_steps_take_the_time_on_the_clock(void **state)
{
    (void)state;
    struct preempted_step s;
    let_the_look_grow_old();
    fenced = 1;
    preempted_step_begin(&s);
    assert_int_equal(s.looked.at_ns, 0);
    compute(200000);
    assert_true(preempted_step_took(&s) >= 200000);
    fenced = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_that_lost_the_cpu_took_its_cpu_time),
        cmocka_unit_test(a_call_that_waited_took_the_time_on_the_clock),
        cmocka_unit_test(a_step_that_lost_the_cpu_took_its_cpu_time),
        cmocka_unit_test(a_step_that_waited_took_the_time_on_the_clock),
        cmocka_unit_test(a_look_is_good_for_the_steps_that_follow),
        cmocka_unit_test(behind_a_fence_steps_take_the_time_on_the_clock),
        cmocka_unit_test(long_calls_count_for_those_that_were_not_watched),
        cmocka_unit_test(another_call_s_begin_changes_nothing),
        cmocka_unit_test(a_child_counts_from_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
