/* verdict: see verdict.h. */
#include "collector/budget/verdict.h"

#include <stdlib.h>
#include <string.h>

#include "collector/util/xalloc.h"

const char *verdict_name(enum verdict v)
{
    static const char *const name[VERDICT_N] = {"off",  "untested",   "pass",
                                                "warn", "incomplete", "fail"};
    return name[v];
}

/* ---- which processes ---- */

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* By the program's name, its script's name (the first argument), or the whole command line. */
static int process_wanted(const struct rule *r, struct digest *d)
{
    struct process *p = d->process;
    if (!r->process.n)
        return 1;
    if (name_set_holds(&r->process, digest_command(d)) ||
        name_set_holds(&r->process, last_part(process_bytes_display(p, p->about.exe))))
        return 1;
    struct rec_bytes argv = p->about.argv;
    const uint8_t *end = argv.n ? memchr(argv.at, 0, argv.n) : NULL;
    if (!end || (size_t)(end + 1 - argv.at) >= argv.n)
        return 0;
    struct rec_bytes script = {
        end + 1, strnlen((const char *)end + 1, argv.n - (size_t)(end + 1 - argv.at))};
    return name_set_holds(&r->process, last_part(process_bytes_display(p, script)));
}

/* ---- one process ---- */

static void hold_most(struct finding *f, const struct bound *bound)
{
    f->bound = bound;
    f->below = 0;
    f->value = f->m.value;
    f->place = f->m.place;
    f->place_value = f->m.place_value;
    f->excess = f->value > bound->value ? f->value - bound->value : 0;
}

static void hold_least(struct finding *f, const struct bound *bound)
{
    f->bound = bound;
    f->below = 1;
    f->value = f->m.smallest;
    f->place = f->m.smallest_place;
    f->place_value = f->m.smallest;
    f->excess = f->value < bound->value ? bound->value - f->value : 0;
}

/* Beyond BOUND: certain unless more data could take it back. */
static enum verdict beyond(const struct finding *f, enum verdict certain)
{
    int may_change = f->below || f->rule->metric->needs & NEED_END;
    return f->m.doubt && may_change ? VERDICT_INCOMPLETE : certain;
}

static void judge(struct finding *f)
{
    const struct rule *r = f->rule;
    enum verdict worst = r->level == LEVEL_WARN ? VERDICT_WARN : VERDICT_FAIL;
    if (r->limit.given) {
        hold_most(f, &r->limit);
        if (f->excess > 0) {
            f->verdict = beyond(f, worst);
            return;
        }
    }
    if (r->at_least.given) {
        hold_least(f, &r->at_least);
        if (f->excess > 0) {
            f->verdict = beyond(f, worst);
            return;
        }
    }
    if (r->warn.given) {
        hold_most(f, &r->warn);
        if (f->excess > 0 && !f->m.doubt) {
            f->verdict = VERDICT_WARN;
            return;
        }
    }
    if (r->limit.given)
        hold_most(f, &r->limit);
    f->verdict = f->m.doubt ? VERDICT_INCOMPLETE : VERDICT_PASS;
}

/* How near to its bound, for choosing the worst process of one verdict. */
static double nearness(const struct finding *f)
{
    if (!f->bound)
        return 0;
    if (f->below)
        return f->value > 0 ? f->bound->value / f->value : 1e300;
    return f->bound->value > 0 ? f->value / f->bound->value : f->value;
}

static void process_judge(struct finding *worst, const struct rule *r, struct digest *d)
{
    struct finding f = {.rule = r, .verdict = VERDICT_UNTESTED, .place = ""};
    if (!process_wanted(r, d))
        return;
    measure(r, d, &f.m);
    if (f.m.n) {
        f.digest = d;
        judge(&f);
    } else if (f.m.doubt) { /* it may have happened, unseen */
        f.digest = d;
        f.verdict = VERDICT_INCOMPLETE;
    }
    if (f.verdict > worst->verdict ||
        (f.verdict == worst->verdict && nearness(&f) > nearness(worst)))
        *worst = f;
}

/* ---- all ---- */

void findings_make(struct findings *f, const struct budget *b, struct digest *const *d, size_t n)
{
    memset(f, 0, sizeof *f);
    f->at = xcalloc(b->n, sizeof *f->at);
    f->n = b->n;
    for (size_t i = 0; i < b->n; i++) {
        const struct rule *r = &b->rule[i];
        struct finding *one = &f->at[i];
        *one = (struct finding){.rule = r, .verdict = VERDICT_UNTESTED, .place = ""};
        if (r->level == LEVEL_OFF)
            one->verdict = VERDICT_OFF;
        for (size_t j = 0; r->level != LEVEL_OFF && j < n; j++)
            process_judge(one, r, d[j]);
        f->count[one->verdict]++;
    }
}

void findings_release(struct findings *f)
{
    free(f->at);
    memset(f, 0, sizeof *f);
}

int findings_status(const struct findings *f, int strict)
{
    size_t undecided = strict ? f->count[VERDICT_UNTESTED] : 0;
    if (f->count[VERDICT_FAIL])
        return EXIT_OVER;
    for (size_t i = 0; i < f->n; i++)
        undecided += f->at[i].verdict == VERDICT_INCOMPLETE && f->at[i].rule->level == LEVEL_ERROR;
    if (undecided || f->count[VERDICT_UNTESTED] + f->count[VERDICT_OFF] == f->n)
        return EXIT_NO_VERDICT;
    return EXIT_FINE;
}
