/* current: which Lua state runs of each that the shim counts for, without a walk of the C stack, for exact figures of memory.
 *
 * What a walk would find is kept by the calls that it would find it by: the wrappers of running.h set it and take it
 * back.  It is believed only where nothing can have come between:
 *  - a longjmp, since which a call may be gone without having taken it back, ends the thread's ticket;
 *  - so does a thread that uses a state which another one used before;
 *  - a call is gone once the stack pointer is above its frame (an exception passed by);
 *  - a thread that runs Lua on more than one C stack (fibers) gets no tickets.
 * Else the C stack is walked, and what is found is kept again.  The state itself can not be gone: whoever frees it tells us.
 *
 * Context: host threads; an entry belongs to the thread that runs the state. */
#ifndef SHIM_SAMPLER_CURRENT_H
#define SHIM_SAMPLER_CURRENT_H

#include "shim/attach/arch/x86_64/stack.h"
#include "shim/attach/copy.h"
#include "shim/stack/trail.h"

struct running;

/* What a call takes back. */
struct current_call {
    uint64_t ticket;
    uintptr_t frame;
    lua_State *L;
    uint64_t root;
};

enum { CURRENT_SITES = 64 };
struct current_site {
    uint64_t key;
    struct arena_site *site;
    uint32_t id;
} __attribute__((aligned(32)));

struct current {
    uint64_t ticket; /* of the thread, and since its last longjmp */
    uintptr_t frame; /* of the call: holds below it */
    lua_State *L;    /* NULL: no call, or one whose stack can not be read */
    uint64_t root;   /* lua_key of those who resumed L */
    uint64_t
        code; /* what makes keys: by lane, and raised by CURRENT_CODE_STEP whenever they end to hold */
    struct arena_lane *lane;
    uint32_t lane_i;
    const struct trail *trail[TRAIL_WANTS]; /* taken last */
    struct current_site
        site[CURRENT_SITES]; /* of the last block of each call and place in it (current_site) */
};

/* By the index of the arena_state. */
extern SHIM_HIDDEN struct current current_of[ARENA_STATES_MAX];
extern SHIM_HIDDEN SHIM_TLS uint64_t current_ticket;
extern SHIM_HIDDEN int current_wanted; /* 1: there are exact states */

#define CURRENT_UNKNOWN UINT64_MAX
/* Of code: the lower bits are a block's kind's and the lane's. */
#define CURRENT_CODE_STEP (UINT64_C(1) << 32)
enum { CURRENT_LANE_SHIFT = 16 };

static inline int current_holds(const struct current *c)
{
    return likely(c->ticket == current_ticket) && likely(stack_now() < c->frame);
}

/* Where the site of the last block is that the call CI made at PC, of KIND.  Others may have the same place: what is found is believed
 * for its key only.  But it is asked for before the key is known. */
static inline struct current_site *current_site(struct current *c, const void *ci, uint64_t pc,
                                                uint64_t kind)
{
    enum { BYTES = sizeof(struct current_site), MASK = (CURRENT_SITES - 1) * BYTES };
    /* Call infos are 16 bytes apart, at least, and instructions 4. */
    uint64_t at = (uint64_t)(uintptr_t)ci * (BYTES / 16) + pc * (BYTES / 4) + kind * (BYTES * 8);
    char *site = (char *)c->site + (at & MASK);
    __asm__("" : "+r"(site)); /* worked out once */
    return (struct current_site *)(void *)site;
}

static inline void current_forget(struct current *c)
{
    c->ticket = CURRENT_UNKNOWN;
}

/* The state of LANE is about to be made; was made, of COPY: nothing runs in it. */
void current_reset(struct current *c, uint32_t lane);
void current_begin(struct current *c, uint32_t copy);

/* A walk found that L runs, for which FRAME was made, and under which resumers; NULL: nothing does. */
void current_found(struct current *c, lua_State *L, const void *frame, uint64_t root);

/* The root of what FROM, itself under ROOT, resumes. */
uint64_t current_resumed(const lua_State *from, uint64_t root);

/* Around a call; enter returns what leave is to be given, NULL where there is nothing to take back. */
struct current *current_enter(const struct running *r, struct current_call *before);
void current_leave(struct current *c, const struct current_call *before);

#endif
