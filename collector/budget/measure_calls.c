/* measure_calls: calls across the border between Lua and C. */
#include "collector/budget/measure_parts.h"
#include "wire/enums.h"

static int function_wanted(const struct rule *r, const char *label, const char *module)
{
    return measure_wanted(r, &r->func, label) && name_set_allows(&r->module, module);
}

/* Functions that Lua knows but nobody called. */
static void uncalled(struct measure_sink *s)
{
    struct process *p = s->digest->process;
    for (size_t i = 0; i < p->functions.n; i++) {
        const struct rec_function *f = rowset_at(&p->functions, i);
        const char *module;
        const char *label = crossing_label(p, f->id, s->digest->symbols, &module);
        if (function_wanted(s->rule, label, module)) {
            measure_item(s, 0, label);
            return;
        }
    }
}

struct estimate {
    double value, error; /* error: standard error */
};

static void functions(struct measure_sink *s, struct estimate (*of)(const struct crossing_row *))
{
    const struct crossing_rows *rows = &s->digest->crossings;
    for (size_t i = 0; i < rows->n; i++) {
        const struct crossing_row *row = &rows->row[i];
        if (!function_wanted(s->rule, row->label, row->module))
            continue;
        struct estimate e = of(row);
        measure_estimate(s, e.value, e.error, row->label);
    }
    if (!s->m->n)
        uncalled(s);
}

static struct estimate calls_down(const struct crossing_row *row)
{
    return (struct estimate){(double)row->down.n, 0};
}

/* One call that was timed does not tell how much they differ. */
static struct estimate time_down(const struct crossing_row *row)
{
    const struct sampled *t = &row->down;
    return (struct estimate){t->total_ns, t->error_ns >= 0 ? t->error_ns : t->total_ns};
}

static struct estimate calls_up(const struct crossing_row *row)
{
    return (struct estimate){(double)row->up.n, 0};
}

void measure_crossings_down(struct measure_sink *s)
{
    functions(s, calls_down);
}

void measure_crossings_down_time(struct measure_sink *s)
{
    functions(s, time_down);
}

void measure_crossings_up(struct measure_sink *s)
{
    functions(s, calls_up);
}

void measure_callbacks(struct measure_sink *s)
{
    const struct rec_up_calls *u = &s->digest->process->up_calls;
    measure_lua_figure(s, u->callk_n + u->pcallk_n + u->resume_n);
}
