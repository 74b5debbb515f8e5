/* tick: see tick.h. */
#include "shim/sampler/tick.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/attach/arch/x86_64/stack.h"
#include "shim/record/record_api.h"
#include "shim/sampler/running.h"
#include "shim/sampler/sampler.h"
#include "shim/sampler/signal_stack.h"
#include "shim/sampler/signal_view.h"
#include "shim/sampler/tick_cost.h"
#include "shim/sampler/tick_source.h"
#include "shim/sampler/waiting.h"
#include "shim/stack/lua_learn.h"

SHIM_TLS struct tick_thread *tick_now;
SHIM_TLS uintptr_t tick_stack;
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

static void look_at(struct tick_thread *t)
{
    const struct running *r = running_of(&t->frame);
    int copy;
    if (r != NULL) {
        if (t->running_n < TICK_RUNNING_MAX)
            t->running[t->running_n++] = r;
    } else if (!t->has_vm && t->running_n == 0 &&
               (copy = vm_copy(t->frame.is_exact ? t->frame.pc : t->frame.pc - 1)) >= 0) {
        t->vm = t->frame;
        t->has_vm = 1;
        t->vm_copy = (uint32_t)copy;
        lua_bring_pc((uint32_t)copy, &t->vm, &t->stack);
    }
}

/* Where the way is lost: the call that was begun last, if it can not have ended. */
static void take_last(struct tick_thread *t, uint64_t sp)
{
    uint64_t at = (uint64_t)(uintptr_t)running_last;
    if (t->running_n == 0 && sp >= t->stack.lo && at > sp && at < t->stack.hi &&
        running_last->check == (at ^ RUNNING_CHECK))
        t->running[t->running_n++] = running_last;
}

/* Fills t->native, innermost first, t->running and t->vm, from t->frame on.  Frames beyond what is kept are
 * still looked at, since Lua's may be among them.  FROM_VM: what is inside of the innermost VM frame is left out. */
static int walk_native(struct tick_thread *t, int from_vm, uint64_t *flags)
{
    enum { STEPS_MAX = 4096 };
    int n = 0, more, steps = 0;
    t->has_vm = t->running_n = 0;
    native_trail_begin(&t->trail);
    do {
        look_at(t);
        if (from_vm && !t->has_vm)
            ;
        else if (n < TICK_NATIVE_MAX)
            t->native[n++] = t->frame.pc;
        else
            *flags |= SAMPLE_TRUNCATED_NATIVE;
        more = native_step_along(&t->frame, &t->stack, &t->trail);
    } while (more > 0 && ++steps < STEPS_MAX);
    if (more < 0)
        *flags |= SAMPLE_NO_NATIVE;
    return n;
}

/* ---- Lua frames ---- */

/* Where the C stack could be walked to its VM, and this VM keeps its pc in a register. */
static int has_exact_line(const struct tick_thread *t, uint64_t flags)
{
    return lua_has_pc(t->running[0]->copy->id) && (t->has_vm || !(flags & SAMPLE_NO_NATIVE));
}

/* The coroutine's frames, then its resumer's, and so on. */
static int walk_lua(struct tick_thread *t, struct rec_sample *r)
{
    enum lua_frames_end end;
    lua_State *L = t->running[0]->L;
    int i = 0, n = lua_frames(L, t->has_vm ? &t->vm : NULL, t->lua, TICK_LUA_MAX - 1, &end);
    if (n > 0 && t->lua[0].kind == NODE_LUA && !has_exact_line(t, r->flags))
        t->lua[0].flags |= NODE_LINE_STALE;
    while (end == LUA_FRAMES_WHOLE &&
           (L = running_resumer(t->running, t->running_n, L, &i)) != NULL) {
        r->coroutine = (uint64_t)(uintptr_t)t->running[0]->L;
        if (n >= TICK_LUA_MAX - 1) {
            end = LUA_FRAMES_CUT;
            break;
        }
        t->lua[n++] = (struct lua_frame){.kind = NODE_COROUTINE};
        n += lua_frames_at_rest(L, NULL, t->lua + n, TICK_LUA_MAX - 1 - n, &end);
    }
    if (end == LUA_FRAMES_CUT)
        r->flags |= SAMPLE_TRUNCATED_LUA;
    if (end == LUA_FRAMES_BUSY)
        r->flags |= SAMPLE_LUA_BUSY;
    return n;
}

static int has_global(const struct arena_state *s, uint64_t global)
{
    return s->global_state == global && s->in_use == 1;
}

/* The state that runs, by its global_State; NULL: it is not known. */
static const struct arena_state *state_of(struct tick_thread *t)
{
    const struct running *r = t->running[0];
    uint64_t g;
    memcpy(&g, (const char *)r->L + r->copy->layout.state_global, sizeof g);
    if (likely(t->state != NULL && has_global(t->state, g)))
        return t->state;
    uint32_t n = atomic_load(&arena->states_n);
    for (uint32_t i = 0; i < n; i++)
        if (has_global(&arena->states[i], g))
            return t->state = &arena->states[i];
    return NULL;
}

/* A state that is being closed is whole while a Lua function runs in it, that is, a finalizer. */
static int can_be_walked(const struct tick_thread *t)
{
    return t->running_n > 0 && (t->running[0]->kind != RUNNING_CLOSE || t->has_vm) &&
           lua_learnt(t->running[0]->copy->id)->frames;
}

static void sample_lua(struct tick_thread *t, struct rec_sample *r)
{
    if (!can_be_walked(t))
        return;
    const struct arena_state *s = state_of(t);
    int n = walk_lua(t, r);
    r->lua = tick_nodes_lua(&t->lua_nodes, t->lua, n, s);
    r->state = s != NULL ? s->id : 0;
}

/* ---- the sample ---- */

static void push(const struct rec_sample *r)
{
    uint8_t buf[96];
    size_t n = rec_sample_encode(r, buf, sizeof buf);
    if (n != 0)
        ring_push(buf, n);
}

/* The stack that the handler runs on; 0, 0: a fiber's. */
static struct native_stack stack_here(const struct tick_thread *t)
{
    uint64_t sp = stack_now();
    if (sp > t->own_stack.lo && sp < t->own_stack.hi)
        return t->own_stack;
    return sp > t->stack.lo && sp < t->stack.hi ? t->stack : (struct native_stack){0};
}

/* To learn, and to drain the arena, takes some stack. */
static int has_room(const struct native_stack *here)
{
    enum { LARGE = TICK_STACK_BYTES - 64 * 1024 };
    return here->hi != 0 && stack_now() > here->lo + LARGE;
}

/* By copy: it is said that its Lua frames can not be read.  Whoever allocated first may have learnt it. */
static _Atomic int said[ARENA_COPIES_MAX];

static int is_unsaid(uint32_t id)
{
    const struct lua_learnt *l = lua_learnt(id);
    return __atomic_load_n(&l->tried, __ATOMIC_ACQUIRE) && !l->frames && !atomic_load(&said[id]);
}

static int is_new(uint32_t id)
{
    enum { LAYOUT_UNUSED = 2 };
    return (!lua_learnt(id)->tried || unlikely(is_unsaid(id))) && copy_at(id)->live &&
           arena->copies[id].layout != LAYOUT_UNUSED;
}

/* The copy that runs on this thread above SP, if it is new; -1: none.  What running_last points to may have
 * been the stack of a fiber, and be gone. */
static int new_copy(uint64_t sp)
{
    struct running r;
    uint64_t at = (uint64_t)(uintptr_t)running_last;
    if (at <= sp || native_peek(at, &r, sizeof r) != 0 || r.check != (at ^ RUNNING_CHECK))
        return -1;
    return is_new(r.copy->id) ? (int)r.copy->id : -1;
}

/* The new copy whose code was interrupted; -1: none.  It may run without a call that tells so (running_by_vm). */
static int new_copy_at(uint64_t pc)
{
    const struct lua_copy *c = copy_of_address((const void *)(uintptr_t)pc);
    return c != NULL && is_new(c->id) ? (int)c->id : -1;
}

/* Only a copy that runs here: the library of another may be closed at this moment by another thread, and
 * learning runs code of it. */
static void learn(const struct tick_thread *t, uint64_t pc, uint64_t sp)
{
    uint32_t i = 0, n = copy_count();
    while (likely(i < n) && !is_new(i))
        i++;
    if (likely(i == n))
        return;
    int saved = errno, id = new_copy(sp);
    if (id < 0)
        id = new_copy_at(pc);
    struct native_stack here = stack_here(t);
    if (id >= 0 && has_room(&here))
        lua_learn(copy_at((uint32_t)id), &here);
    if (id >= 0 && is_unsaid((uint32_t)id) && !atomic_exchange(&said[id], 1))
        uncovered_note("Lua frames in CPU samples", lua_no_frames_why(copy_at((uint32_t)id)),
                       (uint32_t)id + 1);
    errno = saved;
}

void tick_name(struct tick_thread *t)
{
    char name[sizeof t->name] = "";
    if (!sampler_is_fenced())
        syscall(SYS_prctl, PR_GET_NAME, name, 0L, 0L, 0L);
    if (*name)
        memcpy(t->name, name, sizeof name);
    struct rec_thread r = {.tid = t->tid,
                           .name = {(const uint8_t *)t->name, strnlen(t->name, sizeof t->name)},
                           .samples_n = t->samples_n};
    RECORD_PUSH(thread, &r);
}

/* Threads are named late, and again. */
static int is_power_of_ten(uint64_t n)
{
    while (n % 10 == 0 && n != 0)
        n /= 10;
    return n == 1;
}

/* What is on the stack, from t->frame on. */
static void look(struct tick_thread *t, struct rec_sample *r)
{
    uint64_t sp = t->frame.r[CFI_RSP];
    int waits = (r->flags & SAMPLE_WAITING) != 0, n = walk_native(t, waits, &r->flags);
    if (r->flags & SAMPLE_NO_NATIVE)
        take_last(t, sp);
    if (unlikely(t->has_vm && t->running_n == 0))
        t->running_n = running_by_vm(t->running, &t->by_vm, t->vm_copy, &t->vm, &t->stack);
    r->native = tick_nodes_native(&t->native_nodes, t->native, n);
    sample_lua(t, r);
}

/* A thread that is found at work has waited before: where, only its Lua stack tells. */
static void push_waited(struct tick_thread *t, struct rec_sample *r)
{
    r->periods = waiting_units(t);
    r->flags = (r->flags & ~(uint64_t)SAMPLE_IN_HANDLER) | SAMPLE_WAITING;
    if (t->running_n == 0)
        r->native = 0;
    if (r->periods != 0)
        push(r);
}

/* Whether the tick came due while a handler of the host's kept it away, and how often then. */
static uint64_t flags_of(struct tick_thread *t, uint64_t *ticks)
{
    uint64_t due = tick_source_due(t->source), n = due - t->due_n;
    int was_kept_away = t->was_kept_away;
    t->was_late = was_kept_away;
    t->due_n = due;
    t->was_kept_away = 0;
    if (was_kept_away && n > *ticks)
        *ticks = n;
    return was_kept_away ? SAMPLE_IN_HANDLER : 0;
}

/* A signal that came due inside the kernel is delivered behind the system call, or before one that begins again. */
static int is_at_system_call(uint64_t ip)
{
    static const uint8_t syscall_op[2] = {0x0f, 0x05};
    uint8_t b[4];
    return native_peek(ip - 2, b, sizeof b) == 0 &&
           (memcmp(b, syscall_op, 2) == 0 || memcmp(b + 2, syscall_op, 2) == 0);
}

/* Events leave out what falls due inside the kernel; the timer that stands in for one is to do so, too. */
static int is_left_out(const struct tick_thread *t)
{
    return !arena->sampler.system_too && tick_source_is_timer(t->source) &&
           is_at_system_call(t->frame.pc);
}

static void take(struct tick_thread *t, const void *context, uint64_t at_ns, uint64_t ticks)
{
    uint64_t flags = flags_of(t, &ticks);
    uint64_t units = tick_pace_units(&t->pace, ticks, arena->sampler.period_ns);
    t->units_n += units;
    if (unlikely(is_left_out(t)))
        return;
    uint64_t cost = tick_cost_begin(t->samples_n + t->tid);
    struct rec_sample r = {.at_ns = at_ns, .tid = t->tid, .periods = units, .flags = flags};
    t->window.n = 0;
    native_begin(&t->frame, context);
    look(t, &r);
    push(&r);
    if (unlikely(is_power_of_ten(++t->samples_n)))
        tick_name(t);
    if (waiting_on)
        push_waited(t, &r);
    tick_cost_end(cost);
}

void tick_waited(struct tick_thread *t, uint64_t units)
{
    struct rec_sample r = {
        .at_ns = now_ns(), .tid = t->tid, .periods = units, .flags = SAMPLE_WAITING};
    learn(t, 0, stack_now());
    t->window.n = 0;
    native_begin_caller(&t->frame, &t->stack);
    look(t, &r);
    push(&r);
}

void tick(int signal, siginfo_t *info, void *context)
{
    struct tick_thread *t = tick_now;
    uint64_t ticks = tick_source_ticks(info);
    (void)signal;
    int saved = errno;
    if (likely(t != NULL))
        signal_stack_tick(t, context);
    if (unlikely(ticks == 0))
        signal_view_foreign(info, context);
    errno = saved;
    if (t == NULL || t->busy || tick_stopped || arena == NULL || ticks == 0)
        return;
    t->busy = 1;
    native_begin(&t->frame, context);
    learn(t, t->frame.pc, t->frame.r[CFI_RSP]);
    uint64_t began = now_ns();
    if (unlikely(tick_rest_holds(&t->rest, began, sampler_distance_ns(), &ticks))) {
        t->busy = 0;
        errno = saved;
        return;
    }
    take(t, context, began, ticks);
    uint64_t taken = now_ns();
    if (unlikely(t->finer_at != 0 && t->units_n >= t->finer_at))
        sampler_finer(t);
    struct native_stack here = stack_here(t);
    if (has_room(&here))
        writer_tick(taken);
    if (!t->was_late && tick_pace_is_due(&t->pace))
        sampler_pace(t);
    tick_rest_note(&t->rest, taken - began, now_ns());
    t->busy = 0;
    errno = saved;
}
