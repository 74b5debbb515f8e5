/* observed: calls from C into Lua that the span hooks see from begin to end: the searchers and the
 * loader that require calls, the chunk that dofile calls, the opener that luaL_requiref calls, and
 * chunks that the host compiled.
 *
 * observe_calls is on while a span's own function runs, and off while what it called runs: what Lua
 * calls from there on is nobody's direct call.  An error that skips the line that turns it on again
 * leaves the span as well, and what is outside of that is put back with it (spans.c).
 *
 * Context: host threads.  Nothing is pushed, and errors pass through. */
#include "shim/hooks/observe.h"

#include <string.h>

#include "shim/attach/loader.h"
#include "shim/hooks/chunk_runs.h"
#include "shim/hooks/span_trace.h"

SHIM_TLS uint32_t observe_calls;

/* lua_callk, lua_pcallk or lua_resume, with its arguments. */
struct call {
    struct lua_copy *c;
    lua_State *L;
    int nargs;
    enum { CALLK, PCALLK, RESUME } way;
    int nresults, errfunc; /* callk, pcallk */
    lua_KContext ctx;
    lua_KFunction k;
    lua_State *from; /* resume */
    int *results_n;
};

static int call_original(const struct call *a)
{
    const struct lua_api *api = &a->c->api;
    switch (a->way) {
    case PCALLK:
        return api->lua_pcallk(a->L, a->nargs, a->nresults, a->errfunc, a->ctx, a->k);
    case RESUME:
        return api->lua_resume(a->L, a->from, a->nargs, a->results_n);
    default:
        api->lua_callk(a->L, a->nargs, a->nresults, a->ctx, a->k);
        return LUA_OK;
    }
}

/* What S's own function calls. */
static int call_direct(const struct call *a, const struct span *s, uint64_t serial)
{
    observe_calls = 0;
    int status = call_original(a);
    if (span_live(s, serial))
        observe_calls = 1;
    return status;
}

/* ---- what was found ---- */

/* The linker's part of a search that ended at NOW.  The last microseconds, in which the searcher looks
 * up luaopen_*, are taken for the constructors'. */
static void note_library(struct span *s, uint64_t now)
{
    const struct loader_times *t = &loader_times;
    uint64_t *phase = s->d.phase_ns;
    s->d.shim_ns += t->scan_ns;
    if (!t->loads_n || !t->begin_ns || t->mapped_ns < t->begin_ns || now < t->mapped_ns)
        return;
    uint64_t constructed = t->mapped_ns;
    s->d.library_seen = 1;
    phase[PHASE_MAP] += t->mapped_ns - t->begin_ns;
    if (t->construct_ns >= t->mapped_ns && t->construct_ns <= now) {
        phase[PHASE_RELOCATE] += t->construct_ns - t->mapped_ns;
        constructed = t->construct_ns;
    }
    phase[PHASE_CONSTRUCT] += now - constructed;
}

/* The loader's second argument, where it is a string; not owned. */
static const char *loader_data(const struct call *a, size_t *n)
{
    if (a->c->api.lua_type(a->L, -1) != LUA_TSTRING)
        return NULL;
    return a->c->api.lua_tolstring(a->L, -1, n);
}

static enum load_kind load_kind(const struct span *s, const char *data, size_t n, int is_c)
{
    if (!data)
        return LOAD_CUSTOM;
    if (strcmp(data, ":preload:") == 0)
        return LOAD_PRELOAD;
    if (is_c)
        return s->d.library_seen || s->d.opened_hash == span_hash(data, n) ? LOAD_C_LIBRARY
                                                                           : LOAD_CUSTOM;
    return s->d.file ? LOAD_LUA_FILE : LOAD_CUSTOM;
}

static void note_loader(const struct call *a, struct span *s)
{
    lua_CFunction fn;
    const void *closure;
    size_t n = 0;
    const char *data = loader_data(a, &n);
    layout_callee(a->c, a->L, a->nargs, &fn, &closure);
    enum load_kind kind = load_kind(s, data, n, fn != NULL);
    if (!s->d.load)
        s->d.load = (uint8_t)kind;
    if (data && kind != LOAD_PRELOAD && (kind != LOAD_LUA_FILE || !s->d.file))
        s->d.file = intern(data, n);
}

/* ---- direct calls of a span's own function ---- */

static int call_searcher(const struct call *a, struct span *s)
{
    uint64_t serial = s->serial;
    span_touch(s);
    memset(&loader_times, 0, sizeof loader_times);
    s->step = SPAN_LOADING;
    observe_files = 1;
    int status = call_direct(a, s, serial);
    observe_files = 0;
    if (span_live(s, serial)) {
        s->step = SPAN_WAITING;
        s->d.searchers_n++;
        note_library(s, now_ns());
    }
    return status;
}

static int call_run(const struct call *a, struct span *s)
{
    uint64_t serial = s->serial;
    struct chunk_run r = {NULL, 0, CHUNK_HOST};
    lua_CFunction fn;
    const void *closure;
    layout_callee(a->c, a->L, a->nargs, &fn, &closure);
    if (closure && chunk_runs_find(a->c, closure, &r))
        chunk_run_begun(&r);
    s->step = SPAN_RUNNING;
    s->d.run_seen = 1;
    s->d.run_begin_ns = now_ns();
    int status = call_direct(a, s, serial);
    if (span_live(s, serial)) {
        s->step = SPAN_WAITING;
        s->d.phase_ns[PHASE_RUN] = now_ns() - s->d.run_begin_ns;
        s->d.run_begin_ns = 0;
        chunk_run_returned(&r, s->d.phase_ns[PHASE_RUN]);
    }
    return status;
}

static int call_loader(const struct call *a, struct span *s)
{
    span_touch(s);
    note_loader(a, s);
    span_resolved(s, now_ns());
    return call_run(a, s);
}

/* What S's own function calls next, by the number of arguments and results. */
static int is_call(const struct call *a, const struct span *s, enum span_kind kind, int nargs,
                   int nresults)
{
    return s->kind == kind && a->way == CALLK && a->nargs == nargs && a->nresults == nresults;
}

static int call_by_span(const struct call *a, struct span *s)
{
    if (is_call(a, s, SPAN_REQUIRE, 1, 2))
        return call_searcher(a, s);
    if (is_call(a, s, SPAN_REQUIRE, 2, 1))
        return call_loader(a, s);
    if (is_call(a, s, SPAN_REQUIREF, 1, 1) || is_call(a, s, SPAN_DOFILE, 0, LUA_MULTRET)) {
        span_touch(s);
        return call_run(a, s);
    }
    return call_direct(a, s, s->serial);
}

/* ---- chunks called by C ---- */

static void note_main(const struct chunk_run *r, uint64_t now)
{
    static _Atomic uint32_t init; /* what stock lua runs before the script is not the script */
    if (!init)
        init = intern_z("=LUA_INIT");
    if (r->name != init)
        milestone_note(MILESTONE_MAIN, now, r->name);
}

/* The first run of a chunk's name is written as it begins, so that it is known even if it never
 * ends; others when they end. */
static void main_begin(struct span *s, const struct chunk_run *r)
{
    s->step = SPAN_RUNNING;
    s->begin_ns = now_ns();
    note_main(r, s->begin_ns);
    span_note_named(s, r->name);
    if (!r->chunk || atomic_load_explicit(&r->chunk->run_n, memory_order_relaxed) == 1)
        span_touch(s);
    s->d.run_begin_ns = s->begin_ns;
}

static void main_end(struct span *s, uint64_t serial, const struct chunk_run *r, uint32_t weight,
                     int status)
{
    uint64_t end = now_ns();
    if (!span_live(s, serial))
        return;
    if (status == LUA_OK) {
        chunk_run_returned(r, (end - s->begin_ns) * weight);
        span_close(s, serial, SPAN_OK, end);
    } else if (status == LUA_YIELD) {
        span_yielded(s);
        span_close(s, serial, SPAN_OPEN, end);
    } else {
        s->d.error = span_error_text(s);
        span_close(s, serial, SPAN_FAILED, end);
    }
}

static int call_main(const struct call *a, const struct chunk_run *r, uint32_t weight)
{
    struct span *s = span_push(SPAN_MAIN, a->c, a->L, SPAN_FRAME());
    if (!s)
        return call_original(a);
    uint64_t serial = s->serial;
    main_begin(s, r);
    int status = call_original(a);
    main_end(s, serial, r, weight, status);
    return status;
}

static int call_timed(const struct call *a, const struct chunk_run *r, uint32_t weight)
{
    uint64_t begin = now_ns();
    int status = call_original(a);
    if (status == LUA_OK)
        chunk_run_returned(r, (now_ns() - begin) * weight);
    return status;
}

static int call_observed(const struct call *a, uintptr_t frame)
{
    spans_switch(a->c, a->L, frame);
    struct span *s = span_top(frame);
    struct chunk_run r;
    lua_CFunction fn;
    const void *closure;
    if (s && s->step == SPAN_WAITING && s->L == a->L && s->call == layout_running_call(a->c, a->L))
        return call_by_span(a, s);
    layout_callee(a->c, a->L, a->nargs, &fn, &closure);
    if (!closure || !chunk_runs_find(a->c, closure, &r))
        return call_original(a);
    uint32_t weight = chunk_run_begun(&r);
    if (weight == 0)
        return call_original(a);
    return !s && chunk_is_host(r.origin) ? call_main(a, &r, weight) : call_timed(a, &r, weight);
}

void observed_callk(struct lua_copy *c, lua_State *L, int nargs, int nresults, lua_KContext ctx,
                    lua_KFunction k)
{
    struct call a = {
        .c = c, .L = L, .nargs = nargs, .way = CALLK, .nresults = nresults, .ctx = ctx, .k = k};
    call_observed(&a, SPAN_FRAME());
}

int observed_pcallk(struct lua_copy *c, lua_State *L, int nargs, int nresults, int errfunc,
                    lua_KContext ctx, lua_KFunction k)
{
    struct call a = {.c = c,
                     .L = L,
                     .nargs = nargs,
                     .way = PCALLK,
                     .nresults = nresults,
                     .errfunc = errfunc,
                     .ctx = ctx,
                     .k = k};
    return call_observed(&a, SPAN_FRAME());
}

/* A coroutine that goes on after a yield calls nothing: below its arguments are its own values. */
int observed_resume(struct lua_copy *c, lua_State *L, lua_State *from, int narg, int *nres)
{
    struct call a = {.c = c, .L = L, .nargs = narg, .way = RESUME, .from = from, .results_n = nres};
    lua_Debug ar;
    if (c->api.lua_getstack && c->api.lua_getstack(L, 0, &ar))
        return call_original(&a);
    return call_observed(&a, SPAN_FRAME());
}
