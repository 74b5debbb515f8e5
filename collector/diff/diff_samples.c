/* diff_samples: the sampled time of both sides, by function, line or module.  See diff.h. */
#include "collector/diff/diff.h"

#include <math.h>
#include <string.h>

struct collect {
    struct diff_section *section;
    const struct diff_options *options;
    struct symbols *symbols;
    const struct stack_metric *metric;
};

static int run_has(const struct diff_run *r, uint64_t clock)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->digest[i]->process->samples.n && r->digest[i]->process->sampler.clock == clock)
            return 1;
    return 0;
}

static int sides_have(const struct diff_side side[SIDE_N], uint64_t clock)
{
    int seen[SIDE_N] = {0};
    for (int i = 0; i < SIDE_N; i++)
        for (size_t k = 0; k < side[i].n; k++)
            seen[i] |= run_has(&side[i].run[k], clock);
    return seen[SIDE_A] << SIDE_A | seen[SIDE_B] << SIDE_B;
}

/* 1 where a sampler ran in a program of this side, and none of the side has a sample. */
static int took_none(const struct diff_side *s)
{
    int ran = 0;
    for (size_t k = 0; k < s->n; k++)
        for (size_t i = 0; i < s->run[k].n; i++) {
            ran |= s->run[k].digest[i]->process->sampler.asked_hz != 0;
            if (s->run[k].digest[i]->process->samples.n)
                return 0;
        }
    return ran;
}

/* What can be compared: the clock that both sides have. */
static int metric_choose(struct diff *d, const struct diff_side side[SIDE_N], int wanted)
{
    int cpu = sides_have(side, CLOCK_CPU), wall = sides_have(side, CLOCK_WALL), both = 3;
    if (wanted != STACK_METRIC_WALL && cpu == both)
        return STACK_METRIC_CPU;
    if (wanted != STACK_METRIC_CPU && wall == both)
        return STACK_METRIC_WALL;
    if (!cpu && !wall && took_none(&side[SIDE_A]) && took_none(&side[SIDE_B]))
        d->clock_doubt = "both sides were sampled, and took too little time for a sample";
    else if (took_none(&side[SIDE_A]) || took_none(&side[SIDE_B]))
        d->clock_doubt = "one side was sampled, and took too little time for a sample";
    else if (!cpu && !wall)
        d->clock_doubt = "neither side has samples of time: MODPROF_CPU=999, or `modprof run "
                         "--cpu`, takes them";
    else if (cpu != both && wall != both && (cpu | wall) == both && cpu && wall)
        d->clock_doubt = "one side has samples of CPU time, the other of wall time";
    else
        d->clock_doubt = "only one side has samples of the clock that is asked for";
    return -1;
}

static void rows_add(const struct collect *c, int side, const struct stack_tree *t)
{
    struct frame_sums sums;
    double whole = (double)stack_tree_at(t, 0)->total;
    double per_sample = whole / (double)t->samples_n;
    frame_sums_build(&sums, t);
    for (size_t i = 0; i < sums.n; i++) {
        const struct frame *f = &t->frame[sums.row[i].frame];
        double v = (double)(c->options->total ? sums.row[i].total : sums.row[i].self);
        if (v <= 0)
            continue;
        struct diff_row like = {.label = f->label,
                                .kind = frame_kind_name(f->kind),
                                .place = f->file,
                                .line = f->line,
                                .defined = f->defined,
                                .last = f->last,
                                .is_place = f->is_place};
        struct diff_value *value = &diff_row(c->section, &like)->side[side];
        value->sum += v;
        value->squares += v * v;
        value->share_sum += v / whole;
        value->share_squares += v / whole * (v / whole);
        value->samples += (uint64_t)(v / per_sample + 0.5);
    }
    frame_sums_release(&sums);
}

/* One run: the stacks of its processes added up in one tree. */
static void run_add(const struct collect *c, int side, const struct diff_run *r)
{
    struct stack_tree t;
    struct stack_quality quality = {0};
    stack_tree_init(&t, c->metric);
    for (size_t i = 0; i < r->n; i++) {
        struct stack_part part = {
            r->digest[i]->process, c->symbols, &c->options->choice, &t, 0, &quality};
        c->metric->add(&part);
    }
    stack_tree_reshape(&t, &c->options->shape);
    stack_tree_finish(&t);
    c->section->whole[side] += (double)stack_tree_at(&t, 0)->total;
    c->section->samples[side] += t.samples_n;
    c->section->spread[side] = fmax(c->section->spread[side], stack_spread_of(&t.spread));
    if (t.samples_n)
        rows_add(c, side, &t);
    stack_tree_release(&t);
}

void diff_samples(struct diff *d, const struct diff_side side[SIDE_N], const struct diff_options *o,
                  struct symbols *symbols)
{
    int id = metric_choose(d, side, o->metric);
    if (id < 0)
        return;
    const struct stack_metric *m = stack_metric_at((enum stack_metric_id)id);
    struct diff_section like = {
        .name = m->name, .title = m->title, .quantity = QUANTITY_TIME, .nature = DIFF_SAMPLED};
    struct diff_section *s = diff_section_new(d, &like, side);
    struct collect c = {s, o, symbols, m};
    for (int i = 0; i < SIDE_N; i++) {
        for (size_t k = 0; k < side[i].n; k++)
            run_add(&c, i, &side[i].run[k]);
        s->period_ns[i] = s->samples[i] ? s->whole[i] / (double)s->samples[i] : 0;
        s->whole[i] /= (double)side[i].n;
    }
    if (o->choice.by == BY_FUNCTION)
        diff_pairs(s);
}
