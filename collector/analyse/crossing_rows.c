/* crossing_rows: see crossing_rows.h. */
#include "collector/analyse/crossing_rows.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/util/escape.h"
#include "collector/util/xalloc.h"

/* How many of N calls a thread times by the writer's schedule (docs/FORMAT.md, crossing): the first
 * 32, then one in count/32, at least one in 1024. */
static double timed_expected(double n)
{
    const double all = 32, period_max = 1024, knee = all * period_max;
    if (n <= all)
        return n;
    if (n <= knee)
        return all + all * log(n / all);
    return all + all * log(period_max) + (n - knee) / period_max;
}

/* Calls left by an error or a yield have no duration, and are not in the sums.  How many of N calls
 * the sums stand for: all, unless fewer were timed than the schedule would give. */
static double returned_estimate(double n, double timed_n)
{
    double share = timed_n / timed_expected(n);
    if (n <= 32)
        return timed_n;
    return share > 0.8 ? n : n * share; /* the schedule is a random one */
}

struct sampled sampled_make(uint64_t n, uint64_t timed_n, uint64_t sum_ns, uint64_t sum_sq_us2)
{
    struct sampled s = {.n = n, .timed_n = timed_n, .error_ns = -1};
    double timed = (double)timed_n;
    if (!n || !timed_n)
        return s;
    s.total_ns = (double)sum_ns;
    s.returned_n = fmax(returned_estimate((double)n, timed), timed);
    s.mean_ns = s.total_ns / s.returned_n;
    double variance = (double)sum_sq_us2 * 1e6 / s.returned_n - s.mean_ns * s.mean_ns;
    if (timed >= s.returned_n) /* every call was timed: nothing is estimated */
        s.error_ns = 0;
    else if (timed_n > 1)
        s.error_ns = s.returned_n * sqrt(fmax(variance, 0) / timed * (1 - timed / s.returned_n));
    return s;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

void crossing_symbol(struct crossing_row *row, struct process *p, struct symbols *symbols)
{
    if (*row->symbol || !row->in)
        return;
    struct text path = process_text(p, row->in->path);
    struct symbol_query q = {path.at, row->in->build_id.at, row->in->build_id.n, row->offset,
                             process_attach_real_ns(p)};
    const char *name = symbol_name(symbols, &q, &row->file);
    if (!name)
        return;
    char *escaped = escape_text(name, strlen(name));
    row->symbol = pool_copy(&p->pool, escaped, strlen(escaped));
    free(escaped);
}

static const char *unnamed_label(struct crossing_row *row, struct process *p,
                                 struct symbols *symbols)
{
    crossing_symbol(row, p, symbols);
    if (*row->symbol)
        return row->symbol;
    if (*row->object)
        return pool_format(&p->pool, "%s+0x%" PRIx64, base_name(row->object), row->offset);
    return pool_format(&p->pool, "0x%" PRIx64, row->address);
}

/* Functions that Lua knows without a module are globals, or "string.gmatch (inner)": known by the
 * function that made them. */
static const char *module_name(const struct crossing_row *row, struct process *p, const char *name,
                               const char *module)
{
    const char *dot = strrchr(name, '.');
    if (*module)
        return module;
    if (*name)
        return dot ? pool_copy(&p->pool, name, (size_t)(dot - name)) : "_G";
    return *row->object ? base_name(row->object) : "?";
}

static void label(struct crossing_row *row, struct process *p, const struct rec_function *f,
                  struct symbols *symbols)
{
    const char *name = process_display(p, f->name), *module = process_display(p, f->module);
    const char *type = process_display(p, f->type_name);
    row->named = *name != 0;
    if (!*name)
        row->label = unnamed_label(row, p, symbols);
    else if (*type)
        row->label = pool_format(&p->pool, "%s:%s", type, name);
    else if (*module && strcmp(module, "_G"))
        row->label = pool_format(&p->pool, "%s.%s", module, name);
    else
        row->label = name;
    row->module = module_name(row, p, name, module);
}

static void row_fill(struct crossing_row *row, struct process *p, const struct rec_crossing *c,
                     struct symbols *symbols)
{
    static const struct rec_function unknown;
    const struct rec_function *f = rowset_find(&p->functions, c->function);
    int lost = !f;
    if (lost)
        f = &unknown;
    row->function = c->function;
    row->symbol = "";
    row->object = lost ? "" : process_object_path(p, f->object);
    row->in = lost ? NULL : rowset_find(&p->objects, f->object);
    row->kind = f->kind;
    row->address = f->address;
    row->offset = row->in ? f->address - row->in->bias : f->address;
    row->down = sampled_make(c->down_n, c->down_timed_n, c->down_ns, c->down_sq_us2);
    row->up = sampled_make(c->up_n, c->up_timed_n, c->up_ns, c->up_sq_us2);
    label(row, p, f, symbols);
    if (row->kind == FUNCTION_FFI)
        row->label = pool_format(&p->pool, "%s (ffi)", row->label);
    if (lost)
        row->label = pool_format(&p->pool, "<lost> function %" PRIu64, c->function);
}

const char *crossing_label(struct process *p, uint64_t function, struct symbols *symbols,
                           const char **module)
{
    struct crossing_row row = {0};
    row_fill(&row, p, &(struct rec_crossing){.function = function}, symbols);
    *module = row.module;
    return row.label;
}

void crossing_rows_build(struct crossing_rows *r, struct process *p, struct symbols *symbols)
{
    memset(r, 0, sizeof *r);
    r->row = xcalloc(p->crossings.n, sizeof *r->row);
    for (size_t i = 0; i < p->crossings.n; i++) {
        const struct rec_crossing *c = rowset_at(&p->crossings, i);
        if (!c->down_n && !c->up_n)
            continue;
        row_fill(&r->row[r->n++], p, c, symbols);
        r->down_n += c->down_n;
        r->up_n += c->up_n;
    }
}

void crossing_rows_release(struct crossing_rows *r)
{
    free(r->row);
    memset(r, 0, sizeof *r);
}

static void sampled_add(struct sampled *sum, const struct sampled *s)
{
    sum->n += s->n;
    if (!s->timed_n)
        return;
    sum->timed_n += s->timed_n;
    sum->returned_n += s->returned_n;
    sum->total_ns += s->total_ns;
    if (s->error_ns < 0)
        sum->error_ns = -1;
    else if (sum->error_ns >= 0)
        sum->error_ns = hypot(sum->error_ns, s->error_ns);
    sum->mean_ns = sum->total_ns / sum->returned_n;
}

static int by_module(const void *pa, const void *pb)
{
    const struct crossing_row *a = *(const struct crossing_row *const *)pa;
    const struct crossing_row *b = *(const struct crossing_row *const *)pb;
    return strcmp(a->module, b->module);
}

void crossing_modules_build(struct crossing_modules *m, const struct crossing_rows *r)
{
    const struct crossing_row **sorted = xcalloc(r->n, sizeof *sorted);
    memset(m, 0, sizeof *m);
    m->row = xcalloc(r->n, sizeof *m->row);
    for (size_t i = 0; i < r->n; i++)
        sorted[i] = &r->row[i];
    qsort(sorted, r->n, sizeof *sorted, by_module);
    for (size_t i = 0; i < r->n; i++) {
        if (!i || strcmp(sorted[i - 1]->module, sorted[i]->module))
            m->row[m->n++].module = sorted[i]->module;
        struct crossing_module *row = &m->row[m->n - 1];
        row->function_n++;
        sampled_add(&row->down, &sorted[i]->down);
        sampled_add(&row->up, &sorted[i]->up);
    }
    free(sorted);
}

void crossing_modules_release(struct crossing_modules *m)
{
    free(m->row);
    memset(m, 0, sizeof *m);
}
