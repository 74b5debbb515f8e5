/* check_sentence: what the formats of `modprof check` say in the same words. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/output/check_output.h"
#include "collector/util/xalloc.h"

const char *check_reason(const struct finding *f)
{
    if (f->verdict == VERDICT_UNTESTED)
        return f->rule->metric->places & (PLACE_MARK | PLACE_INTERVAL)
                   ? "there are no such marks; MODPROF_MARKS=1 lets the program make them"
                   : "nothing that it speaks of happened";
    if (f->verdict == VERDICT_OFF)
        return "the rule is switched off";
    if (f->verdict == VERDICT_INCOMPLETE)
        return f->m.doubt;
    if (f->verdict == VERDICT_UNSTABLE || f->verdict == VERDICT_MISSING)
        return f->relative.why;
    return "";
}

enum check_weight check_weight(const struct check_report *r, const struct finding *f)
{
    switch (f->verdict) {
    case VERDICT_FAIL:
        return WEIGHT_ERROR;
    case VERDICT_UNSTABLE:
    case VERDICT_MISSING:
        return r->lenient || f->rule->level == LEVEL_WARN ? WEIGHT_WARNING : WEIGHT_ERROR;
    case VERDICT_INCOMPLETE:
        return f->rule->level == LEVEL_WARN ? WEIGHT_WARNING : WEIGHT_ERROR;
    case VERDICT_WARN:
        return WEIGHT_WARNING;
    case VERDICT_UNTESTED:
        return WEIGHT_NOTE;
    default:
        return WEIGHT_NONE;
    }
}

char *check_change(const struct finding *f)
{
    const struct relative *x = &f->relative;
    char base[HUMAN_MAX], runs[HUMAN_NOUN_MAX];
    if (x->state == RELATIVE_NONE || x->state == RELATIVE_MISSING)
        return xstrdup("");
    rule_show(base, f->rule, x->base);
    if (!isfinite(x->change))
        return xformat("against %s", base);
    if (!x->tested)
        return xformat("%+.1f%% against %s", x->change * 100, base);
    return xformat("%+.1f%% against %s (%+.1f%% to %+.1f%%; %zu and %s)", x->change * 100, base,
                   x->low * 100, x->high * 100, x->n, human_nouns(runs, x->base_n, "run", "runs"));
}

char *check_place(const struct finding *f)
{
    char value[HUMAN_MAX];
    if (!f->place || !*f->place)
        return xstrdup("");
    int single = f->rule->each && f->rule->at == AT_EXTREME;
    if (single || f->rule->metric == metric_at(METRIC_uncovered))
        return xstrdup(f->place);
    if (f->rule->metric->way == WAY_WHOLE && f->rule->metric->contributor != METRIC_NONE)
        quantity_show(value, metric_at(f->rule->metric->contributor)->quantity, f->place_value);
    else
        rule_show(value, f->rule, f->place_value);
    return xformat("%s (%s)", f->place, value);
}

char *check_share(char *out, const struct finding *f)
{
    if (!f->below && f->bound->value > 0 && f->value >= 10 * f->bound->value)
        snprintf(out, HUMAN_MAX, "x%.0f", f->value / f->bound->value);
    else
        human_share(out, f->excess, f->bound->value);
    return out;
}

static char *excess_text(const struct finding *f)
{
    char by[HUMAN_MAX], share[HUMAN_MAX];
    check_share(share, f);
    return xformat("%s%s%s%s", rule_show(by, f->rule, f->excess), *share ? " (" : "", share,
                   *share ? ")" : "");
}

/* What stands before a place that is not all there is: the largest, which may be a small part of the whole. */
static const char *part_name(const struct finding *f)
{
    return 2 * f->place_value >= f->value ? ", most of it " : ", the largest part ";
}

/* "lua.peak: 31 MiB, most of it app.heavy (20 MiB)". */
static char *head_text(const struct finding *f)
{
    char value[HUMAN_MAX];
    char *place = check_place(f);
    const char *link = !*place                     ? ""
                       : f->rule->at != AT_EXTREME ? ", the largest "
                       : f->rule->each             ? " in "
                                                   : part_name(f);
    char *text = xformat("%s: %s%s%s%s", f->rule->name, f->run_n > 1 ? "median run: " : "",
                         rule_show(value, f->rule, f->value), link, place);
    free(place);
    return text;
}

/* "; 11 ms (56%) over the limit of 20 ms", ", limit 20 ms". */
static char *bound_text(const struct finding *f)
{
    if (!f->bound)
        return xstrdup("");
    if (!(f->excess > 0))
        return xformat(", %s %s", f->below ? "least" : "limit", f->bound->text);
    char *by = excess_text(f);
    char *text = xformat(": %s %s the %s of %s", by, f->below ? "below" : "over",
                         f->below ? "least" : "limit", f->bound->text);
    free(by);
    return text;
}

char *check_sentence(const struct finding *f)
{
    const char *reason = check_reason(f);
    if (!f->digest || !f->m.n)
        return xformat("%s: %s: %s", f->rule->name, verdict_name(f->verdict), reason);
    char *head = head_text(f), *bound = bound_text(f), *change = check_change(f);
    const char *message = f->excess > 0 && f->rule->message ? f->rule->message : "";
    char *text = xformat("%s%s%s%s%s%s%s%s%s%s", head, bound, *change ? "; " : "", change,
                         *reason ? "; " : "", *reason ? verdict_name(f->verdict) : "",
                         *reason ? ": " : "", reason, *message ? ". " : "", message);
    free(head);
    free(bound);
    free(change);
    return text;
}

/* The verdict that explains an exit status of "no verdict". */
static enum verdict undecided(const struct findings *f)
{
    static const enum verdict order[] = {VERDICT_INCOMPLETE, VERDICT_UNSTABLE, VERDICT_MISSING};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (f->count[order[i]])
            return order[i];
    return VERDICT_UNTESTED;
}

const char *check_word(const struct check_report *r)
{
    if (r->status == EXIT_OVER)
        return verdict_name(VERDICT_FAIL);
    if (r->status == EXIT_NO_VERDICT)
        return verdict_name(undecided(r->findings));
    return r->findings->count[VERDICT_WARN] ? verdict_name(VERDICT_WARN)
                                            : verdict_name(VERDICT_PASS);
}

const enum verdict check_verdicts[VERDICT_N] = {
    VERDICT_FAIL, VERDICT_INCOMPLETE, VERDICT_UNSTABLE, VERDICT_MISSING,
    VERDICT_WARN, VERDICT_UNTESTED,   VERDICT_PASS,     VERDICT_OFF};

size_t *check_order(const struct findings *f)
{
    size_t *at = xcalloc(f->n, sizeof *at), n = 0;
    for (size_t v = 0; v < VERDICT_N; v++)
        for (size_t i = 0; i < f->n; i++)
            if (f->at[i].verdict == check_verdicts[v])
                at[n++] = i;
    return at;
}
