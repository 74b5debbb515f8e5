/* sampling: exact counts at every moment, and times that add up. */
/* SOURCES: shim/hooks/sampling.c shim/hooks/preempted.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/hooks/heap.h"
#include "shim/hooks/sampling.h"
#include "shim/sampler/sampler.h"
#include "shim/sampler/waiting.h"

int sampler_is_fenced(void)
{
    return 0;
}

/* ---- what sampling.c stands on ---- */

static struct arena_thread slot, dead;
static uint32_t ticks;
struct arena *arena;
SHIM_TLS struct arena_thread *slot_now = &slot;
SHIM_TLS uintptr_t heap_inside;
int waiting_on;

void waiting_look(uint64_t now)
{
    (void)now;
}

int slot_is_dead(const struct arena_thread *t)
{
    return t == &dead;
}

struct arena_thread *slot_get(void)
{
    return slot_now = &slot;
}

void writer_tick(uint64_t now)
{
    (void)now;
    ticks++;
}

/* As a reader of the arena takes it. */
static uint64_t read_count(const struct arena_thread *t, uint32_t index, uint32_t what)
{
    const struct arena_calls *k = &t->calls[index];
    if (t->fix_what == what && t->fix_function == index)
        return t->fix_count;
    return what == ARENA_FIX_DOWN
               ? k->down_base + (uint64_t)((int64_t)k->down_period - k->down_left)
               : k->up_base + (uint64_t)((int64_t)k->up_period - k->up_left);
}

/* ---- counting ---- */

static void count_is_exact_after_every_call(void **state)
{
    (void)state;
    slot.calls[7] = (struct arena_calls){0};
    for (uint64_t n = 1; n <= 200000; n++) {
        if (--slot.calls[7].down_left <= 0)
            sampling_next(&slot, 7, ARENA_FIX_DOWN);
        assert_int_equal(read_count(&slot, 7, ARENA_FIX_DOWN), n);
    }
}

static void down_and_up_do_not_mix(void **state)
{
    (void)state;
    slot.calls[9] = (struct arena_calls){0};
    for (int n = 0; n < 5000; n++) {
        if (--slot.calls[9].down_left <= 0)
            sampling_next(&slot, 9, ARENA_FIX_DOWN);
        if (n % 3 == 0 && --slot.calls[9].up_left <= 0)
            sampling_next(&slot, 9, ARENA_FIX_UP);
    }
    assert_int_equal(read_count(&slot, 9, ARENA_FIX_DOWN), 5000);
    assert_int_equal(read_count(&slot, 9, ARENA_FIX_UP), 1667);
}

static void rearming_early_keeps_the_count(void **state)
{
    (void)state;
    slot.calls[3] = (struct arena_calls){0};
    for (int n = 0; n < 1000; n++)
        if (--slot.calls[3].down_left <= 0)
            sampling_next(&slot, 3, ARENA_FIX_DOWN);
    sampling_rearm(&slot, 3, ARENA_FIX_DOWN, 1);
    assert_int_equal(read_count(&slot, 3, ARENA_FIX_DOWN), 1000);
    assert_int_equal(--slot.calls[3].down_left, 0);
    assert_int_equal(read_count(&slot, 3, ARENA_FIX_DOWN), 1001);
}

/* Runs the re-arming of a countdown in a child, instruction by instruction; a kill at any of them
 * must leave the true count. */
struct stepped {
    struct arena_thread slot;
    volatile uint64_t truth;
};

static void child_rearms(struct stepped *s, uint32_t what)
{
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    for (int n = 0; n < 20; n++) {
        sampling_rearm(&s->slot, 5, what, 1 + (uint32_t)n * 37);
        if (n % 2)
            sampling_next(&s->slot, 5, what);
    }
    _exit(0);
}

static void check_every_step(uint32_t what)
{
    int status, steps = 0;
    struct stepped *s =
        mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(s, MAP_FAILED);
    s->slot.calls[5].down_base = s->slot.calls[5].up_base = 4000;
    s->slot.calls[5].down_left = s->slot.calls[5].up_left = -1;
    pid_t pid = fork();
    if (pid == 0)
        child_rearms(s, what);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    while (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) == 0 && waitpid(pid, &status, 0) == pid &&
           WIFSTOPPED(status)) {
        assert_int_equal(read_count(&s->slot, 5, what), 4001);
        steps++;
    }
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_in_range(steps, 500, 100000);
    munmap(s, sizeof *s);
}

static void count_is_true_at_every_instruction(void **state)
{
    (void)state;
    check_every_step(ARENA_FIX_DOWN);
    check_every_step(ARENA_FIX_UP);
}

/* ---- timing ---- */

/* Durations by call number. */
static uint64_t steady(uint64_t n)
{
    (void)n;
    return 1000;
}
static uint64_t alternating(uint64_t n)
{
    return n % 2 ? 100 : 10000;
}
static uint64_t every_64th(uint64_t n)
{
    return n % 64 ? 100 : 20000;
}
static uint64_t growing(uint64_t n)
{
    return n / 10;
}
static uint64_t slow_start(uint64_t n)
{
    return n < 20 ? 1000000 : 50;
}

/* Estimated over true total, in per mille. */
static uint64_t estimate(uint64_t (*duration)(uint64_t), uint64_t calls, uint32_t index)
{
    struct arena_calls *k = &slot.calls[index];
    uint64_t total = 0;
    *k = (struct arena_calls){0};
    for (uint64_t n = 0; n < calls; n++) {
        total += duration(n);
        if (--k->down_left <= 0)
            sampling_add(k, ARENA_FIX_DOWN, sampling_next(&slot, index, ARENA_FIX_DOWN),
                         duration(n));
    }
    return k->down_ns * 1000 / total;
}

static void estimates_follow_the_total(void **state)
{
    (void)state;
    static const uint64_t stops[] = {33, 100, 1000, 4500, 100000, 1000000};
    for (int i = 0; i < 6; i++)
        for (uint32_t index = 0; index < 5; index++) {
            assert_in_range(estimate(steady, stops[i], index), 960, 1040);
            assert_in_range(estimate(growing, stops[i], index), 850, 1150);
            assert_in_range(estimate(slow_start, stops[i], index), 930, 1070);
        }
}

/* One sample of a pattern may be off; all together must not lean to a side. */
static void estimates_do_not_lean(void **state)
{
    (void)state;
    uint64_t sum_2 = 0, sum_64 = 0;
    for (uint32_t index = 0; index < 400; index++) {
        sum_2 += estimate(alternating, 200000, index);
        sum_64 += estimate(every_64th, 200000, index);
    }
    assert_in_range(sum_2 / 400, 980, 1020);
    assert_in_range(sum_64 / 400, 900, 1100);
}

/* Each call one way makes one the other way: they must not always be timed together. */
static void two_ways_do_not_fall_into_step(void **state)
{
    (void)state;
    struct arena_calls *k = &slot.calls[8];
    uint32_t both = 0, down = 0;
    *k = (struct arena_calls){0};
    for (int n = 0; n < 1000000; n++) {
        int timed_down = --k->down_left <= 0, timed_up = --k->up_left <= 0;
        if (timed_down)
            sampling_next(&slot, 8, ARENA_FIX_DOWN);
        if (timed_up)
            sampling_next(&slot, 8, ARENA_FIX_UP);
        down += timed_down;
        both += timed_down && timed_up;
    }
    assert_in_range(both, 32, down / 10);
}

static void the_first_calls_are_exact(void **state)
{
    (void)state;
    assert_int_equal(estimate(growing, 32, 1), 1000);
    assert_int_equal(slot.calls[1].down_timed_n, 32);
}

static void few_of_many_are_timed(void **state)
{
    (void)state;
    estimate(steady, 30000000, 2);
    assert_in_range(slot.calls[2].down_timed_n, 28000, 31000);
    estimate(steady, 4096, 2);
    assert_in_range(slot.calls[2].down_timed_n, 100, 300);
}

static void ended_calls_add_up_and_tick(void **state)
{
    (void)state;
    slot_now = &slot;
    slot.calls[4] = (struct arena_calls){0};
    slot.unseen_return_n = 0;
    ticks = 0;
    sampling_begin(&slot, 4, ARENA_FIX_UP, 2); /* never returns */
    sampling_begin(&slot, 4, ARENA_FIX_UP, 2);
    sampling_end(4, ARENA_FIX_UP, 6, 1000, 5001000);
    assert_int_equal(slot.unseen_return_n, 1);
    assert_int_equal(slot.calls[4].up_timed_n, 1);
    assert_in_range(slot.calls[4].up_ns, 3 * 4990000, 3 * 5000000);
    assert_int_equal(ticks, 1);
    heap_inside = 1;
    sampling_end(4, ARENA_FIX_UP, 2, 1000, 2000);
    assert_int_equal(ticks, 1);
    heap_inside = 0;
}

/* Calls that are short but for some: those are left out or stand for more, and the sum is right in the mean. */
static void long_calls_of_a_short_function_add_up(void **state)
{
    enum { CALLS = 16000, WEIGHT_2 = 2048, LONG_NS = 50000 };
    struct arena_calls *k = &slot.calls[5];
    (void)state;
    slot_now = &slot;
    *k = (struct arena_calls){0};
    for (int i = 0; i < CALLS; i++) {
        k->down_base += UINT64_C(1) << 30; /* that it is called so often keeps it short */
        uint64_t begin = sampling_begin(&slot, 5, ARENA_FIX_DOWN, WEIGHT_2);
        sampling_end(5, ARENA_FIX_DOWN, WEIGHT_2, begin, begin + LONG_NS);
    }
    uint64_t sum = (uint64_t)CALLS * WEIGHT_2 / 2 * LONG_NS;
    assert_in_range(k->down_ns, sum / 10 * 8, sum / 10 * 12);
    assert_in_range(k->down_timed_n, CALLS / PREEMPTED_ONE_IN / 2, CALLS / PREEMPTED_ONE_IN * 2);
}

static void calls_of_a_long_function_are_all_watched(void **state)
{
    struct arena_calls *k = &slot.calls[5];
    (void)state;
    slot_now = &slot;
    *k = (struct arena_calls){.down_base = 1000, .down_ns = 1000 * 300};
    for (int i = 0; i < 100; i++) {
        uint64_t begin = sampling_begin(&slot, 5, ARENA_FIX_DOWN, 2048);
        assert_int_equal(begin & PREEMPTED_HOW, PREEMPTED_PLAIN);
        sampling_end(5, ARENA_FIX_DOWN, 2048, begin, begin + 50000);
    }
    assert_int_equal(k->down_timed_n, 100);
}

static void an_empty_call_takes_no_time(void **state)
{
    (void)state;
    slot.calls[6] = (struct arena_calls){0};
    sampling_end(6, ARENA_FIX_DOWN, 2, 5000, 5001);
    assert_int_equal(slot.calls[6].down_timed_n, 1);
    assert_int_equal(slot.calls[6].down_ns, 0);
}

/* Each call comes by, is counted, and some stand for all. */
static void where_waiting_is_charged_few_of_all_calls_are_timed(void **state)
{
    (void)state;
    enum { CALLS = 200000 };
    uint64_t stand_for_2 = 0, timed_n = 0;
    slot.calls[11] = (struct arena_calls){0};
    waiting_on = 1;
    for (uint64_t n = 1; n <= CALLS; n++) {
        assert_true(--slot.calls[11].down_left <= 0);
        uint32_t weight_2 = sampling_next(&slot, 11, ARENA_FIX_DOWN);
        assert_true(n > SAMPLING_ALL_N || weight_2 == 2);
        stand_for_2 += weight_2;
        timed_n += weight_2 != SAMPLING_UNTIMED;
        assert_int_equal(read_count(&slot, 11, ARENA_FIX_DOWN), n);
    }
    waiting_on = 0;
    assert_true(timed_n < CALLS / 100);
    assert_true(stand_for_2 > 2 * CALLS * 85 / 100 && stand_for_2 < 2 * CALLS * 115 / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_waiting_is_charged_few_of_all_calls_are_timed),
        cmocka_unit_test(count_is_exact_after_every_call),
        cmocka_unit_test(down_and_up_do_not_mix),
        cmocka_unit_test(rearming_early_keeps_the_count),
        cmocka_unit_test(count_is_true_at_every_instruction),
        cmocka_unit_test(estimates_follow_the_total),
        cmocka_unit_test(estimates_do_not_lean),
        cmocka_unit_test(two_ways_do_not_fall_into_step),
        cmocka_unit_test(the_first_calls_are_exact),
        cmocka_unit_test(few_of_many_are_timed),
        cmocka_unit_test(ended_calls_add_up_and_tick),
        cmocka_unit_test(long_calls_of_a_short_function_add_up),
        cmocka_unit_test(calls_of_a_long_function_are_all_watched),
        cmocka_unit_test(an_empty_call_takes_no_time),
    };
    return cmocka_run_group_tests_name("sampling", tests, NULL, NULL);
}
