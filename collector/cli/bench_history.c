/* bench_history: see bench_history.h. */
#include "collector/cli/bench_history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "collector/cli/cli.h"
#include "collector/cli/history_baseline.h"
#include "collector/util/xalloc.h"

static char *param_text(const struct bench *b, size_t value)
{
    return b->param ? xformat("%s=%s", b->param, b->value[value].text) : xstrdup("");
}

/* ---- the baseline ---- */

static void value_take(struct bench *b, struct bench_metric *m, const struct store_value *v,
                       size_t value)
{
    for (size_t i = 0; i < v->n; i++)
        bench_sample_add(m, SIDE_REFERENCE, value, v->at[i]);
    b->compared = 1;
}

/* What the program reported then is shown again, if everything is. */
static struct bench_metric *metric_of(struct bench *b, const struct store_value *v)
{
    struct bench_metric *m = bench_metric_named(b, v->metric);
    int reported = !strncmp(v->metric, "op.", 3) || !strncmp(v->metric, "value.", 6);
    if (m || !reported || !b->plan.all_ops)
        return m;
    m = bench_metric_add(b, v->metric, SOURCE_OPS);
    snprintf(m->unit, sizeof m->unit, "%s", v->unit);
    m->more_is_better = v->more_is_better;
    return m;
}

static void values_take(struct bench *b, const struct store_values *values)
{
    for (size_t i = 0; i < values->n; i++) {
        struct bench_metric *m = metric_of(b, &values->at[i]);
        for (size_t v = 0; m && v < b->value_n; v++) {
            char *param = param_text(b, v);
            if (!strcmp(values->at[i].param, param) && !*values->at[i].place)
                value_take(b, m, &values->at[i], v);
            free(param);
        }
    }
}

static int baseline_take(struct bench_history *h, const struct bench_settings *s, struct bench *b,
                         struct store *store, struct err *err)
{
    struct store_wanted w = {.command = b->command[SIDE_APP].text, .machine = h->machine};
    struct store_about about;
    struct store_values values;
    int64_t run = store_baseline_find(store, s->baseline, &w, &about, err);
    if (run < 0)
        return -1;
    if (!run) {
        char *known = history_baseline_names(store, s->baseline);
        h->missing = xformat("there is no baseline %s of this command in %s%s", s->baseline,
                             store_path(store), known);
        free(known);
        return 0;
    }
    if (about.elsewhere && !s->any_machine) {
        h->missing = history_elsewhere(s->baseline, about.run.machine);
        return 0;
    }
    h->baseline_text = history_run_words(&about.run, about.elsewhere);
    int bad = store_values_read(store, run, &values, err);
    if (!bad)
        values_take(b, &values);
    store_values_release(&values);
    if (!bad && !b->compared)
        h->missing = xformat("the baseline %s holds none of these metrics", s->baseline);
    return bad;
}

int bench_history_begin(struct bench_history *h, const struct bench_settings *s, struct bench *b)
{
    struct err err = {""};
    memset(h, 0, sizeof *h);
    machine_describe(h->machine);
    revision_find(&h->revision);
    if (!s->baseline)
        return 0;
    if (!history_is_there(s->history)) {
        h->missing =
            xformat("there is no history yet, so no baseline %s; --save-baseline %s makes it",
                    s->baseline, s->baseline);
        return 0;
    }
    struct store *store = store_open(s->history, STORE_READ, &err);
    int bad = !store || baseline_take(h, s, b, store, &err);
    store_close(store);
    return bad ? cli_error("bench", "%s", err.text) : 0;
}

/* ---- saving ---- */

static size_t values_make(const struct bench *b, struct store_value *v)
{
    size_t n = 0;
    for (size_t i = 0; i < b->metric_n; i++)
        for (size_t k = 0; k < b->value_n; k++) {
            const struct bench_metric *m = &b->metric[i];
            const struct bench_samples *s = &m->sample[SIDE_APP][k];
            if (s->n)
                v[n++] = (struct store_value){.metric = m->name,
                                              .place = "",
                                              .param = param_text(b, k),
                                              .unit = m->unit,
                                              .more_is_better = m->more_is_better,
                                              .counted = m->counted,
                                              .at = s->at,
                                              .n = s->n};
        }
    return n;
}

static int run_save(const struct bench_history *h, const char *baseline, const struct bench *b,
                    struct store *store, struct err *err)
{
    struct store_value *v = xcalloc(b->metric_n * b->value_n + 1, sizeof *v);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct store_run run = {.at_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec,
                            .commit = h->revision.commit,
                            .dirty = h->revision.dirty,
                            .machine = h->machine,
                            .command = b->command[SIDE_APP].text};
    size_t n = values_make(b, v);
    int bad = n ? store_add(store, &run, v, n, baseline, err)
                : err_set(err, "nothing was measured that could be saved");
    for (size_t i = 0; i < n; i++)
        free((void *)(uintptr_t)v[i].param);
    free(v);
    return bad;
}

int bench_history_end(const struct bench_history *h, const struct bench_settings *s,
                      const struct bench *b, int regressed)
{
    struct err err = {""};
    const char *baseline = s->save_baseline;
    if (!s->save && !s->save_baseline && !s->history && !history_is_there(s->history))
        return 0;
    if (baseline && s->baseline && regressed) {
        history_not_moved("bench", baseline);
        baseline = NULL;
    }
    struct store *store = store_open(s->history, STORE_WRITE, &err);
    int bad = !store || run_save(h, baseline, b, store, &err);
    store_close(store);
    return bad ? cli_error("bench", "the run was not saved: %s", err.text) : 0;
}

void bench_history_release(struct bench_history *h)
{
    free(h->baseline_text);
    free(h->missing);
}
