/* draft: see draft.h. */
#include "collector/budget/draft.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/analyse/span_pick.h"
#include "collector/budget/measure.h"
#include "wire/enums.h"

enum { MODULES_MAX = 5 };

/* Counted figures differ little from run to run, times by far more. */
static const double room_exact = 1.25, room_timed = 3;

struct scale {
    const char *unit;
    double factor;
};

static const struct scale scales[][4] = {
    [QUANTITY_TIME] = {{"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}},
    [QUANTITY_BYTES] = {{"GiB", 0x1p30}, {"MiB", 0x1p20}, {"KiB", 0x1p10}, {"B", 1}},
    [QUANTITY_COUNT] = {{"G", 1e9}, {"M", 1e6}, {"k", 1e3}, {"", 1}},
    [QUANTITY_SHARE] = {{"%", 1}},
};

static double round_up(double v)
{
    double step = 1;
    while (v / step >= 100)
        step *= 10;
    while (v / step < 10 && v < 10 && step > 0.1)
        step /= 10;
    return ceil(v / step - 1e-9) * step;
}

char *draft_limit(char *out, enum quantity q, double value, double room)
{
    const struct scale *s = scales[q];
    double v = value * room;
    while (s->factor > 1 && v < s->factor)
        s++;
    v = s->factor == 1 ? ceil(v) : round_up(v / s->factor);
    if (s->factor == 1 && v >= 100)
        v = round_up(v);
    snprintf(out, HUMAN_MAX, "%.10g%s%s", v, q >= QUANTITY_COUNT ? "" : " ", s->unit);
    return out;
}

/* The largest value over all processes; 0 where nothing matched. */
static int most(const struct rule *r, struct digest *const *d, size_t n, double *value)
{
    int seen = 0;
    for (size_t i = 0; i < n; i++) {
        struct measured m;
        measure(r, d[i], &m);
        if (m.n && (!seen || m.value > *value)) {
            *value = m.value;
            seen = 1;
        }
    }
    return seen;
}

/* A Lua string, in quotes. */
static void string_put(const char *text, FILE *out)
{
    fputc('"', out);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            fprintf(out, "\\%03u", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

static void rule_put(FILE *out, const struct rule *r, struct digest *const *d, size_t n)
{
    char limit[HUMAN_MAX], now[HUMAN_MAX];
    const struct metric *m = r->metric;
    double value = 0;
    if (!most(r, d, n, &value) || value < 0 || (!value && m->quantity != QUANTITY_COUNT))
        return;
    int timed = m->timing != TIMING_EXACT;
    fprintf(out, "  { metric = \"%s\"", m->name);
    if (r->module.n) {
        fputs(", module = ", out);
        string_put(r->module.at[0], out);
    }
    if (m->direction == DIRECTION_MORE)
        fprintf(out, ", at_least = %.0f", value);
    else
        fprintf(out, ", limit = \"%s\"",
                draft_limit(limit, m->quantity, value, timed ? room_timed : room_exact));
    fprintf(out, "%s }, -- now %s\n", timed ? ", level = \"warn\"" : "",
            quantity_show(now, m->quantity, value));
}

static void section(FILE *out, const char *comment, const enum metric_id *id,
                    struct digest *const *d, size_t n)
{
    fprintf(out, "\n  -- %s\n", comment);
    for (; *id != METRIC_NONE; id++) {
        struct rule r = {.metric = metric_at(*id), .phase = -1, .kind = -1};
        r.each = r.metric->way == WAY_EACH;
        rule_put(out, &r, d, n);
    }
}

/* A name that would be taken as a glob can not be named by itself. */
static int is_plain(const char *name)
{
    return *name && !strpbrk(name, "*?[");
}

static int loaded(const struct span_node *n)
{
    return !n->open && n->span->end.status == SPAN_OK && n->span->end.load != LOAD_NOT_FOUND &&
           n->span->end.load != LOAD_CIRCULAR;
}

static void modules(FILE *out, struct digest *const *d, size_t n)
{
    struct digest *largest = d[0];
    for (size_t i = 1; i < n; i++)
        if (d[i]->modules.total_ns > largest->modules.total_ns)
            largest = d[i];
    struct span_pick pick;
    span_pick(&pick, &largest->spans, largest->process, NULL, SPAN_BY_SELF, SIZE_MAX);
    size_t said = 0;
    for (size_t i = 0; i < pick.n && said < MODULES_MAX; i++) {
        const struct span_node *node = &largest->spans.node[pick.node[i]];
        if (node->span->begin.kind != SPAN_REQUIRE || !loaded(node) || !is_plain(node->name))
            continue;
        if (!said)
            fputs("\n  -- The modules that took longest by themselves.\n", out);
        const char *name = node->name;
        struct rule r = {
            .metric = metric_at(METRIC_module_self), .phase = -1, .kind = -1, .each = 1};
        r.module = (struct name_set){&name, 1, 1};
        rule_put(out, &r, d, n);
        r.metric = metric_at(METRIC_module_lua);
        rule_put(out, &r, d, n);
        said++;
    }
    span_pick_release(&pick);
}

void draft_write(FILE *out, struct digest *const *d, size_t n)
{
    static const enum metric_id counted[] = {
        METRIC_modules_loaded, METRIC_modules_failed, METRIC_files_tried, METRIC_chunks_repeated,
        METRIC_lua_peak,       METRIC_lua_allocated,  METRIC_lua_blocks,  METRIC_c_peak,
        METRIC_crossings_down, METRIC_callbacks,      METRIC_NONE};
    static const enum metric_id timed[] = {METRIC_first_line, METRIC_modules_total, METRIC_NONE};
    static const enum metric_id trust[] = {METRIC_losses, METRIC_uncovered, METRIC_NONE};
    fputs(
        "-- Budgets for `modprof check`; modprof-config(5) describes this file, and\n"
        "-- `modprof check --metrics` lists what can be limited.\n"
        "-- Written from one run, with head-room: a quarter for what is counted, three times for\n"
        "-- times. Times only warn: they differ from run to run and from machine to machine.\n\n"
        "defaults = { level = \"error\" }\n\n"
        "budgets = {\n",
        out);
    section(out, "Counted: the same in each run, or nearly so.", counted, d, n);
    section(out, "Times.", timed, d, n);
    modules(out, d, n);
    section(out, "Whether the figures can be trusted.", trust, d, n);
    fputs("}\n", out);
}
