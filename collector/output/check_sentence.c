/* check_sentence: what the formats of `modprof check` say in the same words. */
#include <stdlib.h>
#include <string.h>

#include "collector/output/check_output.h"
#include "collector/util/xalloc.h"

const char *check_reason(const struct finding *f)
{
    if (f->verdict == VERDICT_UNTESTED)
        return "nothing that it speaks of happened";
    if (f->verdict == VERDICT_INCOMPLETE)
        return f->m.doubt;
    return "";
}

char *check_place(const struct finding *f)
{
    char value[HUMAN_MAX];
    if (!f->place || !*f->place)
        return xstrdup("");
    if (f->rule->each || f->rule->metric == metric_at(METRIC_uncovered))
        return xstrdup(f->place);
    enum quantity q = f->rule->metric->quantity;
    if (f->rule->metric->way == WAY_WHOLE && f->rule->metric->contributor != METRIC_NONE)
        q = metric_at(f->rule->metric->contributor)->quantity;
    return xformat("%s (%s)", f->place, quantity_show(value, q, f->place_value));
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
    return xformat("%s%s%s%s", quantity_show(by, f->rule->metric->quantity, f->excess),
                   *share ? " (" : "", share, *share ? ")" : "");
}

char *check_sentence(const struct finding *f)
{
    char value[HUMAN_MAX];
    const char *message = f->rule->message ? f->rule->message : "";
    if (!f->bound)
        return xformat("%s: %s: %s", f->rule->name, verdict_name(f->verdict), check_reason(f));
    char *place = check_place(f);
    char *head = xformat("%s: %s%s%s", f->rule->name,
                         quantity_show(value, f->rule->metric->quantity, f->value),
                         !*place         ? ""
                         : f->rule->each ? " in "
                                         : ", most of it ",
                         place);
    char *by = excess_text(f);
    const char *reason = check_reason(f), *kind = f->below ? "least" : "limit";
    char *text = f->excess > 0 ? xformat("%s: %s %s the %s of %s%s%s%s%s", head, by,
                                         f->below ? "below" : "over", kind, f->bound->text,
                                         *reason ? "; incomplete: " : "", reason,
                                         *message ? ". " : "", message)
                               : xformat("%s, %s %s%s%s", head, kind, f->bound->text,
                                         *reason ? "; incomplete: " : "", reason);
    free(place);
    free(head);
    free(by);
    return text;
}

const char *check_word(const struct check_report *r)
{
    if (r->status == EXIT_OVER)
        return verdict_name(VERDICT_FAIL);
    if (r->status == EXIT_NO_VERDICT)
        return r->findings->count[VERDICT_INCOMPLETE] ? verdict_name(VERDICT_INCOMPLETE)
                                                      : verdict_name(VERDICT_UNTESTED);
    return r->findings->count[VERDICT_WARN] ? verdict_name(VERDICT_WARN)
                                            : verdict_name(VERDICT_PASS);
}

size_t *check_order(const struct findings *f)
{
    static const enum verdict order[] = {VERDICT_FAIL,     VERDICT_INCOMPLETE, VERDICT_WARN,
                                         VERDICT_UNTESTED, VERDICT_PASS,       VERDICT_OFF};
    size_t *at = xcalloc(f->n, sizeof *at), n = 0;
    for (size_t v = 0; v < sizeof order / sizeof *order; v++)
        for (size_t i = 0; i < f->n; i++)
            if (f->at[i].verdict == order[v])
                at[n++] = i;
    return at;
}
