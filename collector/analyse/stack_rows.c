/* stack_rows: see stack_rows.h. */
#include "collector/analyse/stack_rows.h"

#include <stdlib.h>

#include "collector/analyse/stack_adder.h"
#include "collector/util/xalloc.h"

struct stack_row *stack_rows_add(struct stack_union *u, struct process *p, struct symbols *symbols)
{
    struct frames f;
    struct stack_adder adder = {.tree = &u->tree, .frames = &f};
    struct stack_row *row = xcalloc(p->samples.row_n + 1, sizeof *row);
    uint64_t period = stack_period_ns(p);
    int is_wall = p->sampler.clock == CLOCK_WALL;
    size_t metric =
        stack_union_metric(u, stack_metric_at(is_wall ? STACK_METRIC_WALL : STACK_METRIC_CPU));
    frames_init(&f, p, symbols, BY_LINE);
    struct merger *m = merger_new(&f);
    uint32_t *order = merger_order(m);
    for (size_t i = 0; i < p->samples.row_n; i++) {
        const struct sample_total *s = &p->samples.row[order[i]];
        const struct merged *stack = merger_stack(m, s);
        uint32_t node = stack_adder_node(&adder, stack);
        stack_union_add(u, metric, node, s->periods * period);
        row[order[i]] = (struct stack_row){
            node, (uint8_t)stack->state, (uint8_t)metric,
            stack->coroutine ? stack_adder_frame(&adder, stack->coroutine - 1) + 1 : 0};
    }
    free(order);
    stack_adder_release(&adder);
    merger_free(m);
    frames_release(&f);
    return row;
}
