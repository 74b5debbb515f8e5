/* stack_merge: see stack_merge.h. */
#include "collector/analyse/stack_merge.h"

#include <stdlib.h>
#include <string.h>

#include "collector/analyse/stack_chain.h"
#include "collector/util/xalloc.h"

/* Frames [lo, hi) of the native stack with the C functions [c_lo, c_hi) of the Lua side that they
 * belong to, between two joints. */
struct stretch {
    size_t lo, hi, c_lo, c_hi;
    int is_host; /* 1: nothing but the host is farther out */
};

/* Of a C function: its native frame, SIZE_MAX where it has none; up to where native frames are its own and
 * what it calls. */
struct own {
    size_t at, end;
};

enum mode {
    MODE_CALLEE,  /* what the innermost C function calls */
    MODE_BETWEEN, /* between two functions */
    MODE_HOST
};

struct merger {
    struct frames *frames;
    struct stack_chain chain;
    const struct native *native; /* of the chain, as are: */
    struct chain_node **lua;
    size_t native_n, lua_n, frame_cap, own_cap;
    struct own *own;
    struct merged out;
    int state_known;
    int lua_whole; /* 1: the Lua side is all there */
    uint32_t label[ROLE_ALLOC + 1], label_made;
};

struct merger *merger_new(struct frames *f)
{
    struct merger *m = xcalloc(1, sizeof *m);
    m->frames = f;
    stack_chain_init(&m->chain, f);
    return m;
}

void merger_free(struct merger *m)
{
    stack_chain_release(&m->chain);
    free(m->own);
    free(m->out.frame);
    free(m);
}

/* ---- out ---- */

static int is_bracketed(const struct frame *f)
{
    return *f->label == '[';
}

static void emit(struct merger *m, uint32_t frame)
{
    struct merged *o = &m->out;
    int again = o->n && o->frame[o->n - 1] == frame;
    if (again && (m->frames->by == BY_MODULE || is_bracketed(&m->frames->at[frame])))
        return;
    o->frame = xgrow(o->frame, o->n, &m->frame_cap, sizeof *o->frame);
    o->frame[o->n++] = frame;
}

static void emit_inlined(struct merger *m, const struct place *p)
{
    for (uint32_t i = 0; i < p->inlined_n; i++)
        emit(m, m->frames->inlined[p->inlined + i]);
}

/* A native frame with what was inlined into it. */
static void emit_place(struct merger *m, const struct place *p)
{
    emit_inlined(m, p);
    emit(m, p->frame);
}

static void emit_note(struct merger *m, const char *text)
{
    if (m->frames->by != BY_MODULE)
        emit(m, frames_named(m->frames, FRAME_NOTE, text));
}

static void emit_role(struct merger *m, uint32_t role)
{
    static const char *const name[] = {"", FRAME_VM_LABEL, "[gc]", "[parse]", "[alloc]"};
    if (!(m->label_made & 1u << role))
        m->label[role] = frames_named(m->frames, FRAME_VM, name[role]);
    m->label_made |= 1u << role;
    emit(m, m->label[role]);
}

static void emit_node(struct merger *m, struct chain_node *node)
{
    switch (node->kind) {
    case NODE_LUA:
    case NODE_C_FUNCTION:
        emit(m, stack_chain_frame(&m->chain, node));
        break;
    case NODE_OVERFLOW:
        emit_note(m, "[frames not kept]");
        break;
    default:
        return;
    }
    if (node->flags & NODE_TAIL_CALL)
        emit_note(m, "(...tail calls...)");
    if (node->flags & NODE_FINALIZER)
        emit_role(m, ROLE_GC);
}

static void emit_nodes(struct merger *m, size_t from, size_t to)
{
    for (; from < to; from++)
        emit_node(m, m->lua[from]);
}

static void state_set(struct merger *m, enum stack_state state)
{
    if (!m->state_known)
        m->out.state = state;
    m->state_known = 1;
}

static enum stack_state state_of_role(uint32_t role)
{
    return role == ROLE_GC      ? STATE_GC
           : role == ROLE_PARSE ? STATE_PARSE
           : role == ROLE_ALLOC ? STATE_ALLOC
                                : STATE_LUA;
}

/* ---- native frames ---- */

/* Of Lua itself.  Inner functions are known in some builds and not in others: only what is called
 * through the API is shown, and the roles that are known. */
static void emit_machine(struct merger *m, const struct native *f, enum mode mode)
{
    const struct place *p = f->place;
    if (p->role == ROLE_GC || p->role == ROLE_PARSE || (p->role && mode == MODE_CALLEE)) {
        state_set(m, state_of_role(p->role));
        emit_role(m, p->role);
    } else if (mode == MODE_CALLEE && p->from && !p->is_internal) {
        emit_place(m, p);
    } else if (mode == MODE_HOST && !p->is_internal && !p->is_api) {
        emit_place(m, p);
    }
}

static void emit_native(struct merger *m, size_t from, size_t to, enum mode mode)
{
    for (; from < to; from++) {
        const struct native *f = &m->native[from];
        if (f->place->in_shim && from == 0)
            state_set(m, STATE_PROFILER);
        if (f->place->in_lua)
            emit_machine(m, f, mode);
        else if (!f->place->in_shim || from == 0)
            emit_place(m, f->place);
    }
}

/* What the VM does for the Lua function that runs.  The only hook of the shim that Lua itself calls is
 * its allocator. */
static void emit_vm_work(struct merger *m, size_t to)
{
    uint32_t role = to ? ROLE_VM : 0, gc = 0;
    for (size_t i = 0; i < to; i++) {
        const struct place *p = m->native[i].place;
        gc |= p->role == ROLE_GC;
        if (p->role == ROLE_ALLOC || (p->in_shim && role == ROLE_VM))
            role = ROLE_ALLOC;
        else if (p->role == ROLE_PARSE)
            role = ROLE_PARSE;
        if (!p->in_lua && (!p->in_shim || i == 0))
            emit_place(m, p);
    }
    if (gc)
        role = ROLE_GC;
    if (to && m->native[0].place->in_shim)
        state_set(m, STATE_PROFILER);
    state_set(m, state_of_role(role));
    if (role)
        emit_role(m, role);
}

/* The native frame of each C function of the stretch, found from the outside in: what they call
 * may be near them. */
static void own_find(struct merger *m, const struct stretch *s)
{
    size_t n = s->c_hi - s->c_lo, end = s->hi;
    if (n > m->own_cap)
        m->own = xrealloc(m->own, m->own_cap = n, sizeof *m->own);
    for (size_t k = n; k-- > 0;) {
        m->own[k].at = SIZE_MAX;
        for (size_t i = end; i-- > s->lo && m->own[k].at == SIZE_MAX;)
            if (frames_is_own(m->frames, m->native[i].place, m->native[i].address,
                              stack_chain_record(&m->chain, m->lua[s->c_lo + k])))
                m->own[k].at = end = i;
        m->own[k].end = end;
    }
}

static void emit_stretch(struct merger *m, const struct stretch *s)
{
    size_t at = s->lo, n = s->c_hi - s->c_lo;
    enum mode rest = s->is_host ? MODE_HOST : MODE_BETWEEN;
    if (!n && !s->lo && !s->is_host) {
        emit_vm_work(m, s->hi);
        return;
    }
    own_find(m, s);
    for (size_t k = 0; k < n; k++) {
        size_t end = m->own[k].end, own = m->own[k].at;
        emit_native(m, at, end, k == 0 && !s->lo ? MODE_CALLEE : MODE_BETWEEN);
        state_set(m, STATE_C);
        if (own != SIZE_MAX && !m->native[own].place->in_lua)
            emit_inlined(m, m->native[own].place);
        emit_node(m, m->lua[s->c_lo + k]);
        at = own == SIZE_MAX || end == s->hi ? end : end + 1;
    }
    emit_native(m, at, s->hi, rest);
}

/* ---- joints ---- */

static size_t next_vm(const struct merger *m, size_t from, size_t to)
{
    while (from < to && m->native[from].place->role != ROLE_VM)
        from++;
    return from;
}

static size_t next_lua(const struct merger *m, size_t from, size_t to)
{
    while (from < to && m->lua[from]->kind != NODE_LUA)
        from++;
    return from;
}

/* The Lua frames of one frame of the VM. */
static size_t emit_run(struct merger *m, size_t from, size_t to)
{
    size_t begin = from;
    for (; from < to && m->lua[from]->kind == NODE_LUA; from++) {
        emit_node(m, m->lua[from]);
        if (m->lua[from]->flags & NODE_FRESH)
            return from + 1;
    }
    if (from == begin)
        emit_note(m, "[Lua stack not read]");
    return from;
}

/* What lies outside of the last VM frame. */
static void emit_outer(struct merger *m, const struct stretch *s, int vm_seen)
{
    if (next_lua(m, s->c_lo, s->c_hi) < s->c_hi) { /* their native frames are not there */
        emit_nodes(m, s->c_lo, s->c_hi);
        if (vm_seen)
            emit_native(m, s->lo, s->hi, s->is_host ? MODE_HOST : MODE_BETWEEN);
        return;
    }
    emit_stretch(m, s);
}

/* Where calls are being made or left, there are frames of the VM whose Lua frame is not there (any
 * more): that many of the innermost are none of a known function's. */
static size_t first_vm(const struct merger *m, const struct stretch *s)
{
    size_t vm_n = 0, run_n = 0, first = next_vm(m, s->lo, s->hi);
    for (size_t i = first; i < s->hi; i = next_vm(m, i + 1, s->hi))
        vm_n++;
    for (size_t i = s->c_lo; i < s->c_hi; i++)
        run_n += m->lua[i]->kind == NODE_LUA && (m->lua[i]->flags & NODE_FRESH);
    for (; run_n && vm_n > run_n && m->lua_whole; vm_n--)
        first = next_vm(m, first + 1, s->hi);
    return first;
}

/* A coroutine, or the main one: S holds all its frames of both sides. */
static void emit_coroutine(struct merger *m, struct stretch s)
{
    size_t vm, first = first_vm(m, &s);
    for (vm = first; vm < s.hi; vm = next_vm(m, vm + 1, s.hi)) {
        size_t lua = next_lua(m, s.c_lo, s.c_hi);
        emit_stretch(m, &(struct stretch){s.lo, vm, s.c_lo, lua, 0});
        s.c_lo = emit_run(m, lua, s.c_hi);
        s.lo = vm + 1;
        if (!s.is_host && next_vm(m, vm + 1, s.hi) == s.hi) {
            emit_nodes(m, s.c_lo, s.c_hi);
            s.c_lo = s.c_hi;
        }
    }
    emit_outer(m, &s, first < s.hi);
}

static size_t coroutine_end(const struct merger *m, size_t from)
{
    while (from < m->lua_n && m->lua[from]->kind != NODE_COROUTINE)
        from++;
    return from;
}

static size_t resume_end(const struct merger *m, size_t from)
{
    while (from < m->native_n && !m->native[from].place->is_resume)
        from++;
    return from < m->native_n ? from + 1 : from;
}

static void emit_all(struct merger *m)
{
    struct stretch s = {0};
    for (;;) {
        s.c_hi = coroutine_end(m, s.c_lo);
        s.is_host = s.c_hi == m->lua_n;
        s.hi = s.is_host ? m->native_n : resume_end(m, s.lo);
        emit_coroutine(m, s);
        if (s.is_host)
            return;
        s.c_lo = s.c_hi + 1;
        s.lo = s.hi;
    }
}

/* What the innermost coroutine runs is the outermost of its frames; farther out is who resumed it. */
static uint32_t coroutine_frame(struct merger *m)
{
    size_t end = coroutine_end(m, 0);
    struct chain_node *n = end > 0 && end < m->lua_n ? m->lua[end - 1] : NULL;
    if (!n || (n->kind != NODE_LUA && n->kind != NODE_C_FUNCTION))
        return 0;
    return stack_chain_frame(&m->chain, n) + 1;
}

static void native_skip(struct merger *m, size_t n)
{
    m->native += n;
    m->native_n -= n;
}

/* The profiler's clocks are the profiler; where it waited is a matter of the Lua function that runs, or of the C function
 * that this one called. */
static void trim_innermost(struct merger *m, uint64_t flags)
{
    size_t n = 0;
    while (n < m->native_n && m->native[n].place->in_vdso)
        n++;
    if (n < m->native_n && m->native[n].place->in_shim)
        native_skip(m, n);
    n = next_vm(m, 0, m->native_n);
    if (flags & SAMPLE_WAITING && n < m->native_n)
        native_skip(m, n);
}

uint32_t *merger_order(const struct merger *m)
{
    const struct process *p = m->frames->process;
    size_t n = p->samples.row_n;
    uint32_t *rank = stack_chain_ranks(&m->chain);
    uint32_t *of_row = xcalloc(n + 1, sizeof *of_row), *order = xcalloc(n + 1, sizeof *order);
    size_t *begin = xcalloc(p->nodes.n + 2, sizeof *begin);
    for (size_t i = 0; i < n; i++) {
        uint32_t number = stack_chain_number(&m->chain, p->samples.row[i].lua);
        of_row[i] = number ? rank[number - 1] : 0;
        begin[of_row[i] + 1]++;
    }
    for (size_t i = 1; i <= p->nodes.n; i++)
        begin[i] += begin[i - 1];
    for (size_t i = 0; i < n; i++)
        order[begin[of_row[i]]++] = (uint32_t)i;
    free(rank);
    free(of_row);
    free(begin);
    return order;
}

const struct merged *merger_stack(struct merger *m, const struct sample_total *s)
{
    struct merged *o = &m->out;
    stack_chain_read(&m->chain, s->native, s->lua);
    m->native = m->chain.native;
    m->native_n = m->chain.native_n;
    m->lua = m->chain.lua;
    m->lua_n = m->chain.lua_n;
    trim_innermost(m, s->flags);
    o->n = 0;
    o->state = STATE_OUTSIDE;
    m->state_known = 0;
    if (s->flags & SAMPLE_WAITING) {
        state_set(m, STATE_WAITING);
        emit_note(m, "[waiting]");
    }
    if (s->flags & SAMPLE_IN_HANDLER) {
        state_set(m, STATE_OUTSIDE);
        emit_note(m, "[signal handler]");
    }
    o->is_cut = m->chain.is_cut || s->flags & (SAMPLE_TRUNCATED_NATIVE | SAMPLE_TRUNCATED_LUA);
    m->lua_whole = !m->chain.is_cut && !(s->flags & (SAMPLE_TRUNCATED_LUA | SAMPLE_LUA_BUSY));
    o->runs_lua = m->lua_n && m->lua[0]->kind == NODE_LUA;
    o->line_stale = o->runs_lua && (m->lua[0]->flags & NODE_LINE_STALE ||
                                    !stack_chain_record(&m->chain, m->lua[0])->line);
    o->coroutine = coroutine_frame(m);
    emit_all(m);
    if (!m->state_known && m->lua_n)
        o->state = o->runs_lua ? STATE_LUA : STATE_C;
    if (o->is_cut)
        emit_note(m, "[stack cut]");
    if (!o->n)
        emit(m, frames_named(m->frames, FRAME_NOTE, "[no stack]"));
    return o;
}

const char *stack_state_name(enum stack_state s)
{
    static const char *const name[] = {"Lua code",  "C functions", "collector", "parser",
                                       "allocator", "outside Lua", "profiler",  "waiting"};
    return name[s];
}

const char *stack_state_key(enum stack_state s)
{
    static const char *const key[] = {"lua",       "c",       "collector", "parser",
                                      "allocator", "outside", "profiler",  "waiting"};
    return key[s];
}
