/* spans: the stack of open spans of each thread.
 *
 * In: hooks that open and close spans, jumps.  Out: span_trace.c writes what was touched.
 * Context: host threads; spans_cut also in signal handlers that jump. */
#include "shim/hooks/spans.h"

#include <string.h>

#include "shim/hooks/observe.h"
#include "shim/hooks/own_stack.h"
#include "shim/hooks/span_trace.h"

static SHIM_TABLE struct span_stack stacks[SPAN_STACKS];
static SHIM_TLS struct span_stack *mine; /* ours while spans_depth > 0, else a guess */
static SHIM_TLS uint64_t thrown_ns;      /* last jump to an unknown place */
SHIM_TLS uint32_t spans_depth;
static SHIM_TLS uintptr_t key_now; /* which C stack */
static SHIM_TLS uint32_t parked_n; /* stacks of ours that are not the current one */

static int stack_take(struct span_stack *st, uintptr_t from)
{
    if (from && st->depth)
        return 0;
    if (!atomic_compare_exchange_strong_explicit(&st->owner, &from, (uintptr_t)&spans_depth,
                                                 memory_order_acquire, memory_order_relaxed))
        return 0;
    st->pid = arena->process.pid;
    st->key = key_now;
    mine = st;
    return 1;
}

/* A stack still owned by our address was left by a thread that ended with open spans. */
static COLD struct span_stack *stack_search(void)
{
    for (int i = 0; i < SPAN_STACKS; i++)
        if (stack_take(&stacks[i], 0) || stack_take(&stacks[i], (uintptr_t)&spans_depth))
            return mine;
    loss_count(LOSS_SPANS, 1);
    return NULL;
}

static struct span_stack *stack_claim(void)
{
    if (spans_depth || (mine && stack_take(mine, 0)))
        return mine;
    return stack_search();
}

static inline struct span *innermost(void)
{
    return &mine->at[spans_depth - 1];
}

/* Takes the innermost span off and sets the world outside of it right again. */
static void top_remove(void)
{
    struct span *s = innermost();
    observe_calls = s->was_calls;
    observe_files = s->was_files;
    s->serial = 0;
    if (--spans_depth == 0)
        atomic_store_explicit(&mine->owner, 0, memory_order_release);
}

static void top_close(enum span_status status, uint64_t end_ns)
{
    struct span *s = innermost();
    if (s->touched) {
        span_write_end(s, status, end_ns);
        if (spans_depth > 1 && s[-1].touched)
            s[-1].d.child_ns += end_ns - s->begin_ns;
    }
    top_remove();
}

/* Closes what was left without a jump that we saw (C++ exceptions, jumps that passed us by).  Their
 * coroutines may be gone too, so what was not noted of them stays unknown. */
static COLD void stack_settle(uintptr_t frame)
{
    while (spans_depth && innermost()->frame <= frame) {
        uint64_t begin = innermost()->begin_ns;
        top_close(SPAN_FAILED, thrown_ns > begin ? thrown_ns : now_ns());
    }
}

struct span *span_top(uintptr_t frame)
{
    if (!spans_depth)
        return NULL;
    struct span *s = innermost();
    if (likely(s->frame > frame))
        return s;
    stack_settle(frame);
    return spans_depth ? innermost() : NULL;
}

static int copy_suffices(const struct lua_copy *c)
{
    return arena && c->api.lua_type && c->api.lua_tolstring && c->api.lua_getstack &&
           c->api.lua_getinfo && c->api.lua_gettop;
}

static void span_init(struct span *s, enum span_kind kind, struct lua_copy *c, lua_State *L)
{
    s->copy = c;
    s->L = L;
    s->call = layout_running_call(c, L);
    s->begin_ns = 0;
    s->asked = NULL;
    s->asked_n = 0;
    s->was_calls = observe_calls;
    s->was_files = observe_files;
    s->kind = (uint8_t)kind;
    s->step = SPAN_WAITING;
    s->touched = 0;
}

struct span *span_push(enum span_kind kind, struct lua_copy *c, lua_State *L, uintptr_t frame)
{
    if (!copy_suffices(c))
        return NULL;
    spans_switch(c, L, frame);
    span_top(frame);
    struct span_stack *st = stack_claim();
    if (!st)
        return NULL;
    if (spans_depth == SPAN_DEPTH) {
        loss_count(LOSS_SPANS, 1);
        return NULL;
    }
    struct span *s = &st->at[spans_depth];
    span_init(s, kind, c, L);
    s->frame = frame;
    s->serial = ++st->serial;
    observe_files = 0;
    spans_depth++;
    return s;
}

struct span_stack *span_stack_now(void)
{
    return mine;
}

struct span *span_parent(const struct span *s)
{
    return s > mine->at ? &mine->at[s - mine->at - 1] : NULL;
}

/* ---- several C stacks ---- */

static int is_parked(const struct span_stack *st)
{
    return st->depth &&
           atomic_load_explicit(&st->owner, memory_order_relaxed) == (uintptr_t)&spans_depth;
}

static void park(void)
{
    if (spans_depth) {
        mine->depth = spans_depth;
        mine->was_calls = observe_calls;
        mine->was_files = observe_files;
        parked_n++;
    }
    spans_depth = observe_calls = observe_files = 0;
    mine = NULL;
}

static void unpark(struct span_stack *st)
{
    mine = st;
    key_now = st->key;
    spans_depth = st->depth;
    observe_calls = st->was_calls;
    observe_files = st->was_files;
    st->depth = 0;
    parked_n--;
}

static COLD void switch_to(uintptr_t key)
{
    park();
    key_now = key;
    for (int i = 0; parked_n && i < SPAN_STACKS; i++)
        if (stacks[i].key == key && is_parked(&stacks[i])) {
            unpark(&stacks[i]);
            return;
        }
}

static uintptr_t key_of(const struct lua_copy *c, lua_State *L, uintptr_t frame)
{
    uintptr_t key = 0;
    if (own_stack_has(frame))
        return 0;
    if (c->layout.verified)
        memcpy(&key, (const char *)L + c->layout.state_global, sizeof key);
    return key | 1;
}

void spans_switch(const struct lua_copy *c, lua_State *L, uintptr_t frame)
{
    if (!arena)
        return;
    uintptr_t key = key_of(c, L, frame);
    if (unlikely(key != key_now))
        switch_to(key);
}

/* S's frame runs again: so does its stack. */
static COLD int stack_comes_back(const struct span *s)
{
    size_t at = (size_t)((const char *)s - (const char *)stacks) / sizeof stacks[0];
    if (at >= SPAN_STACKS || !is_parked(&stacks[at]))
        return 0;
    park();
    unpark(&stacks[at]);
    return 1;
}

static int is_current(const struct span *s)
{
    return spans_depth && s >= mine->at && s < mine->at + spans_depth;
}

int span_live(const struct span *s, uint64_t serial)
{
    if (unlikely(!is_current(s)) && !(parked_n && stack_comes_back(s) && is_current(s)))
        return 0;
    return s->serial == serial;
}

void span_close(struct span *s, uint64_t serial, enum span_status status, uint64_t end_ns)
{
    if (!span_live(s, serial))
        return;
    while (innermost() != s)
        top_close(SPAN_FAILED, thrown_ns > s->begin_ns ? thrown_ns : end_ns);
    top_close(status, end_ns);
    writer_tick(end_ns);
}

void span_drop(struct span *s, uint64_t serial)
{
    if (likely(span_live(s, serial) && s == innermost()))
        top_remove();
    else
        span_close(s, serial, SPAN_OK, now_ns());
}

/* Jumps within one stack go up; one that seems to go down leaves an alternate signal stack.  A jump from
 * another C stack to the thread's own leaves no span of that other one: it may come back to it. */
static int is_between(const struct span *s, uintptr_t low, uintptr_t high)
{
    if (likely(s->frame >= high))
        return 0;
    return (s->frame >= low || low > high) && own_stack_has(high) == (key_now == 0);
}

static COLD void cut_from_top(uintptr_t low, uintptr_t high, int why)
{
    uint64_t now = now_ns();
    const struct span *top = innermost();
    uint32_t text = why == CUT_ERROR ? span_error_text(top) : 0;
    while (spans_depth && is_between(innermost(), low, high)) {
        struct span *s = innermost();
        span_touch(s);
        if (why == CUT_YIELD)
            span_yielded(s);
        else if (!s->d.error)
            s->d.error = text;
        top_close(why == CUT_YIELD ? SPAN_OPEN : SPAN_FAILED, now);
    }
}

int spans_leave(uintptr_t low, uintptr_t high)
{
    return spans_depth && is_between(innermost(), low, high);
}

void spans_cut(uintptr_t low, uintptr_t high, int why)
{
    if (spans_leave(low, high))
        cut_from_top(low, high, why);
}

void spans_thrown(void)
{
    thrown_ns = now_ns();
}
