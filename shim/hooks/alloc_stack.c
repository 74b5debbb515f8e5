/* alloc_stack: see alloc_stack.h.
 *
 * The C stack is walked from here outwards: frames of running_call tell which states run, and for whom
 * (shim/sampler/running.h); the first frame of a VM loop holds the pc of the function that runs. */
#include "shim/hooks/alloc_stack.h"

#include <errno.h>
#include <string.h>

#include "shim/attach/arch/x86_64/registers.h"
#include "shim/record/record_api.h"
#include "shim/sampler/running.h"
#include "shim/sampler/sampler.h"
#include "shim/stack/lua_frames.h"
#include "shim/stack/lua_key.h"
#include "shim/stack/lua_kinds.h"
#include "shim/stack/lua_learn.h"
#include "shim/stack/lua_stack.h"
#include "shim/stack/native.h"
#include "shim/stack/native_bounds.h"
#include "shim/stack/nodes.h"
#include "shim/stack/roomy.h"

enum {
    NATIVE_MAX = 48,
    LUA_MAX = LUA_STACK_MAX,
    RUNNING_MAX = 32,
    STEPS_MAX = 2048,
    LEARN_STACK = 96 * 1024, /* what lua_learn may need */
    WALK_STACK = 16 * 1024   /* what a walk may, with a signal that comes in it */
};

struct walk {
    struct native_stack stack;
    struct native_frame frame, vm;
    int has_vm, running_n, native_n;
    const struct running *running[RUNNING_MAX]; /* innermost first */
    uint32_t vm_copy;
    struct running by_vm; /* a call that only the VM's frame tells of */
    struct lua_kind_look kind;
    int is_whole; /* 1: walked to the outermost frame */
    lua_frames_walk *frames;
    const void *caller; /* frames count from this return address on; NULL: from anywhere */
    uint64_t native[NATIVE_MAX];
};

/* ---- the C stack ---- */

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

static void look_at(struct walk *w)
{
    uint64_t pc = w->frame.pc;
    const struct running *r = running_of(&w->frame);
    int copy;
    if (r != NULL) {
        if (w->running_n < RUNNING_MAX)
            w->running[w->running_n++] = r;
    } else if (!w->has_vm && w->running_n == 0 && (copy = vm_copy(pc - 1)) >= 0) {
        w->vm = w->frame;
        w->has_vm = 1;
        w->vm_copy = (uint32_t)copy;
        lua_bring_pc((uint32_t)copy, &w->vm, &w->stack);
    }
    lua_kind_look(&w->kind, pc);
    if (w->caller != NULL && pc == (uint64_t)(uintptr_t)w->caller)
        w->caller = NULL;
    if (w->caller == NULL && w->native_n < NATIVE_MAX)
        w->native[w->native_n++] = pc;
}

static void begin(struct walk *w, const struct registers *r)
{
    memset(&w->frame, 0, sizeof w->frame);
    for (int i = 0; i < CFI_SAVED_N; i++)
        w->frame.r[cfi_saved_register[i]] = r->saved[i];
    w->frame.r[CFI_RSP] = r->rsp;
    w->frame.pc = r->rip;
    w->frame.is_exact = 1;
    w->frame.page = r->rsp & ~UINT64_C(4095); /* this runs on it */
    w->stack = native_bounds(r->rsp, !sampler_is_fenced());
}

/* Where the way is lost: the call that was begun last, if it can not have ended. */
static void take_last(struct walk *w, uint64_t sp)
{
    uint64_t at = (uint64_t)(uintptr_t)running_last;
    if (w->running_n == 0 && at > sp && at < w->stack.hi &&
        running_last->check == (at ^ RUNNING_CHECK))
        w->running[w->running_n++] = running_last;
}

static int can_walk(const struct walk *w)
{
    return w->stack.hi != 0 || w->stack.peeks;
}

static void walk(struct walk *w, const struct registers *r, const void *caller)
{
    int more = 1;
    w->has_vm = w->running_n = w->native_n = 0;
    w->kind = (struct lua_kind_look){.kind = ALLOC_OTHER};
    w->caller = caller;
    begin(w, r);
    for (int i = 0; i < STEPS_MAX && can_walk(w) && (more = native_step(&w->frame, &w->stack)) > 0;
         i++)
        look_at(w);
    w->is_whole = more == 0 && w->running_n < RUNNING_MAX;
    if (more < 0)
        take_last(w, r->rsp);
    if (unlikely(w->has_vm && w->running_n == 0))
        w->running_n = running_by_vm(w->running, &w->by_vm, w->vm_copy, &w->vm, &w->stack);
}

/* ---- Lua's stack ---- */

static uint64_t global_of(const struct running *r)
{
    uint64_t g;
    memcpy(&g, (const char *)r->L + r->copy->layout.state_global, sizeof g);
    return g;
}

/* The innermost call whose state is GLOBAL's; -1: none. */
static int find_running(const struct walk *w, uint64_t global)
{
    for (int i = 0; i < w->running_n; i++)
        if (w->running[i]->copy->layout.verified &&
            (global == 0 || global_of(w->running[i]) == global))
            return i;
    return -1;
}

static int has_exact_line(const struct walk *w, int i)
{
    return i == 0 && w->has_vm && lua_has_pc(w->running[0]->copy->id);
}

static __attribute__((noinline)) uint32_t lua_node(const struct walk *w, int i)
{
    struct lua_frame f[LUA_MAX];
    enum lua_frames_end end;
    lua_State *L = w->running[i]->L;
    int exact = has_exact_line(w, i);
    int n = w->frames(L, exact ? &w->vm : NULL, f, LUA_MAX - 1, &end);
    if (n > 0 && f[0].kind == NODE_LUA && !exact)
        f[0].flags |= NODE_LINE_STALE;
    while (end == LUA_FRAMES_WHOLE && n < LUA_MAX - 1 &&
           (L = running_resumer(w->running, w->running_n, L, &i)) != NULL) {
        f[n++] = (struct lua_frame){.kind = NODE_COROUTINE};
        n += w->frames(L, NULL, f + n, LUA_MAX - 1 - n, &end);
    }
    return lua_stack_intern(f, n);
}

/* A state that is being closed is whole while a finalizer runs in it, that is, while its VM does. */
static void take_lua(struct walk *w, uint64_t global, struct alloc_stack *out)
{
    int i = find_running(w, global);
    out->lua = 0;
    out->unlearnt = NULL;
    if (i < 0 || (w->running[i]->kind == RUNNING_CLOSE && !w->has_vm))
        return;
    const struct lua_learnt *l = lua_learnt(w->running[i]->copy->id);
    if (likely(__atomic_load_n(&l->frames, __ATOMIC_ACQUIRE)))
        out->lua = lua_node(w, i);
    out->unlearnt = l->tried ? NULL : w->running[i]->copy;
}

/* ---- what is kept of it ---- */

static uint64_t root_of(const struct walk *w, int i)
{
    const lua_State *from[RUNNING_MAX];
    uint64_t root = 0;
    int n = 0;
    for (lua_State *L = w->running[i]->L;
         (L = running_resumer(w->running, w->running_n, L, &i)) != NULL;)
        from[n++] = L;
    while (n-- > 0)
        root = current_resumed(from[n], root);
    return root;
}

/* What runs in the state S, for as long as nothing is called. */
static __attribute__((noinline)) void note_current(const struct walk *w,
                                                   const struct arena_state *s)
{
    struct current *c = &current_of[s - arena->states];
    const struct lua_learnt *l = lua_learnt(s->copy);
    int i = s->global_state != 0 ? find_running(w, s->global_state) : -1;
    current_forget(c);
    if (!w->is_whole || s->global_state == 0 || !l->tried || (i >= 0 && w->running[i] == &w->by_vm))
        return;
    if (i < 0 || !l->frames)
        current_found(c, NULL, NULL, 0);
    else if (w->running[i]->kind != RUNNING_CLOSE)
        current_found(c, w->running[i]->L, w->running[i], root_of(w, i));
}

static void take_native(const struct walk *w, struct alloc_stack *out)
{
    struct node_key k = {.kind = NODE_NATIVE};
    for (int i = w->native_n - 1; i >= 0; i--) {
        k.value = w->native[i];
        k.parent = node_intern_merging(&k);
    }
    out->native = k.parent;
}

/* ---- for the allocators ---- */

struct asked {
    const struct registers *from;
    const void *caller;
    const struct arena_state *state;
    struct alloc_stack *out;
};

/* A frame of its own for what the walk keeps, below the registers it begins with. */
static __attribute__((noinline)) void take_now(void *asked, const struct native_stack *here)
{
    const struct asked *a = asked;
    struct walk w;
    (void)here;
    int saved = errno;
    const struct arena_state *s = a->state;
    walk(&w, a->from, a->caller);
    w.frames = a->caller != NULL ? lua_frames : lua_frames_at_rest;
    if (a->caller != NULL)
        take_native(&w, a->out);
    take_lua(&w, s != NULL ? s->global_state : 0, a->out);
    if (s != NULL && current_wanted)
        note_current(&w, s);
    a->out->kind = w.kind.kind;
    errno = saved;
}

/* A thread's whole stack may be 16 KiB, of which Lua left little; a fiber's or a segment's may be less, and is not known by its
 * size. */
static void take(const struct asked *a)
{
    *a->out = (struct alloc_stack){.kind = ALLOC_OTHER};
    roomy_call(take_now, (void *)(uintptr_t)a, WALK_STACK, !sampler_is_fenced());
}

/* The frame of whoever calls this is where the walk begins; it is still there while this runs. */
static inline __attribute__((always_inline)) void take_here(const struct arena_state *s,
                                                            struct alloc_stack *out)
{
    struct registers r = {.rip = 0};
    registers_now(&r);
    take(&(struct asked){&r, NULL, s, out});
}

__attribute__((noinline)) void alloc_stack_lua(const struct arena_state *s, struct alloc_stack *out)
{
    take_here(s, out);
    if (unlikely(out->unlearnt != NULL) && alloc_stack_learn(out->unlearnt) == 0)
        take_here(s, out);
    __asm__ volatile("" ::: "memory"); /* no tail call */
}

__attribute__((noinline)) void alloc_stack_c(const void *caller, struct alloc_stack *out)
{
    struct registers r = {.rip = 0};
    registers_now(&r);
    take(&(struct asked){&r, caller, NULL, out});
    __asm__ volatile("" ::: "memory");
}

static enum trail_vm vm_of(uint64_t pc)
{
    int copy = vm_copy(pc);
    if (copy < 0)
        return TRAIL_NO_VM;
    const struct lua_learnt *l = lua_learnt((uint32_t)copy);
    return l->pc_in_register ? TRAIL_VM_PC : l->pc_slot != 0 ? TRAIL_VM_ELSEWHERE : TRAIL_VM_NO_PC;
}

const struct trail *alloc_stack_trail(const struct registers *r, unsigned wants)
{
    int saved = errno;
    struct trail_walk how = {native_bounds(r->rsp, !sampler_is_fenced()),
                             (uint64_t)(uintptr_t)running_call_return, vm_of};
    const struct trail *t = trail_record(r, wants, &how);
    errno = saved;
    return t;
}

static void learn(void *copy, const struct native_stack *here)
{
    lua_learn(copy, here);
}

int alloc_stack_learn(const struct lua_copy *c)
{
    return roomy_call(learn, (struct lua_copy *)(uintptr_t)c, LEARN_STACK, !sampler_is_fenced());
}

void alloc_stack_watch(struct lua_copy *c)
{
    if (c->layout.verified)
        running_watch(c);
}
