/* flame_delta: see flame_delta.h. */
#include "collector/output/flame_delta.h"

#include <math.h>
#include <string.h>

#include "collector/analyse/stack_metric.h"

/* Deeper colours for larger changes. */
static const struct {
    double from;
    const char *less, *more;
} steps[] = {{0.5, "l3", "m3"}, {0.2, "l2", "m2"}, {0, "l1", "m1"}};

const char *flame_delta_class(const struct stack_delta *d, uint32_t node)
{
    double change = stack_delta_change(d, node);
    size_t i = 0;
    if (change == 0)
        return "k4";
    while (fabs(change) < steps[i].from)
        i++;
    return change > 0 ? steps[i].more : steps[i].less;
}

static void put_change(const struct stack_delta *d, const uint64_t w[DELTA_N], FILE *out)
{
    const struct stack_metric *m = d->tree.metric;
    char before[HUMAN_MAX], after[HUMAN_MAX], by[HUMAN_MAX];
    double a = (double)w[DELTA_BEFORE], b = (double)w[DELTA_AFTER];
    fprintf(out, "%s to %s", stack_weight_text(m, before, a), stack_weight_text(m, after, b));
    if (b == a)
        fputs(", the same", out);
    else
        fprintf(out, ", %s %s", stack_weight_text(m, by, fabs(b - a)), b > a ? "more" : "less");
    if (a > 0 && b > 0 && a != b)
        fprintf(out, " (%+.1f%%)", 100 * (b - a) / a);
    else if (a != b)
        fputs(a > 0 ? " (gone)" : " (new)", out);
}

void flame_delta_amounts(const struct stack_delta *d, uint32_t node, FILE *out)
{
    const struct delta_weight *w = &d->weight[node];
    fputs("\ntotal ", out);
    put_change(d, w->total, out);
    if (w->total[DELTA_BEFORE] != w->total[DELTA_AFTER] && !stack_delta_change(d, node))
        fputs(", within chance", out);
    fputs("\nself ", out);
    put_change(d, w->self, out);
}

void flame_delta_heading(const struct stack_delta *d, FILE *out)
{
    char a[HUMAN_MAX], b[HUMAN_NOUN_MAX];
    fprintf(out, "%s: ", d->tree.metric->title);
    put_change(d, d->weight[0].total, out);
    if (d->tree.samples_n)
        fprintf(out, "; %s and %s", human_count(a, d->samples_n[DELTA_BEFORE]),
                human_nouns(b, d->samples_n[DELTA_AFTER], "sample", "samples"));
    if (d->runs[DELTA_BEFORE] > 1 || d->runs[DELTA_AFTER] > 1)
        fprintf(out, "; means of %zu and %s", d->runs[DELTA_BEFORE],
                human_nouns(b, d->runs[DELTA_AFTER], "run", "runs"));
    if (d->shares)
        fprintf(out, "; before scaled by %.3g to the same total",
                d->scale[DELTA_BEFORE] * (double)d->runs[DELTA_BEFORE]);
}

void flame_delta_legend(unsigned x, FILE *out)
{
    static const struct {
        const char *class, *text;
    } entry[] = {{"m3", "much more"},     {"m2", "more"},
                 {"m1", "a little more"}, {"k4", "the same, or chance"},
                 {"l1", "a little less"}, {"l2", "less"},
                 {"l3", "much less"}};
    for (size_t i = 0; i < sizeof entry / sizeof *entry; i++) {
        fprintf(out,
                "<g class=\"%s\"><rect x=\"%u\" y=\"52\" width=\"12\" height=\"12\"/></g>"
                "<text class=\"dim\" x=\"%u\" y=\"62\">%s</text>\n",
                entry[i].class, x, x + 17, entry[i].text);
        x += 40 + (unsigned)(strlen(entry[i].text) * 7.3);
    }
}
