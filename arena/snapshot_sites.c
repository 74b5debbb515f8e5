/* snapshot_sites: allocation sites as records.  See snapshot.h; the figures: docs/FORMAT.md.
 *
 * A site is written where one of its counters changed, or where its lane had a new highest point or
 * a full collection since, which may change what lived then.
 *
 * Context: see snapshot.h. */
#include <string.h>

#include "arena/snapshot_parts.h"

static uint64_t mode_or_off(uint64_t mode)
{
    return mode <= ALLOC_EXACT ? mode : ALLOC_OFF;
}

static int mode(const struct snapshot *s)
{
    struct arena_memory *m = &s->a->memory;
    uint64_t lua_most = atomic_load(&m->lua_most), c_most = atomic_load(&m->c_most);
    if (m->emitted && m->emitted_most == lua_most + c_most)
        return 0;
    struct rec_alloc_mode r = {mode_or_off(m->lua_mode),
                               m->lua_interval,
                               mode_or_off(m->c_mode),
                               m->c_interval,
                               m->sites_max,
                               m->tracked_max,
                               m->tag_bytes,
                               lua_most,
                               c_most};
    int stop = SNAPSHOT_EMIT(s, alloc_mode, &r);
    m->emitted = !stop;
    m->emitted_most = lua_most + c_most;
    return stop;
}

static int define(const struct snapshot *s, uint32_t i)
{
    struct arena_site *t = &s->a->sites[i];
    uint32_t type = t->type_name; /* known later than the site */
    if (t->defined && t->emitted_type == type)
        return 0;
    struct rec_alloc_site r = {.id = i + 1,
                               .heap = t->heap,
                               .lane = t->lane,
                               .lua = t->lua,
                               .native = t->native,
                               .kind = t->kind,
                               .type_name = type != SITE_TYPES_DIFFER ? type : 0,
                               .object = t->object,
                               .flags = t->flags};
    int stop = SNAPSHOT_EMIT(s, alloc_site, &r);
    t->defined = !stop;
    t->emitted_type = type;
    return stop;
}

static int64_t live_n(const struct arena_site *t)
{
    return t->inherited_n + (int64_t)(t->alloc_n - t->free_n);
}

int64_t snapshot_site_live_bytes(const struct arena_site *t)
{
    return t->inherited_bytes + (int64_t)(t->alloc_bytes + t->grow_bytes) -
           (int64_t)(t->shrink_bytes + t->free_bytes);
}

/* The highest point that a state's lane was at, or is at now. */
static uint64_t height_of(const struct arena *a, uint32_t lane)
{
    return lane < ARENA_STATES_MAX ? a->states[lane].peak_bytes : a->lanes[lane].peak_bytes;
}

static void fill_peak(struct rec_alloc_count *r, const struct arena *a, const struct arena_site *t)
{
    const struct arena_lane *l = &a->lanes[t->lane];
    int is_past = t->peak_epoch == l->peak_epoch && height_of(a, t->lane) <= l->peak_noted;
    r->peak_n = is_past ? t->peak_n : r->live_n;
    r->peak_bytes = is_past ? t->peak_bytes : r->live_bytes;
}

static void fill_full(struct rec_alloc_count *r, const struct arena *a, const struct arena_site *t)
{
    const struct arena_lane *l = &a->lanes[t->lane];
    if (!l->full_seen)
        return;
    r->full_n = t->full_epoch == l->full_epoch ? t->full_n : r->live_n;
    r->full_bytes = t->full_epoch == l->full_epoch ? t->full_bytes : r->live_bytes;
}

static void fill_checks(struct rec_alloc_count *r, const struct arena_site *t)
{
    _Static_assert(ARENA_CHECKS == sizeof r->check_n / sizeof *r->check_n, "as many as a record");
    r->look_bytes = t->look_bytes;
    for (uint32_t i = 0; i < ARENA_LATE; i++) {
        r->late_bytes[i] = t->late_bytes[i];
        if (t->late_bytes[i])
            r->late_bytes_n = i + 1;
    }
    for (uint32_t i = 0; i < ARENA_CHECKS; i++) {
        r->check_n[i] = t->check_n[i];
        r->check_bytes[i] = t->check_bytes[i];
        r->fell_bytes[i] = t->fell_bytes[i];
        if (t->check_n[i] || t->check_bytes[i])
            r->check_n_n = r->check_bytes_n = r->fell_bytes_n = i + 1;
    }
}

static uint64_t at_most(uint64_t n, uint64_t max)
{
    return n < max ? n : max;
}

static uint64_t made_bytes(const struct arena_site *t)
{
    return t->alloc_bytes + t->grow_bytes;
}

static void fill_since(struct rec_alloc_count *r, const struct arena_site *t)
{
    uint64_t made = made_bytes(t);
    for (uint32_t i = 0; i < ARENA_PAST; i++) {
        r->since_bytes[i] = made - at_most(t->past_bytes[i], made);
        if (r->since_bytes[i])
            r->since_bytes_n = i + 1;
    }
}

static int checks(const struct snapshot *s)
{
    struct arena_memory *m = &s->a->memory;
    struct rec_check r = {.clock_n = ARENA_CHECKS,
                          .at_ns_n = ARENA_CHECKS,
                          .look_clock = m->look_clock,
                          .late_clock_n = ARENA_LATE,
                          .since_clock_n = ARENA_PAST};
    if (m->looks_n == m->looks_emitted)
        return 0;
    for (uint32_t i = 0; i < ARENA_CHECKS; i++) {
        r.clock[i] = m->check_clock[i];
        r.at_ns[i] = m->check_at_ns[i];
    }
    memcpy(r.late_clock, m->late_clock, sizeof r.late_clock);
    memcpy(r.since_clock, m->past_clock, sizeof r.since_clock);
    int stop = SNAPSHOT_EMIT(s, check, &r);
    if (!stop)
        m->looks_emitted = m->looks_n;
    return stop;
}

static uint64_t variance(float v)
{
    return v >= 0 && v < 1e19F ? (uint64_t)(v + 0.5F) : 0;
}

/* Where all is seen, nobody counts it. */
static uint64_t seen_n(const struct arena *a, const struct arena_site *t)
{
    int all = t->heap == HEAP_LUA && a->memory.lua_mode == ALLOC_EXACT;
    return all ? t->alloc_n + t->grow_n : t->seen_n;
}

static int count(const struct snapshot *s, uint32_t i, uint64_t sum)
{
    struct arena_site *t = &s->a->sites[i];
    struct rec_alloc_count r = {.site = i + 1,
                                .seen_n = seen_n(s->a, t),
                                .alloc_n = t->alloc_n,
                                .alloc_bytes = t->alloc_bytes,
                                .grow_n = t->grow_n,
                                .grow_bytes = t->grow_bytes,
                                .shrink_bytes = t->shrink_bytes,
                                .free_n = t->free_n,
                                .free_bytes = t->free_bytes,
                                .gc_free_n = t->free_n - at_most(t->hand_free_n, t->free_n),
                                .gc_free_bytes =
                                    t->free_bytes - at_most(t->hand_free_bytes, t->free_bytes),
                                .live_n = live_n(t),
                                .live_bytes = snapshot_site_live_bytes(t),
                                .close_n = t->close_n,
                                .close_bytes = t->close_bytes,
                                .inherited_n = t->inherited_n,
                                .inherited_bytes = t->inherited_bytes,
                                .alloc_var = variance(t->alloc_var),
                                .live_var = variance(t->live_var),
                                .gc_ns = t->gc_ns};
    fill_checks(&r, t);
    fill_since(&r, t);
    fill_peak(&r, s->a, t);
    fill_full(&r, s->a, t);
    if (t->heap == HEAP_C)
        r.gc_free_n = r.gc_free_bytes = 0;
    int stop = SNAPSHOT_EMIT(s, alloc_count, &r);
    if (stop)
        return stop;
    t->emitted_sum = sum;
    t->emitted_epoch = s->a->lanes[t->lane].epoch;
    return 0;
}

/* What is kept of the past.  It stays the same of a site that has long made nothing, which is not written again then. */
static uint64_t past_sum(const struct arena_site *t)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < ARENA_PAST; i++)
        sum = 31 * sum + t->past_bytes[i];
    return sum;
}

/* Changes with every change of a counter, with every check, and when the type is known. */
static uint64_t sum_of(const struct arena *a, const struct arena_site *t)
{
    return 1 + (a->memory.checks_n << 40) + ((uint64_t)t->type_name << 32) + t->alloc_n +
           t->alloc_bytes + t->free_n + 3 * t->free_bytes + t->grow_n + 5 * t->grow_bytes +
           7 * t->shrink_bytes + (uint64_t)t->close_n + (uint64_t)t->inherited_n + 11 * t->gc_ns +
           13 * t->fell_bytes[0] + 17 * t->look_bytes + 19 * t->late_bytes[0] +
           23 * a->memory.late_clock[0] + past_sum(t);
}

static int site(const struct snapshot *s, uint32_t i)
{
    const struct arena_site *t = &s->a->sites[i];
    if (!atomic_load_explicit(&t->ready, memory_order_acquire) || t->lane >= ARENA_LANES)
        return 0;
    uint64_t sum = sum_of(s->a, t);
    if (sum == t->emitted_sum && t->emitted_epoch == s->a->lanes[t->lane].epoch && !s->o->final)
        return 0;
    int stop = define(s, i);
    return stop ? stop : count(s, i, sum);
}

/* ---- marks: behind the counts that they are to keep ---- */

/* Slots that have been used. */
static uint32_t marks_n(const struct arena *a)
{
    uint64_t n = atomic_load(&a->memory.marks_n);
    return n < ARENA_MARKS_MAX ? (uint32_t)n : ARENA_MARKS_MAX;
}

static int is_waiting(struct arena_mark *m)
{
    return atomic_load_explicit(&m->ready, memory_order_acquire) && !atomic_load(&m->emitted);
}

/* The waiting one that was made first; NULL where none waits. */
static struct arena_mark *next_waiting(struct arena *a)
{
    struct arena_mark *first = NULL;
    for (uint32_t i = 0; i < marks_n(a); i++) {
        struct arena_mark *m = &a->marks[i];
        if (is_waiting(m) && (first == NULL || m->id < first->id))
            first = m;
    }
    return first;
}

static int marks(const struct snapshot *s)
{
    struct arena_mark *m;
    while ((m = next_waiting(s->a)) != NULL) {
        struct rec_mark r = {.id = m->id,
                             .name = m->name,
                             .origin = m->origin,
                             .at_ns = m->at_ns ? m->at_ns : s->a->process.start_mono_ns,
                             .tid = m->tid,
                             .state = m->state,
                             .lua_bytes = m->lua_bytes,
                             .c_bytes = m->c_bytes,
                             .rss_bytes = m->rss_bytes,
                             .written_ns = s->o->now_ns};
        int stop = SNAPSHOT_EMIT(s, mark, &r);
        if (stop)
            return stop;
        atomic_store(&m->emitted, 1);
    }
    return 0;
}

int snapshot_sites(const struct snapshot *s)
{
    if (s->a->memory_used == 0 || (s->o->no_sites && next_waiting(s->a) == NULL))
        return 0;
    uint32_t n = snapshot_at_most(atomic_load(&s->a->sites_n), ARENA_SITES_MAX);
    int stop = mode(s);
    if (!stop)
        stop = checks(s);
    for (uint32_t i = 0; i < n && !stop; i++)
        stop = site(s, i);
    return stop ? stop : marks(s);
}

/* ---- again, and in a fork's child ---- */

void snapshot_redefine_sites(struct arena *a)
{
    if (a->memory_used == 0)
        return;
    a->memory.emitted = a->memory.looks_emitted = 0;
    for (uint32_t i = 0; i < ARENA_STATES_MAX; i++)
        if (a->states[i].lane_ready == 1)
            a->lanes[i].gc.emitted_sum = 0;
    for (uint32_t i = 0; i < atomic_load(&a->sites_n) && i < ARENA_SITES_MAX; i++) {
        a->sites[i].defined = 0;
        a->sites[i].emitted_sum = 0;
    }
}

/* A child counts anew: what its parent checked was on another clock. */
static void restart_checks(struct arena_memory *m)
{
    atomic_store(&m->next_look, 0);
    m->checks_n = m->looks_n = m->looks_emitted = m->look_clock = 0;
    memset(m->late_clock, 0, sizeof m->late_clock);
    memset(m->past_clock, 0, sizeof m->past_clock);
    atomic_store(&m->next_past_ns, 0);
    for (uint32_t i = 0; i < ARENA_CHECKS; i++)
        m->check_clock[i] = m->check_at_ns[i] = 0;
}

static void restart_site(struct arena_site *t, struct arena_lane *l)
{
    t->inherited_n = live_n(t);
    t->inherited_bytes = snapshot_site_live_bytes(t);
    t->alloc_n = t->alloc_bytes = t->free_n = t->free_bytes = 0;
    t->hand_free_n = t->hand_free_bytes = t->grow_n = t->grow_bytes = t->shrink_bytes = 0;
    t->seen_n = t->gc_ns = t->collected_bytes = 0;
    t->close_n = t->close_bytes = 0;
    t->peak_epoch = t->full_epoch = 0;
    t->alloc_var = 0;
    t->look_bytes = 0;
    memset(t->late_bytes, 0, sizeof t->late_bytes);
    memset(t->past_bytes, 0, sizeof t->past_bytes);
    for (uint32_t i = 0; i < ARENA_CHECKS; i++)
        t->check_bytes[i] = t->fell_bytes[i] = t->check_n[i] = 0;
    l->epoch++;
}

static void restart_lane(struct arena_lane *l)
{
    l->full_seen = l->collected = 0;
    l->peak_epoch = l->full_epoch = 1;
    l->peak_noted = 0;
    l->peak_bytes = l->live_bytes > 0 ? (uint64_t)l->live_bytes : 0;
}

/* The parent's marks are the parent's; the first of the child is what it inherits. */
static void restart_marks(struct arena *a)
{
    uint32_t n = marks_n(a);
    struct rec_sample_memory heap = {0};
    for (uint32_t i = 0; i < n || i == 0; i++)
        a->marks[i] = (struct arena_mark){.id = 1, .origin = MARK_FORK};
    a->memory.points_n = a->memory.point_ns = 0;
    atomic_store(&a->memory.next_point_ns, 0);
    snapshot_memory(a, &heap);
    a->marks[0].lua_bytes = heap.lua_bytes;
    a->marks[0].c_bytes = heap.c_bytes;
    atomic_store(&a->marks[0].ready, 1);
    atomic_store(&a->memory.marks_n, 1);
}

void snapshot_restart_sites(struct arena *a)
{
    if (a->memory_used == 0)
        return;
    restart_checks(&a->memory);
    uint32_t states_n = snapshot_at_most(atomic_load(&a->states_n), ARENA_STATES_MAX);
    for (uint32_t i = 0; i < states_n; i++)
        if (a->states[i].lane_ready) {
            restart_lane(&a->lanes[i]);
            snapshot_restart_gc(&a->lanes[i].gc);
        }
    if (a->c_sites)
        restart_lane(&a->lanes[ARENA_STATES_MAX]);
    restart_marks(a);
    for (uint32_t i = 0; i < atomic_load(&a->sites_n) && i < ARENA_SITES_MAX; i++)
        if (a->sites[i].lane < ARENA_LANES)
            restart_site(&a->sites[i], &a->lanes[a->sites[i].lane]);
}
