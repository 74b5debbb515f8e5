/* running: which Lua state runs on this thread, for the sampler.
 *
 * While samples are taken, lua_callk, lua_pcallk, lua_resume, lua_closethread and lua_close of a copy go through
 * wrappers (in struct lua_api, behind the hooks).  A wrapper makes the call in the frame of
 * running_call, which a walk of the C stack recognises: a state is taken for running only where the
 * stack itself says so.  Errors, yields, exceptions and fibers may leave or interleave such
 * frames in any way.
 *
 * running_last serves as the short cut of nested calls, and where the way up the stack is lost; it
 * holds only below the frame that set it, on the thread's own stack.
 *
 * Context: host threads write; signal handlers on the same thread read. */
#ifndef SHIM_SAMPLER_RUNNING_H
#define SHIM_SAMPLER_RUNNING_H

#include "shim/attach/copy.h"
#include "shim/sampler/current.h"

/* RUNNING_RESET: closes a coroutine, whose __close functions run in it. */
enum running_kind { RUNNING_CALL, RUNNING_RESUME, RUNNING_RESET, RUNNING_CLOSE };

/* One call into Lua, on the C stack of the wrapper. */
struct running {
    void (*call)(struct running *); /* first: known to running_call.S */
    lua_State *L, *from;            /* from: of a resume; NULL where the host resumed it */
    const struct lua_copy *copy;
    const struct lua_api *original;
    uintptr_t check; /* this struct's address ^ RUNNING_CHECK while the call lasts */
    enum running_kind kind;
    int a, b, c; /* the call's own arguments and result */
    lua_KContext ctx;
    lua_KFunction k;
    int *nres;
};

#define RUNNING_CHECK UINT64_C(0x72756e6e696e6721)

/* The innermost call of this thread, as far as calls and returns tell; NULL: none.  May be stale. */
extern SHIM_HIDDEN SHIM_TLS struct running *running_last;

void running_call(struct running *r);
/* Where the calls that running_call makes return to: in frames with this pc, rbx is the struct. */
extern SHIM_HIDDEN const char running_call_return[];

/* The call whose frame of running_call F is; NULL: it is none, or may be none. */
static inline const struct running *running_of(const struct native_frame *f)
{
    uint64_t at = f->r[CFI_RBX];
    uintptr_t check;
    if (likely(f->pc != (uint64_t)(uintptr_t)running_call_return) || f->is_exact)
        return NULL;
    if (unlikely(f->is_guessed) &&
        (native_peek(at + offsetof(struct running, check), &check, sizeof check) != 0 ||
         check != (at ^ RUNNING_CHECK)))
        return NULL;
    return (const void *)(uintptr_t)at;
}

/* What a host runs outside of all calls into Lua, a metamethod or a finalizer, is told by the frame VM of COPY's VM alone
 * (lua_vm_state).  Where it tells, fills in R for it, which becomes the only one of LIST, and returns 1; else 0. */
int running_by_vm(const struct running **list, struct running *r, uint32_t copy,
                  const struct native_frame *vm, const struct native_stack *stack);

/* Who resumed the coroutine L, or closes it: told by the N calls at LIST, innermost first, from the *I-th on, which is left behind
 * the one that tells; NULL: nobody's coroutine.  Lua says whom it resumes for; a coroutine is closed for what runs just then. */
lua_State *running_resumer(const struct running *const *list, int n, const lua_State *L, int *i);

/* A longjmp leaves frames, maybe those of calls: what runs is then told by the stack alone. */
static inline void running_jump(void)
{
    running_last = NULL;
    current_ticket++;
}

/* Puts the wrappers in place; once per copy. */
void running_watch(struct lua_copy *c);

#endif
