/* check_history: see check_history.h. */
#include "collector/cli/check_history.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "collector/bench/bench_command.h"
#include "collector/bench/bench_wanted.h"
#include "collector/cli/cli.h"
#include "collector/cli/history_baseline.h"
#include "collector/history/machine.h"
#include "collector/history/revision.h"
#include "collector/util/xalloc.h"

/* Workers of a program do other work than the program. */
static const char worker_mark[] = " [forked]";
/* `bench` adds up what `check` holds against its limits one by one: the place tells the one from the other. */
static const char each_place[] = "each";

/* ---- places and keys ---- */

static const char *place_of(struct pool *pool, const struct rule *r)
{
    const char *key = rule_key(pool, r), *rest = key + strlen(r->metric->name);
    if (*rest)
        return rest + 1;
    return r->each ? each_place : "";
}

/* The key of the rule that V is of, NULL where there can be no such rule. */
static const char *key_of(struct pool *pool, const struct store_value *v)
{
    struct rule r;
    if (!strcmp(v->place, each_place))
        return v->metric;
    if (*v->place)
        return pool_format(pool, "%s %s", v->metric, v->place);
    const char *key = bench_wanted_rule(&r, v->metric, pool, NULL) ? NULL : rule_key(pool, &r);
    free(r.func.at);
    free(r.module.at);
    free(r.chunk.at);
    free(r.library.at);
    return key;
}

/* ---- the baseline ---- */

static int run_take(struct baseline *b, struct store *store, const struct store_run *run,
                    struct err *err)
{
    struct store_values values;
    int bad = store_values_read(store, run->id, &values, err);
    size_t n = strlen(run->command), mark_n = strlen(worker_mark);
    int forked = n > mark_n && !strcmp(run->command + n - mark_n, worker_mark);
    const char *command = pool_copy(&b->pool, run->command, n - (forked ? mark_n : 0));
    for (size_t i = 0; !bad && i < values.n; i++) {
        const struct store_value *v = &values.at[i];
        const char *key = *v->param ? NULL : key_of(&b->pool, v);
        if (key)
            baseline_add(b, &(struct baseline_row){key, command, forked, (double *)v->at, v->n});
    }
    store_values_release(&values);
    return bad;
}

static int is_taken(const struct store_baselines *list, size_t n, const char *machine,
                    const struct store_run *run)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(list->at[i].run.command, run->command) &&
            !strcmp(list->at[i].run.machine, machine))
            return 1;
    return 0;
}

/* The newest first: of this machine, then, where S allows it, of commands that this machine has not got. */
static int runs_take(struct baseline *b, const struct check_settings *s, struct store *store,
                     const struct store_baselines *list, struct err *err)
{
    char machine[MACHINE_MAX];
    machine_describe(machine);
    for (size_t i = 0; i < list->n; i++) {
        const struct store_run *run = &list->at[i].run;
        int here = !strcmp(run->machine, machine);
        int wanted = here || (s->any_machine && !is_taken(list, list->n, machine, run) &&
                              !is_taken(list, i, run->machine, run));
        if (!wanted)
            continue;
        if (!b->about)
            b->about = history_run_words(run, !here);
        if (run_take(b, store, run, err))
            return -1;
    }
    if (!b->about && list->n)
        b->missing = history_elsewhere(b->name, list->at[0].run.machine);
    return 0;
}

static int store_take(struct baseline *b, const struct check_settings *s, struct store *store,
                      struct err *err)
{
    struct store_wanted any = {0};
    struct store_baselines list;
    int bad = store_baselines_read(store, b->name, &any, &list, err);
    if (!bad && !list.n) {
        char *names = history_baseline_names(store, b->name);
        b->missing = xformat("there is no baseline %s: no such file, and none of that name in %s%s",
                             b->name, store_path(store), names);
        free(names);
    }
    bad = bad || runs_take(b, s, store, &list, err);
    free(list.at);
    return bad;
}

int check_history_read(struct baseline *b, const struct check_settings *s)
{
    struct err err = {""};
    if (!history_is_there(s->history)) {
        b->missing = xformat("there is no baseline %s: no such file, and no history that has it; "
                             "--save-baseline makes one",
                             b->name);
        return 0;
    }
    struct store *store = store_open(s->history, STORE_READ, &err);
    int bad = !store || store_take(b, s, store, &err);
    store_close(store);
    return bad ? cli_error("check", "%s", err.text) : 0;
}

/* ---- saving ---- */

struct saving {
    const struct findings *f;
    struct store *store;
    struct store_run run;
    const char *baseline;
    struct pool pool;
    size_t saved, doubtful; /* commands; rules */
};

static int has_value(const struct store_value *v, size_t n, const char *metric, const char *place)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(v[i].metric, metric) && !strcmp(v[i].place, place))
            return 1;
    return 0;
}

static const struct finding_runs *runs_of(const struct finding *f, const struct run_group *g)
{
    for (size_t i = 0; i < f->runs_n; i++)
        if (f->runs[i].group == g && f->runs[i].n)
            return &f->runs[i];
    return NULL;
}

static size_t values_make(struct saving *s, const struct run_group *g, struct store_value *v)
{
    size_t n = 0;
    for (size_t i = 0; i < s->f->n; i++) {
        const struct rule *r = s->f->at[i].rule;
        const struct finding_runs *runs = runs_of(&s->f->at[i], g);
        const char *place = place_of(&s->pool, r);
        if (!runs || has_value(v, n, r->metric->name, place)) /* two rules may measure the same */
            continue;
        if (runs->doubt) {
            s->doubtful++;
            continue;
        }
        v[n++] = (struct store_value){.metric = r->metric->name,
                                      .place = place,
                                      .param = "",
                                      .unit = rule_unit(r),
                                      .more_is_better = r->metric->direction == DIRECTION_MORE,
                                      .counted = !rule_timed(r),
                                      .at = runs->value,
                                      .n = runs->n};
    }
    return n;
}

/* As `bench` writes it, so that both have one history. */
static const char *command_of(struct pool *pool, const struct run_group *g)
{
    struct rec_bytes argv = g->d[0]->process->about.argv;
    struct bench_command c = {0};
    char **word = NULL;
    size_t n = 0, cap = 0;
    for (size_t at = 0; at < argv.n; at += strlen(word[n++]) + 1) {
        word = xgrow(word, n + 1, &cap, sizeof *word);
        word[n] = xstrndup((const char *)argv.at + at, argv.n - at);
        word[n + 1] = NULL;
    }
    const char *text = n && !bench_command_words(&c, word, NULL) ? c.text : g->command;
    const char *command = pool_format(pool, "%s%s", text, g->forked ? worker_mark : "");
    for (size_t i = 0; i < n; i++)
        free(word[i]);
    free(word);
    bench_command_release(&c);
    return command;
}

static int group_save(struct saving *s, const struct run_group *g, struct err *err)
{
    struct store_value *v = xcalloc(s->f->n + 1, sizeof *v);
    size_t n = values_make(s, g, v);
    s->run.command = command_of(&s->pool, g);
    int bad = n ? store_add(s->store, &s->run, v, n, s->baseline, err) : 0;
    s->saved += n > 0;
    free(v);
    return bad;
}

static int all_save(struct saving *s, const struct check_settings *set, const struct run_groups *g,
                    struct err *err)
{
    int bad = !(s->store = store_open(set->history, STORE_WRITE, err));
    for (size_t i = 0; !bad && i < g->n; i++)
        bad = group_save(s, &g->at[i], err);
    store_close(s->store);
    if (!bad && !s->saved)
        return err_set(err, "nothing was measured that could be saved");
    if (!bad && s->doubtful)
        cli_error("check", "%zu rule%s not saved: what was seen is incomplete", s->doubtful,
                  s->doubtful == 1 ? " was" : "s were");
    return bad;
}

int check_history_save(const struct check_settings *s, const struct findings *f,
                       const struct run_groups *g, int worse)
{
    struct err err = {""};
    char machine[MACHINE_MAX];
    struct revision revision;
    struct timespec now;
    if (!s->save && !s->save_baseline)
        return 0;
    machine_describe(machine);
    revision_find(&revision);
    clock_gettime(CLOCK_REALTIME, &now);
    struct saving saving = {.f = f,
                            .run = {.at_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec,
                                    .commit = revision.commit,
                                    .dirty = revision.dirty,
                                    .machine = machine},
                            .baseline = worse ? NULL : s->save_baseline};
    if (worse && s->save_baseline)
        history_not_moved("check", s->save_baseline);
    int bad = all_save(&saving, s, g, &err);
    pool_release(&saving.pool);
    return bad ? cli_error("check", "the run was not saved: %s", err.text) : 0;
}
