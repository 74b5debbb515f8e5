/* diff_metrics: what is measured without sampling: the metrics that budgets know.  See diff.h. */
#include "collector/diff/diff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/analyse/memory_sums.h"
#include "collector/budget/measure.h"
#include "collector/util/xalloc.h"

static const enum metric_id compared[] = {
    METRIC_process_wall, METRIC_process_cpu,    METRIC_process_rss,    METRIC_first_line,
    METRIC_module_self,  METRIC_module_lua,     METRIC_chunks_compile, METRIC_lua_peak,
    METRIC_lua_live,     METRIC_lua_allocated,  METRIC_lua_blocks,     METRIC_c_peak,
    METRIC_c_allocated,  METRIC_c_blocks,       METRIC_crossings_down, METRIC_crossings_down_time,
    METRIC_crossings_up, METRIC_line_allocated, METRIC_line_held,      METRIC_leaks_bytes,
    METRIC_gc_time,
};

/* The items of one run, so that a place that comes twice is one value. */
struct run_values {
    struct diff_section *section;
    struct run_value {
        double value, variance;
    } * row; /* by number of row */
    size_t n;
};

static void take(void *ctx, double value, double error, const char *place)
{
    struct run_values *r = ctx;
    struct diff_row like = {.label = place, .kind = "", .place = ""};
    size_t number = (size_t)(diff_row(r->section, &like) - r->section->row);
    if (number >= r->n) {
        r->row = xrealloc(r->row, number + 1, sizeof *r->row);
        memset(r->row + r->n, 0, (number + 1 - r->n) * sizeof *r->row);
        r->n = number + 1;
    }
    r->row[number].value += value;
    r->row[number].variance += error * error;
}

static void run_add(struct diff_section *s, int side, const struct diff_run *run,
                    const struct metric *m)
{
    struct run_values r = {.section = s};
    double unseen = 0;
    for (size_t i = 0; i < run->n; i++) {
        double one = 0;
        const char *doubt = measure_each(m, run->digest[i], take, &r, &one);
        unseen += one;
        s->doubt = s->doubt ? s->doubt : doubt;
        s->doubtful[side] |= doubt != NULL;
    }
    for (size_t i = 0; i < r.n; i++) {
        struct diff_value *v = &s->row[i].side[side];
        v->sum += r.row[i].value;
        v->squares += r.row[i].value * r.row[i].value;
        v->variance += r.row[i].variance;
        s->whole[side] += r.row[i].value;
    }
    s->unseen[side] = fmax(s->unseen[side], unseen);
    free(r.row);
}

/* What the processes of one run waited for a processor together; the run with most. < 0: no process says it. */
static double queued_of(const struct metric *m, const struct diff_side *side)
{
    double most = -1;
    if (m->timing != TIMING_TIMED || m->quantity != QUANTITY_TIME)
        return 0;
    for (size_t r = 0; r < side->n; r++) {
        double run = -1;
        for (size_t i = 0; i < side->run[r].n; i++) {
            double one = process_queued_ns(side->run[r].digest[i]->process);
            if (one >= 0)
                run = fmax(run, 0) + one;
        }
        most = fmax(most, run);
    }
    return most;
}

/* Mean distance of samples of Lua's allocation, where M is known from these; the largest of the runs. */
static double interval_of(const struct metric *m, const struct diff_side *side)
{
    double most = 0;
    if (!(m->places & PLACE_LINE))
        return 0;
    for (size_t r = 0; r < side->n; r++)
        for (size_t i = 0; i < side->run[r].n; i++)
            most =
                fmax(most, (double)memory_interval_most(side->run[r].digest[i]->process, HEAP_LUA));
    return most;
}

void diff_metrics(struct diff *d, const struct diff_side side[SIDE_N], const struct diff_options *o)
{
    (void)o;
    for (size_t i = 0; i < sizeof compared / sizeof *compared; i++) {
        const struct metric *m = metric_at(compared[i]);
        struct diff_section like = {.name = m->name,
                                    .title = m->summary,
                                    .quantity = m->quantity,
                                    .nature =
                                        m->timing == TIMING_EXACT ? DIFF_COUNTED : DIFF_TIMED};
        struct diff_section *s = diff_section_new(d, &like, side);
        for (int k = 0; k < SIDE_N; k++) {
            s->interval_bytes = fmax(s->interval_bytes, interval_of(m, &side[k]));
            s->queued_ns[k] = queued_of(m, &side[k]);
            for (size_t r = 0; r < side[k].n; r++)
                run_add(s, k, &side[k].run[r], m);
            s->whole[k] /= (double)side[k].n;
        }
        if (s->n)
            continue;
        diff_section_release(s);
        d->n--;
    }
}
