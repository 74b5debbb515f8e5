/* span_trace: what the trace gets of a span.
 *
 * In: spans of this thread's stack.  Out: span_begin and span_end records.
 * Context: host threads; signal handlers that jump. */
#define XXH_INLINE_ALL
#include "shim/hooks/span_trace.h"

#include <string.h>
#include <xxhash.h>

#include "shim/attach/loader.h"
#include "shim/hooks/chunk_name.h"
#include "shim/hooks/heap.h"
#include "shim/hooks/span_quota.h"

enum { ERROR_CUT = 200 };

static _Atomic uint32_t errors_all;

uint64_t span_hash(const char *bytes, size_t n)
{
    return XXH64(bytes, n, 0) | 1;
}

/* The Lua function that called the C function in which the span began. */
static void note_caller(struct span *s)
{
    const struct lua_api *api = &s->copy->api;
    char name[CHUNK_NAME];
    lua_Debug ar;
    int level = 0;
    while (level < 8 && api->lua_getstack(s->L, level, &ar) && (const void *)ar.i_ci != s->call)
        level++;
    if (level == 8 || !s->call || !api->lua_getstack(s->L, level + 1, &ar) ||
        !api->lua_getinfo(s->L, "Sl", &ar) || ar.currentline < 0)
        return;
    s->d.caller_source = intern(name, chunk_name(name, ar.source));
    s->d.caller_line = (uint32_t)ar.currentline;
}

static uint64_t lua_gross(const struct arena_state *state)
{
    uint64_t sum = state->grow_bytes;
    for (int kind = 0; kind < ALLOC_KIND_N; kind++)
        sum += state->kind_bytes[kind];
    return sum;
}

static void note_memory(struct span *s)
{
    const struct arena_thread *t = slot_get();
    struct span_detail *d = &s->d;
    d->c_live = t->c_live_bytes;
    d->c_gross = t->c_gross_bytes;
    d->state = heap_state(s->copy, s->L);
    if (!d->state)
        return;
    d->state_id = d->state->id;
    d->lua_live = (int64_t)d->state->live_bytes;
    d->lua_gross = lua_gross(d->state);
}

static void note_name(struct span *s, uint32_t known)
{
    s->d.name = known;
    if (known)
        return;
    const char *name = s->asked ? s->asked : "?";
    size_t n = s->asked ? s->asked_n : 1;
    s->d.name = intern(name, n);
    if (n >= SPAN_NAME)
        n = SPAN_NAME - 1;
    memcpy(s->d.module, name, n);
    s->d.module[n] = '\0';
}

/* The same module is being loaded further out: Lua loads it again (and often for ever). */
static int is_circular(const struct span *s)
{
    if (s->kind != SPAN_REQUIRE)
        return 0;
    for (const struct span *p = span_parent(s); p; p = span_parent(p))
        if (p->kind == SPAN_REQUIRE && p->d.name == s->d.name && p->d.state_id == s->d.state_id)
            return 1;
    return 0;
}

static COLD void note_first(struct span *s, uint32_t name)
{
    memset(&s->d, 0, sizeof s->d);
    s->touched = 1;
    if (!s->begin_ns)
        s->begin_ns = now_ns();
    note_name(s, name);
    note_memory(s);
    note_caller(s);
    if (is_circular(s))
        s->d.load = LOAD_CIRCULAR;
    s->d.kept = (uint8_t)span_quota_take(s->kind, s->d.name);
}

void span_note_named(struct span *s, uint32_t name)
{
    if (s->touched)
        return;
    struct span *parent = span_parent(s);
    if (parent)
        span_note(parent);
    note_first(s, name);
}

void span_note(struct span *s)
{
    span_note_named(s, 0);
}

static void write_begin(struct span *s)
{
    const struct span *parent = span_parent(s);
    s->d.id = span_id_new();
    struct rec_span_begin r = {.id = s->d.id,
                               .parent = parent ? parent->d.id : 0,
                               .state = s->d.state_id,
                               .tid = slot_get()->owner_tid,
                               .kind = s->kind,
                               .name = s->d.name,
                               .begin_ns = s->begin_ns,
                               .caller_source = s->d.caller_source,
                               .caller_line = s->d.caller_line};
    RECORD_PUSH(span_begin, &r);
}

/* In a fork's child the begins stand in the parent's trace: it writes them again. */
static void forget_parents_trace(void)
{
    struct span_stack *st = span_stack_now();
    if (st->pid == arena->process.pid)
        return;
    st->pid = arena->process.pid;
    for (uint32_t i = 0; i < spans_depth; i++)
        if (st->at[i].touched)
            st->at[i].d.id = 0;
}

static void write_begins(struct span *s)
{
    struct span *parent = span_parent(s);
    if (s->d.id)
        return;
    if (parent)
        write_begins(parent);
    write_begin(s);
}

COLD void span_touch(struct span *s)
{
    span_note(s);
    forget_parents_trace();
    if (s->d.kept)
        write_begins(s);
}

/* Up to the loader everything is resolving but what has a phase of its own, is a nested span, or
 * the shim's work. */
void span_resolved(struct span *s, uint64_t now)
{
    uint64_t spent = s->d.child_ns + s->d.shim_ns, all = now - s->begin_ns;
    for (int phase = PHASE_RESOLVE + 1; phase < SPAN_PHASES; phase++)
        spent += s->d.phase_ns[phase];
    s->d.phase_ns[PHASE_RESOLVE] = all > spent ? all - spent : 0;
}

static void complete_phases(struct span *s, uint64_t end_ns)
{
    if (s->d.run_begin_ns)
        s->d.phase_ns[PHASE_RUN] = end_ns - s->d.run_begin_ns;
    else if (s->kind == SPAN_REQUIRE && !s->d.run_seen)
        span_resolved(s, end_ns);
}

/* A require that ended before a loader was called. */
static void complete_load(struct span *s)
{
    if (s->kind != SPAN_REQUIRE || s->d.run_seen || s->d.load)
        return;
    if (s->d.file)
        s->d.load = LOAD_LUA_FILE;
    else if (s->step == SPAN_LOADING && loader_times.begin_ns)
        s->d.load = LOAD_C_LIBRARY, s->d.file = s->d.opened;
    else if (s->step == SPAN_WAITING && s->d.searchers_n)
        s->d.load = LOAD_NOT_FOUND;
}

static void memory_gained(const struct span *s, struct rec_span_end *r)
{
    const struct arena_thread *t = slot_get();
    const struct span_detail *d = &s->d;
    r->c_bytes = t->c_live_bytes - d->c_live;
    r->c_alloc_bytes = t->c_gross_bytes - d->c_gross;
    if (!d->state || d->state->id != d->state_id)
        return;
    r->lua_bytes = (int64_t)d->state->live_bytes - d->lua_live;
    r->lua_alloc_bytes = lua_gross(d->state) - d->lua_gross;
}

static void write_end(struct span *s, enum span_status status, uint64_t end_ns)
{
    struct rec_span_end r = {.id = s->d.id,
                             .end_ns = end_ns,
                             .status = status,
                             .load = s->d.load,
                             .file = s->d.file,
                             .phase_ns_n = SPAN_PHASES,
                             .source_bytes = s->d.source_bytes,
                             .precompiled = s->d.precompiled,
                             .text_hash = s->d.text_hash,
                             .error = s->d.error};
    memcpy(r.phase_ns, s->d.phase_ns, sizeof s->d.phase_ns);
    memory_gained(s, &r);
    RECORD_PUSH(span_end, &r);
}

/* Runs of chunks and loads of files are counted by chunk too; of the others something is lost. */
static void count_unwritten(const struct span *s)
{
    if (s->kind != SPAN_MAIN && s->kind != SPAN_LOADFILE)
        loss_count(LOSS_SPANS, 1);
}

COLD void span_write_end(struct span *s, enum span_status status, uint64_t end_ns)
{
    complete_phases(s, end_ns);
    complete_load(s);
    forget_parents_trace();
    if (s->d.kept)
        write_begins(s);
    if (s->d.id)
        write_end(s, status, end_ns);
    else
        count_unwritten(s);
}

COLD void span_yielded(struct span *s)
{
    s->d.error = intern_z("yielded: what ran later is not in this span");
}

COLD uint32_t span_error_text(const struct span *s)
{
    const struct lua_api *api = &s->copy->api;
    size_t n;
    if (api->lua_gettop(s->L) < 1 || api->lua_type(s->L, -1) != LUA_TSTRING)
        return 0;
    if (atomic_load_explicit(&errors_all, memory_order_relaxed) >= SPAN_ERRORS_ALL)
        return 0;
    const char *text = api->lua_tolstring(s->L, -1, &n);
    uint32_t before = arena->strings_used;
    uint32_t id = intern(text, n < ERROR_CUT ? n : ERROR_CUT);
    if (arena->strings_used != before) /* a text not seen before */
        atomic_fetch_add_explicit(&errors_all, 1, memory_order_relaxed);
    return id;
}
