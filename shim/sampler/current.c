/* current: see current.h. */
#include "shim/sampler/current.h"

#include "shim/record/record_api.h"
#include "shim/sampler/running.h"
#include "shim/sampler/sampler.h"
#include "shim/stack/lua_key.h"
#include "shim/stack/lua_learn.h"
#include "shim/stack/native_bounds.h"

SHIM_TABLE struct current current_of[ARENA_STATES_MAX];
SHIM_TLS uint64_t current_ticket;
int current_wanted;

static SHIM_TLS int several_stacks;

/* ---- tickets: the upper bits are the thread's ---- */

enum { TICKET_BITS = 40 };

/* Of this thread, on its own stack; CURRENT_UNKNOWN: there is none. */
static uint64_t ticket(uintptr_t sp)
{
    static _Atomic uint64_t threads;
    if (unlikely(several_stacks))
        return CURRENT_UNKNOWN;
    if (unlikely(!native_is_own(sp, !sampler_is_fenced()))) {
        several_stacks = 1;
        current_ticket = 0;
        return CURRENT_UNKNOWN;
    }
    if (unlikely(current_ticket >> TICKET_BITS == 0))
        current_ticket = (atomic_fetch_add(&threads, 1) + 1) << TICKET_BITS;
    return current_ticket;
}

/* ---- what holds ---- */

static void set(struct current *c, lua_State *L, uintptr_t frame, uint64_t root)
{
    c->L = L;
    c->frame = L != NULL ? frame : UINTPTR_MAX;
    c->root = root;
    c->ticket = ticket(stack_now());
}

void current_reset(struct current *c, uint32_t lane)
{
    c->code = (c->code | (uint64_t)lane << CURRENT_LANE_SHIFT) + CURRENT_CODE_STEP;
    c->lane = &arena->lanes[lane];
    c->lane_i = lane;
    memset(c->trail, 0, sizeof c->trail);
    memset(c->site, 0, sizeof c->site);
    current_forget(c);
}

void current_begin(struct current *c, uint32_t copy)
{
    if (lua_learnt(copy)->tried)
        set(c, NULL, 0, 0);
    else
        current_forget(c);
}

void current_found(struct current *c, lua_State *L, const void *frame, uint64_t root)
{
    set(c, L, (uintptr_t)frame, root);
}

uint64_t current_resumed(const lua_State *from, uint64_t root)
{
    return lua_key_add(lua_key(from) + root, 1) | 1;
}

/* ---- calls ---- */

static struct current *of_state(const struct running *r)
{
    void *ud = NULL;
    if (r->copy->api.lua_getallocf == NULL)
        return NULL;
    r->copy->api.lua_getallocf(r->L, &ud);
    const struct arena_state *s = state_of_handle(ud);
    return s != NULL ? &current_of[s - arena->states] : NULL;
}

static int is_empty(const lua_State *L)
{
    return lua_key_pointer(lua_key_pointer(L, OFFSET_STATE_CI), OFFSET_CI_PREVIOUS) == NULL;
}

/* Returns 1 where the root of the call R is known, given what runs. */
static int find_root(const struct running *r, const struct current *now, uint64_t *root)
{
    *root = 0;
    switch (r->kind) {
    case RUNNING_CALL:
        if (now->L == r->L)
            *root = now->root;
        return now->L == NULL || now->L == r->L || is_empty(r->L);
    case RUNNING_RESUME:
        if (r->from == NULL)
            return 1;
        *root = current_resumed(r->from, r->from == now->L ? now->root : 0);
        return r->from == now->L || is_empty(r->from);
    default:
        return 0;
    }
}

static void begin_call(struct current *c, const struct running *r, int known)
{
    const struct lua_learnt *l = lua_learnt(r->copy->id);
    uint64_t root;
    if (!known || !l->tried || r->kind == RUNNING_CLOSE)
        current_forget(c);
    else if (!l->frames)
        set(c, NULL, 0, 0);
    else if (find_root(r, c, &root))
        set(c, r->L, (uintptr_t)r, root);
    else
        current_forget(c);
}

struct current *current_enter(const struct running *r, struct current_call *before)
{
    struct current *c = of_state(r);
    if (c == NULL)
        return NULL;
    *before = (struct current_call){c->ticket, c->frame, c->L, c->root};
    if (!current_holds(c))
        before->ticket = CURRENT_UNKNOWN;
    begin_call(c, r, before->ticket != CURRENT_UNKNOWN);
    return c;
}

/* Back here, what ran before the call does so again, whatever jumps there were. */
void current_leave(struct current *c, const struct current_call *before)
{
    if (before->ticket == CURRENT_UNKNOWN)
        current_forget(c);
    else
        set(c, before->L, before->frame, before->root);
}
