/* page_trees: stacks, for the page: one tree of all metrics that know lines, one for each of the
 * others. */
#include "collector/output/page_parts.h"

#include <stdlib.h>
#include <string.h>

#include "collector/output/page_write.h"
#include "collector/util/human.h"
#include "collector/util/xalloc.h"

/* More would make the page slow to open; what is folded is little. */
enum { NODES_MAX = 1000000 };

static const char *unit_name(enum stack_unit u)
{
    return u == UNIT_NS ? "ns" : u == UNIT_BYTES ? "bytes" : "count";
}

static int is_sampled(enum stack_metric_id id)
{
    return id == STACK_METRIC_CPU || id == STACK_METRIC_WALL;
}

/* ---- collecting ---- */

static void metric_build(struct stack_tree *t, struct page_process *p, enum stack_metric_id id)
{
    const struct stack_metric *m = stack_metric_at(id);
    struct stack_choice choice = {.by = m->takes & TAKES_LINES ? BY_LINE : BY_FUNCTION};
    struct stack_quality quality = {0};
    stack_tree_init(t, m);
    t->functions_apart = 1;
    m->add(&(struct stack_part){p->process, p->digest->symbols, &choice, t, 0, &quality});
}

static void fold(struct page_process *p)
{
    char n[HUMAN_MAX];
    uint32_t *to = stack_union_fold(&p->code, NODES_MAX);
    for (size_t i = 0; p->row && i < p->process->samples.row_n; i++)
        p->row[i].node = to[p->row[i].node];
    free(to);
    if (p->code.folded_n)
        page_prune_say(p, xformat("%s frames of the smallest stacks are folded into \"[smaller "
                                  "stacks]\" in their callers: the sums are right, and `modprof "
                                  "flame` has them all",
                                  human_count(n, p->code.folded_n)));
}

void page_code_build(struct page_process *p)
{
    stack_union_init(&p->code);
    if (p->process->samples.row_n)
        p->row = stack_rows_add(&p->code, p->process, p->digest->symbols);
    for (int id = 0; id < STACK_METRIC_N; id++) {
        struct stack_tree t;
        if (is_sampled(id) || !(stack_metric_at(id)->takes & TAKES_LINES))
            continue;
        metric_build(&t, p, id);
        if (t.nodes.n > 1)
            stack_union_add_tree(&p->code, &t);
        stack_tree_release(&t);
    }
    fold(p);
    stack_order_build(&p->order, &p->code.tree);
}

/* ---- writing ---- */

static void metric_write(const struct union_metric *m, const struct stack_order *o, FILE *out)
{
    struct page_column c;
    fprintf(out, "{\"id\":\"%s\",\"unit\":\"%s\"", m->about->name, unit_name(m->about->unit));
    page_column_begin(&c, out, "node_d", 0);
    for (size_t i = 0; i < o->n; i++)
        if (union_metric_self(m, o->node[i]))
            page_column_put(&c, (int64_t)i);
    page_column_end(&c);
    page_column_begin(&c, out, "self", 0);
    for (size_t i = 0; i < o->n; i++)
        if (union_metric_self(m, o->node[i]))
            page_column_put(&c, (int64_t)m->self[o->node[i]]);
    page_column_end(&c);
    fputc('}', out);
}

static void tree_write(struct page_process *p, const struct stack_union *u,
                       const struct stack_order *o, const char *id, unsigned number)
{
    struct page_column c;
    uint32_t *frame = page_functions_add(&p->functions, &u->tree, number);
    fprintf(p->out, "%s{\"id\":\"%s\"", number ? ",\n" : "", id);
    page_column_begin(&c, p->out, "up", 0);
    for (size_t i = 0; i < o->n; i++)
        page_column_put(&c, (int64_t)i - o->number[stack_tree_at(&u->tree, o->node[i])->parent]);
    page_column_end(&c);
    page_column_begin(&c, p->out, "frame", 0);
    for (size_t i = 0; i < o->n; i++)
        page_column_put(&c, i ? frame[stack_tree_at(&u->tree, o->node[i])->frame] : 0);
    page_column_end(&c);
    page_key(p->out, "metrics");
    for (size_t i = 0; i < u->metric_n; i++) {
        fputc(i ? ',' : '[', p->out);
        metric_write(&u->metric[i], o, p->out);
    }
    fputs(u->metric_n ? "]}" : "[]}", p->out);
    free(frame);
}

/* A metric without lines: its tree by itself. */
static void other_write(struct page_process *p, enum stack_metric_id id, unsigned number)
{
    struct stack_tree t;
    struct stack_union u;
    struct stack_order o;
    metric_build(&t, p, id);
    stack_union_init(&u);
    stack_union_add_tree(&u, &t);
    stack_order_build(&o, &u.tree);
    tree_write(p, &u, &o, stack_metric_at(id)->name, number);
    stack_order_release(&o);
    stack_union_release(&u);
    stack_tree_release(&t);
}

void page_trees(struct page_process *p)
{
    unsigned number = PAGE_TREE_CODE;
    page_key(p->out, "trees");
    fputc('[', p->out);
    tree_write(p, &p->code, &p->order, "code", number++);
    for (int id = 0; id < STACK_METRIC_N; id++)
        if (!(stack_metric_at(id)->takes & TAKES_LINES))
            other_write(p, id, number++);
    fputc(']', p->out);
}
