/* test_stack_union: stacks of several metrics in one tree: where there are too many, small ones are folded into
 * their callers, and every sum stays right. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/analyse/stack_metric.h"
#include "collector/analyse/stack_union.h"
#include "collector/util/xalloc.h"
#include "tests/unit/unit.h"

enum { NODES = 5000, KEPT = 300, FRAMES = 40, NAME_BYTES = 16 };

/* What the test knows by itself of each node. */
struct planted {
    uint32_t parent;
    uint64_t cpu, live; /* with all below */
};

static unsigned next(unsigned *seed)
{
    *seed = *seed * 1103515245 + 12345;
    return *seed >> 8;
}

static void frames_make(struct stack_union *u, char name[FRAMES][NAME_BYTES])
{
    for (int i = 0; i < FRAMES; i++) {
        snprintf(name[i], NAME_BYTES, "f%d", i);
        struct frame f = {
            .kind = FRAME_LUA, .label = name[i], .file = "", .source = "", .module = ""};
        stack_tree_frame(&u->tree, &f);
    }
}

/* A tree in which a few nodes weigh much, and hardly any both in time and in memory. */
static void plant(struct stack_union *u, struct planted *p)
{
    unsigned seed = 5;
    size_t cpu = stack_union_metric(u, stack_metric_at(STACK_METRIC_CPU));
    size_t live = stack_union_metric(u, stack_metric_at(STACK_METRIC_LIVE));
    while (u->tree.nodes.n < NODES) {
        uint32_t parent = next(&seed) % (uint32_t)u->tree.nodes.n;
        uint32_t node = stack_tree_child(&u->tree, parent, next(&seed) % FRAMES);
        p[node].parent = parent;
        uint64_t time = next(&seed) % 10, bytes = next(&seed) % 50 ? 0 : next(&seed) % 100000;
        stack_union_add(u, cpu, node, time);
        stack_union_add(u, live, node, bytes);
        for (uint32_t n = node;; n = p[n].parent) {
            p[n].cpu += time;
            p[n].live += bytes;
            if (!n)
                break;
        }
    }
}

static uint64_t *with_all_below(const struct stack_union *u, size_t metric)
{
    uint64_t *sum = xcalloc(u->tree.nodes.n, sizeof *sum);
    for (size_t i = u->tree.nodes.n; i-- > 0;) {
        sum[i] += union_metric_self(&u->metric[metric], i);
        if (i)
            sum[stack_tree_at(&u->tree, i)->parent] += sum[i];
    }
    return sum;
}

static int is_note(const struct stack_union *u, uint32_t node)
{
    return node && u->tree.frame[stack_tree_at(&u->tree, node)->frame].kind == FRAME_NOTE;
}

static void what_is_folded_keeps_every_sum(void **state)
{
    (void)state;
    char name[FRAMES][NAME_BYTES];
    struct stack_union u;
    struct planted *p = xcalloc(NODES, sizeof *p);
    stack_union_init(&u);
    frames_make(&u, name);
    plant(&u, p);
    uint32_t *to = stack_union_fold(&u, KEPT);
    assert_true(u.tree.nodes.n <= 2 * KEPT + 1); /* each may have one note below */
    assert_true(u.folded_n > NODES - KEPT - 2);
    uint64_t *cpu = with_all_below(&u, 0), *live = with_all_below(&u, 1);
    size_t kept = 0;
    for (uint32_t i = 0; i < NODES; i++) {
        assert_true(to[i] < u.tree.nodes.n);
        if (is_note(&u, to[i]))
            continue;
        kept++;
        assert_int_equal(cpu[to[i]], p[i].cpu);
        assert_int_equal(live[to[i]], p[i].live);
    }
    assert_true(kept > KEPT / 2 && kept <= KEPT + 1);
    free(cpu);
    free(live);
    free(to);
    free(p);
    stack_union_release(&u);
}

static void few_stacks_stay_as_they_are(void **state)
{
    (void)state;
    char name[FRAMES][NAME_BYTES];
    struct stack_union u;
    struct planted *p = xcalloc(NODES, sizeof *p);
    stack_union_init(&u);
    frames_make(&u, name);
    plant(&u, p);
    uint32_t *to = stack_union_fold(&u, NODES);
    assert_int_equal(u.folded_n, 0);
    assert_int_equal(u.tree.nodes.n, NODES);
    for (uint32_t i = 0; i < NODES; i++)
        assert_int_equal(to[i], i);
    free(to);
    free(p);
    stack_union_release(&u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_folded_keeps_every_sum),
        cmocka_unit_test(few_stacks_stay_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
