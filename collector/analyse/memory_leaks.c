/* memory_leaks: see memory_leaks.h. */
#include "collector/analyse/memory_leaks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/util/xalloc.h"

enum {
    CHECKS_ENOUGH = 3, /* to see something rise */
    EVENTS_LEAST = 8,  /* blocks and growths: a few blocks are no trend */
    GROWTHS_OWN = 64,  /* a table that doubled so often does not exist */
    BLOCK_LEAST = 16,  /* bytes: the smallest size class */
    JUMPS_MOST = 256,  /* growths smaller than such a part of what is held are no jumps */
    LUMPS_LEAST =
        64 /* times as large as what is held is what a table was freed of that has doubled */
};

/* Parts of what is held: less than that is noise; more of it held than that is kept. */
static const double noise = 0.05, fall = 0.2, rise = 0.35, all_kept = 0.9, most_kept = 0.67;

/* Standard errors that an estimate has to be above zero; that a rise has to be below what it was before. */
static const double errors_least = 3, errors_stopped = 3.5;

/* A rise that has become less than such a part of what it was, over such a part of the run and more, has stopped.  What it was is
 * looked for over the half before. */
static const double slowed = 0.4, last_part = 0.12, half = 0.55;

/* Where it is known what was made since, whatever the collector did, a smaller part is enough; if no earlier one made less than such a
 * part of the mean of these, nor the mean such a part of it. */
static const double quiet_part = 0.08, even = 0.6;

const char *leak_verdict_name(enum leak_verdict v)
{
    static const char *const name[] = {"rises", "stopped", "unsure", "kept"};
    return name[v];
}

static double held_at(const struct leak_course *c, unsigned check)
{
    return (double)c->sums->check[check].bytes;
}

static double made(const struct leak_course *c)
{
    return (double)c->sums->of[MEMORY_MADE].bytes;
}

static double held(const struct leak_course *c)
{
    return (double)c->sums->of[MEMORY_LIVE].bytes;
}

static int nothing_freed(const struct leak_course *c)
{
    const struct memory_amount *m = &c->sums->of[MEMORY_MADE], *l = &c->sums->of[MEMORY_LIVE];
    return held(c) >= all_kept * made(c) && (double)l->n >= all_kept * (double)m->n;
}

/* Standard error of BYTES of what was made. */
static double error_of(const struct leak_course *c, double bytes)
{
    return made(c) > 0 ? sqrt(c->sums->made_variance * bytes / made(c)) : 0;
}

static int is_sampled(const struct leak_course *c)
{
    return c->sums->made_variance > 0;
}

/* Sampled: a few samples of what is thrown away do not look like something held. */
static int above_error_at_check(const struct leak_course *c)
{
    return held_at(c, 0) > errors_least * error_of(c, held_at(c, 0));
}

/* What is never thrown away needs no collection to be told from garbage: then samples since the check before the newest are as
 * good, and there are more of them. */
static int above_error(const struct leak_course *c)
{
    double since = held(c) - held_at(c, 1);
    return above_error_at_check(c) ||
           (nothing_freed(c) && since > errors_least * error_of(c, since));
}

/* Checks see garbage, too: what died while the collector was at work, or just after it.  That is in proportion to what a place
 * makes, and half of the heap is a lot of it. */
static int above_garbage(const struct leak_course *c)
{
    double part = c->clock_end > 0 ? c->heap_bytes / c->clock_end : 0;
    return nothing_freed(c) || held_at(c, 0) > made(c) * (part < 1 ? part : 1) / 2;
}

static int never_fell(const struct leak_course *c)
{
    for (unsigned i = 1; i < c->check_n; i++)
        if (held_at(c, i) > held_at(c, i - 1) + noise * held_at(c, 0))
            return 0;
    return 1;
}

/* Nor was it emptied in between: work that piles up and is done again may be higher at each of a few checks.  A leak does not fall
 * at all; a little garbage that was there at a check may, where it is certain that it rose all the same. */
static int never_emptied(const struct leak_course *c)
{
    double newest = held_at(c, 0), before = held_at(c, 1), fell = 0;
    for (unsigned i = 0; i < c->check_n && i < CHECKS_ENOUGH; i++)
        fell += (double)c->sums->fell_bytes[i];
    return fell <= noise * newest ||
           (fell <= fall * newest && newest - before > errors_least * error_of(c, newest + before));
}

/* What it holds comes in jumps: few blocks that grow by much.  Many small ones that grow do so all the time. */
static int doubles(const struct leak_course *c)
{
    const struct memory_amount *g = &c->sums->of[MEMORY_GROWN];
    return 2 * (double)g->bytes > made(c) &&
           (double)g->bytes * JUMPS_MOST >= held(c) * (double)g->n;
}

/* Over the newest three checks, and since the one before the newest.  A table's array only changes when it doubles, which may be
 * just after the newest. */
static int rose(const struct leak_course *c)
{
    double newest = held_at(c, 0), before = held_at(c, 1), first = held_at(c, 2);
    return newest >= (1 + rise) * (1 + rise) * first &&
           (newest >= (1 + rise) * before || (doubles(c) && held(c) >= (1 + rise) * newest));
}

/* It was there at three checks; or at two, and most of what had been made by then was still held. */
static int seen_enough(const struct leak_course *c)
{
    double by_then = made(c) / c->clock_ratio;
    return nothing_freed(c) || (c->check_n >= CHECKS_ENOUGH &&
                                (held_at(c, 2) > 0 || held_at(c, 0) >= most_kept * by_then));
}

/* Held when RATIO times as much had been allocated as by the newest check. */
static double due(const struct leak_course *c, double ratio)
{
    return held_at(c, 0) * (1 - noise + rise * (ratio - 1));
}

/* Has gone on since the newest check, as far as that can be expected: up to the end, where there is garbage again, and up to the
 * last collection that was looked at, where there is none. */
static int goes_on(const struct leak_course *c)
{
    return held(c) >= due(c, c->clock_ratio) &&
           (c->look_ratio <= 1 || doubles(c) ||
            (double)c->sums->look_bytes >= due(c, c->look_ratio));
}

/* What it rose by for each byte allocated, over the half before the moment AT, when it held BYTES. */
static double slope_before(const struct leak_course *c, double at, double bytes)
{
    for (unsigned i = 0; i < c->check_n; i++)
        if (c->check_clock[i] <= at * half)
            return (bytes - held_at(c, i)) / (at - c->check_clock[i]);
    return bytes / at;
}

/* Bytes by which it may have risen in one jump: a table's hash part doubles as a new block, and the old one is freed.  All that was
 * freed of it is then about as much as the last that it grew by. */
static double lump(const struct leak_course *c)
{
    const struct memory_amount *m = &c->sums->of[MEMORY_MADE], *l = &c->sums->of[MEMORY_LIVE];
    double freed = made(c) - held(c), freed_n = (double)m->n - (double)l->n;
    return freed_n > 0 && freed * (double)l->n > LUMPS_LEAST * held(c) * freed_n ? freed : 0;
}

/* What was held when so much had been allocated. */
struct moment {
    double clock, bytes;
};

/* From FROM to TO it rose by much less than before, and by less than chance explains.  Where it fell there was garbage at FROM, and
 * what was held is not known. */
static int stopped_between(const struct leak_course *c, struct moment from, struct moment to)
{
    if (from.clock <= 0 || to.clock - from.clock < last_part * to.clock)
        return 0;
    double due_rise = slope_before(c, from.clock, from.bytes - lump(c)) * (to.clock - from.clock);
    double rise_since = to.bytes - from.bytes;
    return rise_since >= -noise * from.bytes && rise_since < slowed * due_rise &&
           due_rise - rise_since > errors_stopped * error_of(c, due_rise);
}

/* Was made since the moment I of those not long ago. */
static double made_since(const struct leak_course *c, unsigned i)
{
    return (double)c->sums->since_bytes[i];
}

static unsigned past_n(const struct leak_course *c)
{
    unsigned n = 0;
    while (n < MEMORY_PAST && c->since_clock[n] > 0)
        n++;
    return n;
}

/* What was made for each byte allocated, from the moment FIRST to the moment LAST, which is later. */
static double rate(const struct leak_course *c, unsigned first, unsigned last)
{
    return (made_since(c, first) - made_since(c, last)) /
           (c->since_clock[last] - c->since_clock[first]);
}

/* The first moment that is up to LENGTH before the moment I, or the next one. */
static unsigned moment_before(const struct leak_course *c, unsigned i, double length)
{
    unsigned k = i + 1, n = past_n(c);
    while (k + 1 < n && c->since_clock[i] - c->since_clock[k + 1] <= length)
        k++;
    return k;
}

/* Before the moment I, too, there were stretches of up to LENGTH in which much less, or more, was made than in others, or short ones
 * in which next to nothing was: it comes in bursts. */
static int was_uneven_before(const struct leak_course *c, unsigned i, double length)
{
    unsigned n = past_n(c);
    for (unsigned j = i; j + 1 < n; j++) {
        double mean = rate(c, n - 1, i), here = rate(c, moment_before(c, j, length), j);
        if (here < even * mean || even * here > mean || rate(c, j + 1, j) < slowed * mean)
            return 1;
    }
    return 0;
}

/* What was made since the moment I, of which it can not have risen by more, is much less than what it rose by before, and than
 * chance explains. */
static int made_little_since(const struct leak_course *c, unsigned i)
{
    double at = c->since_clock[i], length = c->clock_end - at, since = made_since(c, i);
    if (length < quiet_part * c->clock_end)
        return 0;
    double slope = slope_before(c, at, held(c) - since - lump(c)), due_rise = slope * length;
    return since < slowed * due_rise && due_rise - since > errors_stopped * error_of(c, due_rise) &&
           !was_uneven_before(c, i, length);
}

/* No collection is needed to see that. */
static int made_little_at_last(const struct leak_course *c)
{
    for (unsigned i = 0; i < past_n(c); i++)
        if (made_little_since(c, i))
            return 1;
    return 0;
}

/* At the end there is garbage, too: what did not rise in spite of it did not rise.  A table's array only changes when it doubles: of
 * that nothing can be said. */
static int stopped(const struct leak_course *c)
{
    const struct moment end = {c->clock_end, held(c)},
                        look = {c->look_clock, (double)c->sums->look_bytes};
    if (doubles(c))
        return 0;
    for (unsigned i = 0; i < MEMORY_LATE; i++) {
        const struct moment late = {c->late_clock[i], (double)c->sums->late_bytes[i]};
        if (stopped_between(c, late, look) || stopped_between(c, late, end))
            return 1;
    }
    return stopped_between(c, look, end) || made_little_at_last(c);
}

/* Of what is never freed no sample was drawn in the last part: it may have stopped, or it is chance. */
static int silent_at_last(const struct leak_course *c)
{
    if (!is_sampled(c) || !nothing_freed(c) || doubles(c))
        return 0;
    for (unsigned i = 0; i < MEMORY_LATE; i++)
        if (c->late_clock[i] > 0 && c->clock_end - c->late_clock[i] >= last_part * c->clock_end &&
            held(c) <= (double)c->sums->late_bytes[i])
            return 1;
    return 0;
}

/* Lua's own table of strings, and other things that nobody's code made, grow with what others keep. */
static int is_nobodys(const struct leak_course *c)
{
    return c->nobodys && c->sums->of[MEMORY_GROWN].n < GROWTHS_OWN &&
           c->sums->check[0].n <= c->sums->check[1].n;
}

/* Too few samples of what is held, for whatever verdict. */
static int few_held(const struct leak_course *c)
{
    return held(c) < errors_least * sqrt(c->sums->live_variance);
}

/* It is not known what held more and more of the time and what was made once: all that can be said is that it rose, since the
 * first check, or since the one before the newest. */
static int too_few_samples(const struct leak_course *c)
{
    if (!c->check_n || c->sums->seen_n <= 1 || c->nobodys)
        return 0;
    if (few_held(c))
        return held(c) > (1 + rise) * held_at(c, c->check_n - 1);
    return is_sampled(c) && !above_error_at_check(c) && held(c) > (1 + rise) * held_at(c, 1);
}

enum leak_verdict leak_judge(const struct leak_course *c)
{
    uint64_t events = c->sums->of[MEMORY_LIVE].n + c->sums->of[MEMORY_GROWN].n;
    if (held(c) <= 0 || events < EVENTS_LEAST)
        return LEAK_KEPT;
    if (c->check_n >= 2 && held_at(c, 0) > 0 && never_fell(c) && never_emptied(c) && rose(c) &&
        goes_on(c) && seen_enough(c) && above_error(c) && above_garbage(c) && !is_nobodys(c))
        return stopped(c) ? LEAK_STOPPED : silent_at_last(c) ? LEAK_UNSURE : LEAK_RISES;
    if (c->check_n < CHECKS_ENOUGH && nothing_freed(c) &&
        (!c->check_n || held(c) > (1 + rise) * held_at(c, 0)))
        return LEAK_UNSURE;
    if (nothing_freed(c) && too_few_samples(c))
        return LEAK_UNSURE;
    return LEAK_KEPT;
}

static unsigned checks_n(const struct process *p)
{
    unsigned n = 0;
    while (n < MEMORY_CHECKS && p->heap.checks.clock[n])
        n++;
    return n;
}

/* Bytes that Lua ever allocated. */
static double clock_end(const struct process *p)
{
    double all = 0;
    for (size_t i = 0; i < p->states.n; i++) {
        const struct rec_state *s = rowset_at(&p->states, i);
        all += (double)s->grow_bytes;
        for (int k = 0; k < ALLOC_KIND_N; k++)
            all += (double)s->kind_bytes[k];
    }
    return all;
}

/* What is the same for all places. */
static struct leak_course course_new(const struct process *p, unsigned check_n)
{
    struct leak_course c = {.check_n = check_n, .clock_end = clock_end(p)};
    double check = (double)p->heap.checks.clock[0];
    c.clock_ratio = check > 0 && c.clock_end > check ? c.clock_end / check : 1;
    c.look_clock = (double)p->heap.checks.look_clock;
    for (int i = 0; i < MEMORY_CHECKS; i++)
        c.check_clock[i] = (double)p->heap.checks.clock[i];
    for (int i = 0; i < MEMORY_LATE; i++)
        c.late_clock[i] = (double)p->heap.checks.late_clock[i];
    for (int i = 0; i < MEMORY_PAST; i++)
        c.since_clock[i] = (double)p->heap.checks.since_clock[i];
    c.look_ratio = check > 0 ? (double)p->heap.checks.look_clock / check : 1;
    for (size_t i = 0; i < p->heap.sites.n; i++) {
        const struct alloc_site *site = rowset_at(&p->heap.sites, i);
        if (memory_heap(site) == HEAP_LUA)
            c.heap_bytes += (double)site->count.check_bytes[0];
    }
    return c;
}

static int compare(const void *pa, const void *pb)
{
    const struct leak *a = pa, *b = pb;
    uint64_t x = a->row.sums.of[MEMORY_LIVE].bytes, y = b->row.sums.of[MEMORY_LIVE].bytes;
    if (a->verdict != b->verdict)
        return a->verdict < b->verdict ? -1 : 1;
    if (x != y)
        return x > y ? -1 : 1;
    if (a->heap != b->heap)
        return a->heap < b->heap ? -1 : 1;
    return strcmp(a->row.label, b->row.label);
}

static void leak_add(struct leaks *l, const struct leak *found)
{
    l->at[l->n++] = *found;
    if (found->suppressed) {
        l->suppressed_n++;
        return;
    }
    l->few_n += (size_t)found->few;
    l->verdict_n[found->verdict]++;
    l->verdict_bytes[found->verdict] += found->row.sums.of[MEMORY_LIVE].bytes;
}

static const char *library_of(struct process *p, const struct leak *l)
{
    const struct alloc_site *site = rowset_at(&p->heap.sites, l->row.site);
    return l->heap == HEAP_C && site->about.object ? process_object_path(p, site->about.object - 1)
                                                   : "";
}

/* Sampled growth of a block that itself was not drawn is bytes without blocks, of which each shrinking takes a part: what stays in
 * the end is less than any block. */
int leak_is_held(const struct memory_amount *live)
{
    return live->n || live->bytes >= BLOCK_LEAST;
}

static void heap_add(struct leaks *l, struct process *p, struct symbols *symbols, unsigned heap,
                     const struct leak_filter *filter)
{
    struct memory_rows rows;
    struct leak_course course = course_new(p, l->check_n);
    memory_rows_build(&rows, p, symbols, MEMORY_BY_LINE, 1u << heap);
    l->at = xrealloc(l->at, l->n + rows.n + 1, sizeof *l->at);
    for (size_t i = 0; i < rows.n; i++) {
        struct leak found = {.row = rows.row[i], .heap = heap};
        if (!leak_is_held(&found.row.sums.of[MEMORY_LIVE]))
            continue;
        course.sums = &found.row.sums;
        course.nobodys = heap == HEAP_LUA && !found.row.is_lua;
        found.library = library_of(p, &found);
        found.verdict = leak_judge(&course);
        found.few = found.verdict == LEAK_KEPT && few_held(&course);
        if (filter)
            found.suppressed = filter->covers(filter->ctx, &found);
        leak_add(l, &found);
    }
    memory_rows_release(&rows);
}

void leaks_build(struct leaks *l, struct process *p, struct symbols *symbols,
                 const struct leak_filter *filter)
{
    memset(l, 0, sizeof *l);
    l->check_n = checks_n(p);
    heap_add(l, p, symbols, HEAP_LUA, filter);
    heap_add(l, p, symbols, HEAP_C, filter);
    if (l->n)
        qsort(l->at, l->n, sizeof *l->at, compare);
}

uint64_t leaks_least_bytes(const struct process *p)
{
    uint64_t lua = memory_interval_most(p, HEAP_LUA), c = memory_interval_most(p, HEAP_C);
    return (uint64_t)(errors_least * errors_least) * (lua > c ? lua : c);
}

void leaks_release(struct leaks *l)
{
    free(l->at);
    memset(l, 0, sizeof *l);
}
