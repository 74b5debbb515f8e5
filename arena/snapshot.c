/* snapshot: the order of a snapshot, and what is defined once.  See snapshot.h.
 *
 * A record may use a string only after it is defined.  Ring entries are therefore taken only up to
 * the head as it was before the strings were looked at: whatever they name was there by then. */
#include "arena/snapshot.h"

#include <string.h>

#include "arena/snapshot_parts.h"
#include "wire/version.h"

int snapshot_put(const struct snapshot *s, size_t n)
{
    return n ? s->emit(s->ctx, s->record, n) : 0;
}

/* ---- definitions ---- */

static struct rec_bytes text(const char *z, size_t max)
{
    return (struct rec_bytes){(const uint8_t *)z, strnlen(z, max)};
}

static int process(const struct snapshot *s)
{
    struct arena_process *p = &s->a->process;
    if (s->a->process_emitted)
        return 0;
    struct rec_process r = {
        .shim_version = text(MODPROF_VERSION, sizeof MODPROF_VERSION),
        .pid = p->pid,
        .ppid = p->ppid,
        .uid = p->uid,
        .start_real_ns = p->start_real_ns,
        .start_mono_ns = p->start_mono_ns,
        .start_estimated = p->start_estimated,
        .attach_ns = p->attach_ns,
        .forked_from = p->forked_from,
        .exe = text(p->exe, sizeof p->exe),
        .argv = {(const uint8_t *)p->argv, snapshot_at_most(p->argv_n, sizeof p->argv)},
        .cwd = text(p->cwd, sizeof p->cwd),
        .arena_path = text(p->arena_path, sizeof p->arena_path),
        .shim_bytes = p->shim_bytes};
    int stop = SNAPSHOT_EMIT(s, process, &r);
    s->a->process_emitted = !stop;
    return stop;
}

/* Entries with a version: emitted again whenever it has changed.  The version is read first, so a
 * change in between is emitted next time. */
#define CHANGED(entry, now) \
    (((now) = atomic_load_explicit(&(entry)->version, memory_order_acquire)) != 0 && \
     (now) != (entry)->emitted)

static int objects(const struct snapshot *s)
{
    uint32_t now, n = snapshot_at_most(atomic_load(&s->a->objects_n), ARENA_OBJECTS_MAX);
    for (uint32_t i = 0; i < n; i++) {
        struct arena_object *o = &s->a->objects[i];
        if (!CHANGED(o, now))
            continue;
        struct rec_object r = {
            i,          o->path, o->lo,
            o->hi,      o->bias, {o->build_id, snapshot_at_most(o->build_id_n, sizeof o->build_id)},
            o->unloaded};
        int stop = SNAPSHOT_EMIT(s, object, &r);
        if (stop)
            return stop;
        o->emitted = now;
    }
    return 0;
}

static int roles(const struct snapshot *s, uint32_t copy)
{
    const struct arena_copy *c = &s->a->copies[copy];
    struct rec_code_role r = {copy, c->vm_lo, c->vm_hi, ROLE_VM};
    int stop = c->vm_hi != 0 ? SNAPSHOT_EMIT(s, code_role, &r) : 0;
    for (uint32_t i = 0; !stop && i < snapshot_at_most(c->roles_n, ARENA_ROLES_MAX); i++) {
        r = (struct rec_code_role){copy, c->roles[i].lo, c->roles[i].hi, c->roles[i].role};
        stop = SNAPSHOT_EMIT(s, code_role, &r);
    }
    return stop;
}

static int copies(const struct snapshot *s)
{
    uint32_t now, n = snapshot_at_most(atomic_load(&s->a->copies_n), ARENA_COPIES_MAX);
    for (uint32_t i = 0; i < n; i++) {
        struct arena_copy *c = &s->a->copies[i];
        if (!CHANGED(c, now))
            continue;
        struct rec_copy r = {i,         c->object, c->version_name, c->status,
                             c->layout, c->reason, c->attached_ns,  c->late};
        int stop = SNAPSHOT_EMIT(s, copy, &r);
        if (!stop)
            stop = roles(s, i);
        if (stop)
            return stop;
        c->emitted = now;
    }
    return 0;
}

static int uncovered(const struct snapshot *s)
{
    uint32_t now, n = snapshot_at_most(atomic_load(&s->a->uncovered_n), ARENA_UNCOVERED_MAX);
    for (uint32_t i = 0; i < n; i++) {
        struct arena_uncovered *u = &s->a->uncovered[i];
        if (!CHANGED(u, now))
            continue;
        struct rec_uncovered r = {u->what, u->reason, u->copy};
        int stop = SNAPSHOT_EMIT(s, uncovered, &r);
        if (stop)
            return stop;
        u->emitted = now;
    }
    return 0;
}

static int functions(const struct snapshot *s)
{
    uint32_t now, n = snapshot_at_most(atomic_load(&s->a->functions_n), ARENA_FUNCTIONS_MAX);
    for (uint32_t i = 0; i < n; i++) {
        struct arena_function *f = &s->a->functions[i];
        if (!CHANGED(f, now))
            continue;
        struct rec_function r = {i,
                                 f->address,
                                 f->object,
                                 atomic_load(&f->name),
                                 atomic_load(&f->module),
                                 atomic_load(&f->type_name),
                                 f->kind};
        int stop = SNAPSHOT_EMIT(s, function, &r);
        if (stop)
            return stop;
        f->emitted = now;
    }
    return 0;
}

/* ---- all ---- */

int snapshot_take(struct arena *a, const struct snapshot_options *o, snapshot_emit *emit, void *ctx)
{
    /* Not on the stack: the host's may be small.  Whoever takes a snapshot is alone
     * (snapshot.h). */
    static _Alignas(4096) uint8_t record[SNAPSHOT_RECORD_MAX];
    static int (*const definitions[])(const struct snapshot *) = {
        process, snapshot_strings, objects, copies, uncovered, functions, snapshot_stacks};
    struct snapshot s = {a, o, emit, ctx, record};
    uint64_t limit = atomic_load(&a->ring.head);
    int stop = 0;
    for (size_t i = 0; i < sizeof definitions / sizeof *definitions && !stop; i++)
        stop = definitions[i](&s);
    if (!stop)
        stop = snapshot_ring(&s, limit);
    if (!stop)
        stop = snapshot_counters(&s);
    return stop ? stop : snapshot_sites(&s);
}

void snapshot_redefine(struct arena *a)
{
    a->process_emitted = 0;
    a->strings_emitted = 0;
    a->milestones_emitted = 0;
    if (a->sampler_used)
        a->protos_emitted = a->nodes_emitted = a->sampler.emitted_what = 0;
    snapshot_redefine_sites(a);
    memset(a->losses_emitted, 0, sizeof a->losses_emitted);
    for (uint32_t i = 0; i < atomic_load(&a->objects_n) && i < ARENA_OBJECTS_MAX; i++)
        a->objects[i].emitted = 0;
    for (uint32_t i = 0; i < atomic_load(&a->copies_n) && i < ARENA_COPIES_MAX; i++)
        a->copies[i].emitted = 0;
    for (uint32_t i = 0; i < atomic_load(&a->uncovered_n) && i < ARENA_UNCOVERED_MAX; i++)
        a->uncovered[i].emitted = 0;
    for (uint32_t i = 0; i < atomic_load(&a->functions_n) && i < ARENA_FUNCTIONS_MAX; i++)
        a->functions[i].emitted = a->functions[i].emitted_calls_n = 0;
    for (uint32_t i = 0; i < atomic_load(&a->hits_n) && i < ARENA_HITS_MAX; i++)
        a->hits[i].emitted_n = 0;
    for (uint32_t i = 0; i < atomic_load(&a->chunks_n) && i < ARENA_CHUNKS_MAX; i++)
        a->chunks[i].emitted_n = 0;
}

/* ---- a fork's copy ---- */

static void restart_calls(struct arena_calls *k)
{
    uint32_t down = k->down_period, up = k->up_period;
    memset(k, 0, sizeof *k);
    k->down_period = down;
    k->down_left = (int32_t)down;
    k->up_period = up;
    k->up_left = (int32_t)up;
}

static void restart_thread(struct arena_thread *t, uint32_t functions_n, uint32_t objects_n)
{
    for (uint32_t f = 0; f < functions_n; f++)
        restart_calls(&t->calls[f]);
    memset(t->c_alloc, 0, (objects_n + 1) * sizeof *t->c_alloc);
    t->fix_what = ARENA_FIX_NONE;
    t->lua_calls_n = t->callk_n = t->pcallk_n = t->resume_n = t->up_host_n = 0;
    t->unseen_return_n = 0;
}

static void restart_threads(struct arena *a)
{
    uint32_t functions_n = snapshot_at_most(atomic_load(&a->functions_n), ARENA_FUNCTIONS_MAX);
    uint32_t objects_n = snapshot_at_most(atomic_load(&a->objects_n), ARENA_OBJECTS_MAX);
    uint32_t n = snapshot_at_most(atomic_load(&a->threads_n), ARENA_THREADS_MAX);
    for (uint32_t i = 0; i < n; i++)
        restart_thread(&a->threads[i], functions_n, objects_n);
    atomic_store(&a->c_peak_bytes, atomic_load(&a->c_live_bytes));
}

/* Live bytes and the host's allocator stay; what was counted was counted in the parent. */
static void restart_state(struct arena_state *s)
{
    if (atomic_load(&s->in_use) == 2)
        atomic_store(&s->in_use, 0);
    s->peak_bytes = s->live_bytes;
    s->inherited_bytes = s->live_bytes;
    s->grow_bytes = s->shrink_bytes = s->realloc_n = s->fail_n = 0;
    s->setallocf_n = s->host_n = s->free_n = 0;
    memset(s->kind_n, 0, sizeof s->kind_n);
    memset(s->kind_bytes, 0, sizeof s->kind_bytes);
    for (unsigned c = 0; c < SIZE_CLASS_N; c++)
        s->class_inherited_n[c] += s->class_alloc_n[c] - s->class_free_n[c];
    memset(s->class_alloc_n, 0, sizeof s->class_alloc_n);
    memset(s->class_free_n, 0, sizeof s->class_free_n);
}

static void restart_tables(struct arena *a)
{
    for (uint32_t i = 0; i < atomic_load(&a->states_n) && i < ARENA_STATES_MAX; i++)
        restart_state(&a->states[i]);
    for (uint32_t i = 0; i < atomic_load(&a->hits_n) && i < ARENA_HITS_MAX; i++)
        a->hits[i] = (struct arena_hit){.name = atomic_load(&a->hits[i].name)};
    for (uint32_t i = 0; i < atomic_load(&a->chunks_n) && i < ARENA_CHUNKS_MAX; i++) {
        struct arena_chunk *c = &a->chunks[i];
        *c =
            (struct arena_chunk){.key = atomic_load(&c->key), .name = c->name, .origin = c->origin};
    }
}

static void restart_ring(struct arena_ring *r)
{
    uint64_t tail = atomic_load(&r->tail), used = atomic_load(&r->head) - tail;
    for (uint64_t i = 0; i < used && i < ARENA_RING_BYTES; i += 8)
        memset(r->bytes + (tail + i) % ARENA_RING_BYTES, 0, 8);
    atomic_store(&r->head, 0);
    atomic_store(&r->tail, 0);
}

void snapshot_restart(struct arena *a)
{
    atomic_store(&a->ended, 0);
    atomic_store(&a->drain_lock, 0);
    a->frame_seq = 0;
    a->drain_n = a->drain_ns = a->written_bytes = a->attach_cost_ns = 0;
    atomic_store(&a->closed_alloc_n, 0);
    atomic_store(&a->closed_alloc_bytes, 0);
    for (uint32_t i = 0; i < LOSS_N; i++)
        atomic_store(&a->losses[i], 0);
    memset(a->milestones, 0, sizeof a->milestones);
    restart_ring(&a->ring);
    restart_threads(a);
    restart_tables(a);
    snapshot_restart_sites(a);
    snapshot_mend_strings(a);
    snapshot_redefine(a);
}
