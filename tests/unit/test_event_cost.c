/* What an event costs is told by the time that is missing around it. */
/* SOURCES: shim/sampler/event_cost.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "shim/sampler/event_cost.h"

enum { LOOK_NS = 30, DISTANCE_NS = 50000 };

/* A thread that looks each LOOK_NS, is interrupted for COST_NS at each DISTANCE_NS, and for FOREIGN_NS more at one in FOREIGN_IN.
 * BETWEEN: the interrupts come between the looks at the count and the clock. */
struct machine {
    uint64_t cost_ns, foreign_ns;
    int foreign_in, between;
};

static struct event_cost look(struct machine m, uint64_t *took_ns)
{
    struct event_cost c = {0};
    uint64_t now = 1000000007, begin = now, events = 0, due = now + DISTANCE_NS;
    for (int more = 1; more;) {
        uint64_t seen = events;
        now += LOOK_NS;
        if (m.cost_ns != 0 && now >= due) {
            events++;
            now += m.cost_ns +
                   (m.foreign_in && events % (uint64_t)m.foreign_in == 0 ? m.foreign_ns : 0);
            due = now + DISTANCE_NS;
        }
        more = event_cost_look(&c, m.between ? seen : events, now);
    }
    *took_ns = now - begin;
    return c;
}

static int is_low(struct machine m)
{
    uint64_t took;
    struct event_cost c = look(m, &took);
    assert_true(took < EVENT_COST_LOOK_NS + m.cost_ns + m.foreign_ns + LOOK_NS + 1);
    return event_cost_is_low(&c);
}

static void cheap_and_dear_ones_are_told_apart(void **state)
{
    (void)state;
    for (int between = 0; between < 2; between++) {
        assert_true(is_low((struct machine){.cost_ns = 1500, .between = between}));
        assert_true(is_low((struct machine){.cost_ns = 7000, .between = between}));
        assert_false(is_low((struct machine){.cost_ns = 9000, .between = between}));
        assert_false(is_low((struct machine){.cost_ns = 45000, .between = between}));
    }
}

static void other_programs_do_not_matter_now_and_then(void **state)
{
    (void)state;
    assert_true(is_low((struct machine){.cost_ns = 1500, .foreign_ns = 100000, .foreign_in = 3}));
    assert_false(is_low((struct machine){.cost_ns = 1500, .foreign_ns = 40000, .foreign_in = 1}));
}

static void no_events_are_no_cheap_ones(void **state)
{
    (void)state;
    assert_false(is_low((struct machine){.cost_ns = 0}));
    assert_false(is_low((struct machine){.cost_ns = 1500, .foreign_ns = 1000000, .foreign_in = 1}));
}

static void a_clock_that_has_stopped_ends_it(void **state)
{
    struct event_cost c = {0};
    int n = 0;
    (void)state;
    while (event_cost_look(&c, 0, 1000) && n <= EVENT_COST_LOOKS)
        n++;
    assert_true(n < EVENT_COST_LOOKS + 1);
    assert_false(event_cost_is_low(&c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cheap_and_dear_ones_are_told_apart),
        cmocka_unit_test(other_programs_do_not_matter_now_and_then),
        cmocka_unit_test(no_events_are_no_cheap_ones),
        cmocka_unit_test(a_clock_that_has_stopped_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
