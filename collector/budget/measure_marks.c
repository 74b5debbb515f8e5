/* measure_marks: moments that a program named, what it held then, and how long it took from one to the other. */
#include "collector/budget/measure_parts.h"

static size_t marks_n(const struct process *p)
{
    return p->heap.mark_n;
}

static const struct rec_mark *mark_at(const struct process *p, size_t i)
{
    return &p->heap.mark[i].about;
}

typedef double mark_value(const struct rec_mark *m);

static void marks(struct measure_sink *s, mark_value *value)
{
    struct process *p = s->digest->process;
    uint64_t first = 0, last = 0;
    for (size_t i = 0; i < marks_n(p); i++) {
        const struct rec_mark *m = mark_at(p, i);
        const char *name = process_display(p, m->name);
        if (!measure_wanted(s->rule, &s->rule->mark, name))
            continue;
        first = first ? first : m->at_ns;
        last = m->at_ns;
        measure_item(s, value(m), name);
    }
    s->m->rate_ns = last - first;
}

static double mark_lua(const struct rec_mark *m)
{
    return (double)m->lua_bytes;
}

static double mark_c(const struct rec_mark *m)
{
    return (double)m->c_bytes;
}

static double mark_rss(const struct rec_mark *m)
{
    return (double)m->rss_bytes;
}

static double mark_one(const struct rec_mark *m)
{
    (void)m;
    return 1;
}

void measure_mark_lua(struct measure_sink *s)
{
    marks(s, mark_lua);
}

void measure_mark_c(struct measure_sink *s)
{
    marks(s, mark_c);
}

void measure_mark_rss(struct measure_sink *s)
{
    marks(s, mark_rss);
}

/* As a rate: n marks have n - 1 steps between them; one alone has no rate. */
void measure_marks(struct measure_sink *s)
{
    marks(s, mark_one);
    if (!s->rule->rate)
        return;
    if (s->m->n < 2 || !s->m->rate_ns)
        s->m->n = 0;
    else
        s->sum -= 1;
}

/* ---- intervals ---- */

typedef double interval_value(const struct rec_mark *from, const struct rec_mark *to);

/* The last mark of `from` before one of `to` on the same thread; without a `to`: up to the next of `from`. */
static void intervals(struct measure_sink *s, interval_value *value)
{
    const struct rule *r = s->rule;
    const struct name_set *until = r->to.n ? &r->to : &r->from;
    struct process *p = s->digest->process;
    struct rowset begun; /* const struct rec_mark *, by thread; NULL: none is open */
    rowset_init(&begun, sizeof(void *));
    for (size_t i = 0; i < marks_n(p); i++) {
        const struct rec_mark *m = mark_at(p, i);
        const char *name = process_display(p, m->name);
        const struct rec_mark **from = rowset_put(&begun, m->tid);
        if (*from && name_set_holds(until, name)) {
            measure_item(s, value(*from, m), name);
            *from = NULL;
        }
        if (name_set_holds(&r->from, name))
            *from = m;
    }
    rowset_release(&begun);
}

static double interval_ns(const struct rec_mark *from, const struct rec_mark *to)
{
    return to->at_ns > from->at_ns ? (double)(to->at_ns - from->at_ns) : 0;
}

static double interval_lua(const struct rec_mark *from, const struct rec_mark *to)
{
    return (double)to->lua_bytes - (double)from->lua_bytes;
}

void measure_interval_time(struct measure_sink *s)
{
    intervals(s, interval_ns);
}

void measure_interval_lua(struct measure_sink *s)
{
    intervals(s, interval_lua);
}
