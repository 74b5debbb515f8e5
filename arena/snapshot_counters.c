/* snapshot_counters: the arena's counters as records: crossings, states, allocation, hits, chunks,
 * losses.
 *
 * They are cumulative, and what did not change since it was last emitted is left out, but for the
 * few that always say something.
 *
 * Context: see snapshot.h. */
#include <string.h>

#include "arena/snapshot_parts.h"

static uint32_t threads_n(const struct arena *a)
{
    return snapshot_at_most(atomic_load(&a->threads_n), ARENA_THREADS_MAX);
}

/* ---- exact counts ---- */

struct side {
    uint64_t base;
    uint32_t period;
    int32_t left;
};

static struct side read_side(const volatile struct arena_calls *k, uint32_t what)
{
    return what == ARENA_FIX_DOWN ? (struct side){k->down_base, k->down_period, k->down_left}
                                  : (struct side){k->up_base, k->up_period, k->up_left};
}

/* The owner of the slot stores in order (x86-64), volatile loads are made in order. */
#define LOADS_IN_ORDER() atomic_signal_fence(memory_order_seq_cst)

/* The owner of the slot may be re-arming the countdown: its fix_* then hold the number, else base
 * is the same before and after. */
static uint64_t exact(const struct arena_thread *t, uint32_t function, uint32_t what)
{
    enum { TRIES = 100 };
    const volatile struct arena_thread *v = t;
    struct side k = {0, 0, 0};
    for (int i = 0; i < TRIES; i++) {
        k = read_side(&v->calls[function], what);
        LOADS_IN_ORDER();
        if (v->fix_what == what && v->fix_function == function) {
            uint64_t count = v->fix_count;
            LOADS_IN_ORDER();
            if (v->fix_what == what && v->fix_function == function)
                return count;
            continue;
        }
        LOADS_IN_ORDER();
        struct side again = read_side(&v->calls[function], what);
        if (again.base == k.base && again.period == k.period && v->fix_what != what)
            break;
    }
    return k.base + (uint64_t)((int64_t)k.period - k.left);
}

uint64_t snapshot_down_n(const struct arena_thread *t, uint32_t function)
{
    return exact(t, function, ARENA_FIX_DOWN);
}

uint64_t snapshot_up_n(const struct arena_thread *t, uint32_t function)
{
    return exact(t, function, ARENA_FIX_UP);
}

/* ---- crossings ---- */

/* A sum of squares as it fits the record; damage (NaN, negative) counts as nothing. */
static uint64_t whole(double v)
{
    return v >= 0 && v < 1.8e19 ? (uint64_t)v : 0;
}

static void add_thread(struct rec_crossing *r, const struct arena_thread *t, uint32_t f,
                       double sq[2])
{
    const struct arena_calls *k = &t->calls[f];
    r->down_n += snapshot_down_n(t, f);
    r->up_n += snapshot_up_n(t, f);
    r->down_timed_n += k->down_timed_n;
    r->up_timed_n += k->up_timed_n;
    r->down_ns += k->down_ns;
    r->up_ns += k->up_ns;
    sq[0] += (double)k->down_sq_us2;
    sq[1] += (double)k->up_sq_us2;
}

static int crossing(const struct snapshot *s, uint32_t f)
{
    struct arena_function *fn = &s->a->functions[f];
    struct rec_crossing r = {.function = f};
    double sq[2] = {0, 0};
    for (uint32_t t = 0; t < threads_n(s->a); t++)
        add_thread(&r, &s->a->threads[t], f, sq);
    r.down_sq_us2 = whole(sq[0]);
    r.up_sq_us2 = whole(sq[1]);
    uint64_t n = r.down_n + r.up_n + r.down_timed_n + r.up_timed_n;
    if (n == 0 || (n == fn->emitted_calls_n && !s->o->final))
        return 0;
    int stop = SNAPSHOT_EMIT(s, crossing, &r);
    if (!stop)
        fn->emitted_calls_n = n;
    return stop;
}

static int crossings(const struct snapshot *s)
{
    uint32_t n = snapshot_at_most(atomic_load(&s->a->functions_n), ARENA_FUNCTIONS_MAX);
    int stop = 0;
    for (uint32_t f = 0; f < n && !stop; f++)
        if (atomic_load(&s->a->functions[f].version))
            stop = crossing(s, f);
    return stop;
}

/* ---- states ---- */

static void copy_table(uint64_t *out, uint32_t *n, const uint64_t *in, uint32_t count)
{
    memcpy(out, in, count * sizeof *in);
    *n = count;
}

/* How many elements there are before those at the end that are zero. */
static uint32_t without_zeros(const uint64_t *v, uint32_t n)
{
    while (n > 0 && v[n - 1] == 0)
        n--;
    return n;
}

/* Counters are read while they change: what seems to be less than nothing is nothing. */
static uint64_t difference(uint64_t all, uint64_t part)
{
    return all > part ? all - part : 0;
}

uint64_t snapshot_direct_n(const struct arena_state *s)
{
    uint64_t all = s->realloc_n + s->fail_n + s->free_n;
    for (unsigned k = 0; k < ALLOC_KIND_N; k++)
        all += s->kind_n[k];
    return difference(all, s->host_n);
}

uint64_t snapshot_free_bytes(const struct arena_state *s)
{
    uint64_t all = s->inherited_bytes + s->grow_bytes;
    for (unsigned k = 0; k < ALLOC_KIND_N; k++)
        all += s->kind_bytes[k];
    return difference(all, s->shrink_bytes + s->live_bytes);
}

size_t snapshot_state_encode(const struct arena_state *s, uint8_t *out, size_t cap)
{
    struct rec_state r = {.id = s->id,
                          .copy = s->copy,
                          .tid = s->tid,
                          .created_ns = s->created_ns,
                          .create_ns = s->create_ns,
                          .closed_ns = s->closed_ns,
                          .live_bytes = s->live_bytes,
                          .peak_bytes = s->peak_bytes,
                          .close_live_bytes = s->close_live_bytes,
                          .realloc_n = s->realloc_n,
                          .fail_n = s->fail_n,
                          .setallocf_n = s->setallocf_n,
                          .grow_bytes = s->grow_bytes,
                          .shrink_bytes = s->shrink_bytes,
                          .free_bytes = snapshot_free_bytes(s),
                          .dropped = s->dropped};
    copy_table(r.kind_n, &r.kind_n_n, s->kind_n, ALLOC_KIND_N);
    copy_table(r.kind_bytes, &r.kind_bytes_n, s->kind_bytes, ALLOC_KIND_N);
    copy_table(r.class_alloc_n, &r.class_alloc_n_n, s->class_alloc_n, SIZE_CLASS_N);
    copy_table(r.class_free_n, &r.class_free_n_n, s->class_free_n, SIZE_CLASS_N);
    copy_table(r.class_inherited_n, &r.class_inherited_n_n, s->class_inherited_n,
               without_zeros(s->class_inherited_n, SIZE_CLASS_N));
    return rec_state_encode(&r, out, cap);
}

static int states(const struct snapshot *s)
{
    uint32_t n = snapshot_at_most(atomic_load(&s->a->states_n), ARENA_STATES_MAX);
    for (uint32_t i = 0; i < n; i++) {
        struct arena_state *st = &s->a->states[i];
        uint32_t in_use = atomic_load(&st->in_use);
        if (!in_use || !st->id)
            continue;
        int stop = snapshot_put(s, snapshot_state_encode(st, s->record, SNAPSHOT_RECORD_MAX));
        if (!stop)
            stop = snapshot_gc(s, i);
        if (stop)
            return stop;
        if (in_use == 2)
            atomic_store(&st->in_use, 0);
    }
    return 0;
}

static uint64_t lua_bytes(const struct arena *a)
{
    uint32_t n = snapshot_at_most(atomic_load(&a->states_n), ARENA_STATES_MAX);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++)
        if (atomic_load(&a->states[i].in_use) == 1)
            sum += a->states[i].live_bytes;
    return sum;
}

/* ---- C allocation ---- */

static int c_alloc(const struct snapshot *s, uint32_t object_plus_1)
{
    struct rec_c_alloc r = {.object = object_plus_1};
    for (uint32_t t = 0; t < threads_n(s->a); t++) {
        const struct arena_c_alloc *c = &s->a->threads[t].c_alloc[object_plus_1];
        r.alloc_n += c->alloc_n;
        r.alloc_bytes += c->alloc_bytes;
        r.usable_bytes += c->usable_bytes;
        r.realloc_n += c->realloc_n;
        r.free_n += c->free_n;
        r.free_bytes += c->free_bytes;
        r.fail_n += c->fail_n;
    }
    return r.alloc_n | r.realloc_n | r.free_n | r.fail_n ? SNAPSHOT_EMIT(s, c_alloc, &r) : 0;
}

static int c_allocs(const struct snapshot *s)
{
    uint32_t n = snapshot_at_most(atomic_load(&s->a->objects_n), ARENA_OBJECTS_MAX) + 1;
    int stop = 0;
    for (uint32_t i = 0; i < n && !stop; i++)
        stop = c_alloc(s, i);
    return stop;
}

/* What threads have not yet published belongs to the live bytes, and may be a new peak. */
static int64_t c_live(const struct arena *a)
{
    uint64_t live = (uint64_t)atomic_load(&a->c_live_bytes);
    for (uint32_t t = 0; t < threads_n(a); t++)
        live += (uint64_t)a->threads[t].c_unpublished;
    return (int64_t)live;
}

/* Calls for Lua that states counted themselves and have not yet handed to their thread. */
static uint64_t direct_calls(const struct arena *a)
{
    uint32_t n = snapshot_at_most(atomic_load(&a->states_n), ARENA_STATES_MAX);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += atomic_load(&a->states[i].in_use) ? snapshot_direct_n(&a->states[i]) : 0;
    return sum;
}

static int sums(const struct snapshot *s)
{
    struct rec_c_heap heap = {.live_bytes = c_live(s->a), .lua_calls_n = direct_calls(s->a)};
    struct rec_up_calls up = {0};
    for (uint32_t i = 0; i < threads_n(s->a); i++) {
        const struct arena_thread *t = &s->a->threads[i];
        heap.lua_calls_n += t->lua_calls_n;
        up.callk_n += t->callk_n;
        up.pcallk_n += t->pcallk_n;
        up.resume_n += t->resume_n;
        up.host_n += t->up_host_n;
    }
    int64_t peak = atomic_load(&s->a->c_peak_bytes);
    peak = peak > heap.live_bytes ? peak : heap.live_bytes;
    heap.peak_bytes = peak > 0 ? (uint64_t)peak : 0;
    int stop = SNAPSHOT_EMIT(s, c_heap, &heap);
    return stop ? stop : SNAPSHOT_EMIT(s, up_calls, &up);
}

/* ---- hits, chunks ---- */

static int hits(const struct snapshot *s)
{
    uint32_t n = snapshot_at_most(atomic_load(&s->a->hits_n), ARENA_HITS_MAX);
    for (uint32_t i = 0; i < n; i++) {
        struct arena_hit *h = &s->a->hits[i];
        struct rec_require_hit r = {atomic_load(&h->name), atomic_load(&h->n),
                                    atomic_load(&h->timed_n), atomic_load(&h->timed_ns)};
        if (r.n == 0 || (r.n == h->emitted_n && !s->o->final))
            continue;
        int stop = SNAPSHOT_EMIT(s, require_hit, &r);
        if (stop)
            return stop;
        h->emitted_n = r.n;
    }
    return 0;
}

static int chunks(const struct snapshot *s)
{
    uint32_t n = snapshot_at_most(atomic_load(&s->a->chunks_n), ARENA_CHUNKS_MAX);
    for (uint32_t i = 0; i < n; i++) {
        struct arena_chunk *c = &s->a->chunks[i];
        struct rec_chunk r = {atomic_load(&c->key),
                              c->name,
                              c->origin,
                              atomic_load(&c->load_n),
                              atomic_load(&c->fail_n),
                              atomic_load(&c->repeat_n),
                              atomic_load(&c->bytes),
                              atomic_load(&c->read_ns),
                              atomic_load(&c->compile_ns),
                              atomic_load(&c->run_n),
                              atomic_load(&c->run_ns),
                              atomic_load(&c->precompiled_n)};
        uint64_t done = r.load_n + r.run_n;
        if (done == 0 || (done == c->emitted_n && !s->o->final))
            continue;
        int stop = SNAPSHOT_EMIT(s, chunk, &r);
        if (stop)
            return stop;
        c->emitted_n = done;
    }
    return 0;
}

/* ---- milestones, losses, cost ---- */

static int milestones(const struct snapshot *s)
{
    struct arena *a = s->a;
    for (uint32_t i = 0; i < sizeof a->milestones / sizeof *a->milestones; i++) {
        struct rec_milestone r = {i, __atomic_load_n(&a->milestones[i], __ATOMIC_ACQUIRE),
                                  a->milestone_name[i]};
        if (r.at_ns == 0 || a->milestones_emitted >> i & 1)
            continue;
        int stop = SNAPSHOT_EMIT(s, milestone, &r);
        if (stop)
            return stop;
        a->milestones_emitted |= 1u << i;
    }
    return 0;
}

static uint64_t loss_of(const struct arena *a, uint32_t what)
{
    uint64_t n = atomic_load(&a->losses[what]);
    for (uint32_t t = 0; what == LOSS_UNSEEN_RETURN && t < threads_n(a); t++)
        n += a->threads[t].unseen_return_n;
    return n;
}

static int losses(const struct snapshot *s)
{
    for (uint32_t i = 0; i < LOSS_N; i++) {
        struct rec_loss r = {i, loss_of(s->a, i)};
        if (r.n == s->a->losses_emitted[i])
            continue;
        int stop = SNAPSHOT_EMIT(s, loss, &r);
        if (stop)
            return stop;
        s->a->losses_emitted[i] = r.n;
    }
    return 0;
}

static void add_states(const struct arena *a, struct rec_sample_memory *r)
{
    uint32_t n = snapshot_at_most(atomic_load(&a->states_n), ARENA_STATES_MAX);
    for (uint32_t i = 0; i < n; i++) {
        const struct arena_state *s = &a->states[i];
        for (int kind = 0; kind < ALLOC_KIND_N; kind++) {
            r->alloc_n += s->kind_n[kind];
            r->alloc_bytes += s->kind_bytes[kind];
        }
        r->alloc_bytes += s->grow_bytes;
    }
}

/* Of states that are gone, too. */
static void add_closed(const struct arena *a, struct rec_sample_memory *r)
{
    r->alloc_n += a->closed_alloc_n;
    r->alloc_bytes += a->closed_alloc_bytes;
}

static void add_kinds(const struct arena *a, struct rec_sample_memory *r)
{
    if (a->memory_used == 0 || a->memory.lua_mode == ALLOC_OFF)
        return;
    uint32_t n = snapshot_at_most(atomic_load(&a->states_n), ARENA_STATES_MAX);
    r->kinds = a->memory.lua_mode == ALLOC_EXACT ? KINDS_EXACT : KINDS_ESTIMATED;
    r->kind_live_n = ALLOC_KIND_N;
    for (uint32_t i = 0; i < n; i++)
        for (int kind = 0; kind < ALLOC_KIND_N; kind++)
            if (a->lanes[i].kind_live[kind] > 0)
                r->kind_live[kind] += (uint64_t)a->lanes[i].kind_live[kind];
}

uint64_t snapshot_lua_made(const struct arena *a)
{
    struct rec_sample_memory r = {.at_ns = 0};
    add_states(a, &r);
    add_closed(a, &r);
    return r.alloc_bytes;
}

void snapshot_memory(const struct arena *a, struct rec_sample_memory *r)
{
    r->lua_bytes = lua_bytes(a);
    r->c_bytes = c_live(a);
    for (uint32_t t = 0; t < threads_n(a); t++)
        r->c_alloc_bytes += a->threads[t].c_gross_bytes;
    add_states(a, r);
    add_closed(a, r);
    add_kinds(a, r);
}

/* The last one; those before come by the ring. */
static int memory_now(const struct snapshot *s)
{
    struct rec_sample_memory r = {.at_ns = s->o->now_ns, .rss_bytes = s->o->rss_bytes};
    if (!s->o->final || s->o->now_ns == 0)
        return 0;
    snapshot_memory(s->a, &r);
    return SNAPSHOT_EMIT(s, sample_memory, &r);
}

static int self_cost(const struct snapshot *s)
{
    const struct arena *a = s->a;
    struct rec_self_cost r = {a->drain_n, a->drain_ns, a->attach_cost_ns, a->process.shim_bytes,
                              a->written_bytes};
    return SNAPSHOT_EMIT(s, self_cost, &r);
}

int snapshot_counters(const struct snapshot *s)
{
    static int (*const parts[])(const struct snapshot *) = {
        crossings, states, c_allocs, sums, hits, chunks, memory_now, milestones, losses, self_cost};
    int stop = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && !stop; i++)
        stop = parts[i](s);
    return stop;
}
