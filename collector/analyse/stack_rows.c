/* stack_rows: see stack_rows.h. */
#include "collector/analyse/stack_rows.h"

#include <stdlib.h>
#include <string.h>

#include "collector/util/xalloc.h"

/* The union's numbers of the frames of a process. */
struct numbers {
    uint32_t *at; /* + 1; 0: not asked for yet */
    size_t n;
};

static uint32_t union_frame(struct stack_union *u, const struct frames *f, struct numbers *num,
                            uint32_t frame)
{
    if (frame >= num->n) {
        size_t n = f->n + f->n / 2 + 1;
        num->at = xrealloc(num->at, n, sizeof *num->at);
        memset(num->at + num->n, 0, (n - num->n) * sizeof *num->at);
        num->n = n;
    }
    if (!num->at[frame])
        num->at[frame] = stack_tree_frame(&u->tree, &f->at[frame]) + 1;
    return num->at[frame] - 1;
}

struct stack_row *stack_rows_add(struct stack_union *u, struct process *p, struct symbols *symbols)
{
    struct frames f;
    struct numbers num = {0};
    struct stack_row *row = xcalloc(p->samples.row_n + 1, sizeof *row);
    uint64_t period = stack_period_ns(p);
    int is_wall = p->sampler.clock == CLOCK_WALL;
    size_t metric =
        stack_union_metric(u, stack_metric_at(is_wall ? STACK_METRIC_WALL : STACK_METRIC_CPU));
    frames_init(&f, p, symbols, BY_LINE);
    struct merger *m = merger_new(&f);
    for (size_t i = 0; i < p->samples.row_n; i++) {
        const struct sample_total *s = &p->samples.row[i];
        const struct merged *stack = merger_stack(m, s);
        uint32_t node = 0;
        for (size_t k = stack->n; k-- > 0;)
            node = stack_tree_child(&u->tree, node, union_frame(u, &f, &num, stack->frame[k]));
        stack_union_add(u, metric, node, s->periods * period);
        row[i] = (struct stack_row){
            node, (uint8_t)stack->state, (uint8_t)metric,
            stack->coroutine ? union_frame(u, &f, &num, stack->coroutine - 1) + 1 : 0};
    }
    merger_free(m);
    frames_release(&f);
    free(num.at);
    return row;
}
