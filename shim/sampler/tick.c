/* tick: see tick.h. */
#include "shim/sampler/tick.h"

#include <errno.h>
#include <string.h>

#include "shim/attach/arch/x86_64/stack.h"
#include "shim/record/record_api.h"
#include "shim/sampler/running.h"
#include "shim/stack/lua_learn.h"
#include "shim/stack/nodes.h"

SHIM_TLS struct tick_thread *tick_now;
volatile int tick_stopped;

/* ---- native frames ---- */

/* The copy whose VM loop PC is in, or -1. */
static int vm_copy(uint64_t pc)
{
    for (uint32_t i = 0; i < copy_count(); i++) {
        const struct lua_learnt *l = lua_learnt(i);
        if (pc - l->vm.lo < l->vm.hi - l->vm.lo)
            return (int)i;
    }
    return -1;
}

/* Fills t->native, innermost first, and t->vm with the innermost frame of a VM. */
static int walk_native(struct tick_thread *t, const void *context, int *has_vm, uint64_t *flags)
{
    int n = 0, more;
    *has_vm = 0;
    native_begin(&t->frame, context);
    do {
        if (n == TICK_NATIVE_MAX) {
            *flags |= SAMPLE_TRUNCATED_NATIVE;
            break;
        }
        t->native[n++] = t->frame.pc;
        if (!*has_vm && vm_copy(t->frame.is_exact ? t->frame.pc : t->frame.pc - 1) >= 0) {
            t->vm = t->frame;
            *has_vm = 1;
        }
        more = native_step(&t->frame, &t->stack);
    } while (more > 0);
    if (more < 0)
        *flags |= SAMPLE_NO_NATIVE;
    return n;
}

static uint32_t intern_native(const struct tick_thread *t, int n)
{
    struct node_key k = {.kind = NODE_NATIVE};
    for (int i = n - 1; i >= 0; i--) {
        k.value = t->native[i];
        k.parent = node_intern(&k);
    }
    return k.parent;
}

/* ---- Lua frames ---- */

/* The coroutine's frames, then its resumer's, and so on. */
static int walk_lua(struct tick_thread *t, int has_vm, uint64_t *flags)
{
    enum lua_frames_end end;
    lua_State *L = running_lua;
    int n = lua_frames(L, has_vm ? &t->vm : NULL, t->lua, TICK_LUA_MAX - 1, &end);
    if (!has_vm && n > 0 && t->lua[0].kind == NODE_LUA)
        t->lua[0].flags |= NODE_LINE_STALE;
    for (struct running_resume *r = running_resumes; r != NULL && end == LUA_FRAMES_WHOLE;
         r = r->outer) {
        if (r->L != L)
            continue;
        L = r->from;
        if (L == NULL)
            break;
        t->lua[n++] = (struct lua_frame){.kind = NODE_COROUTINE};
        n += lua_frames(L, NULL, t->lua + n, TICK_LUA_MAX - 1 - n, &end);
    }
    if (end == LUA_FRAMES_CUT)
        *flags |= SAMPLE_TRUNCATED_LUA;
    if (end == LUA_FRAMES_BUSY)
        *flags |= SAMPLE_LUA_BUSY;
    return n;
}

static uint32_t intern_lua(const struct tick_thread *t, int n)
{
    struct node_key k = {.parent = 0};
    for (int i = n - 1; i >= 0; i--) {
        const struct lua_frame *f = &t->lua[i];
        k.kind = f->kind;
        k.flags = f->flags;
        k.line = f->line;
        k.value = f->kind == NODE_LUA ? proto_intern((const void *)(uintptr_t)f->value) : f->value;
        k.parent = node_intern(&k);
    }
    return k.parent;
}

/* Which state L belongs to, by its global_State. */
static uint64_t state_of(struct tick_thread *t, const struct lua_copy *c)
{
    uint64_t g;
    memcpy(&g, (const char *)running_lua + c->layout.state_global, sizeof g);
    if (g == t->cached_global)
        return t->cached_state;
    uint32_t n = atomic_load(&arena->states_made);
    for (uint32_t i = 0; i < ARENA_STATES_MAX && i < n; i++) {
        const struct arena_state *s = &arena->states[i];
        if (s->global_state == g && s->in_use == 1) {
            t->cached_global = g;
            t->cached_state = s->id;
            return s->id;
        }
    }
    return 0;
}

static void sample_lua(struct tick_thread *t, int has_vm, struct rec_sample *r)
{
    const struct lua_copy *c = copy_now;
    if (running_lua == NULL || c == NULL || !lua_learnt(c->id)->frames)
        return;
    int n = walk_lua(t, has_vm, &r->flags);
    r->lua = intern_lua(t, n);
    r->state = state_of(t, c);
}

/* ---- the sample ---- */

static void push(const struct rec_sample *r)
{
    uint8_t buf[96];
    size_t n = rec_sample_encode(r, buf, sizeof buf);
    if (n != 0)
        ring_push(buf, n);
}

static void note_cost(uint64_t ns)
{
    struct arena_sampler *p = &arena->sampler;
    atomic_fetch_add_explicit(&p->handler_n, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&p->handler_ns, ns, memory_order_relaxed);
    if (ns > atomic_load_explicit(&p->handler_max_ns, memory_order_relaxed))
        atomic_store_explicit(&p->handler_max_ns, ns, memory_order_relaxed);
}

/* A drain needs room on the stack, which a fiber may not have. */
static int has_room(const struct tick_thread *t)
{
    enum { DRAIN_STACK = 256 * 1024 };
    uint64_t sp = stack_now();
    return sp > t->stack.lo + DRAIN_STACK && sp < t->stack.hi;
}

static void take(struct tick_thread *t, const void *context)
{
    struct rec_sample r = {.at_ns = now_ns(), .tid = t->tid, .periods = 1};
    int has_vm;
    int n = walk_native(t, context, &has_vm, &r.flags);
    r.native = intern_native(t, n);
    sample_lua(t, has_vm, &r);
    push(&r);
    uint64_t end = now_ns();
    note_cost(end - r.at_ns);
    if (has_room(t))
        writer_tick(end);
}

void tick(int signal, siginfo_t *info, void *context)
{
    struct tick_thread *t = tick_now;
    (void)signal;
    (void)info;
    if (t == NULL || t->busy || tick_stopped || arena == NULL)
        return;
    int saved = errno;
    t->busy = 1;
    take(t, context);
    t->busy = 0;
    errno = saved;
}
