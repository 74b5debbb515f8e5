/* unwind: the longjmp family, interposed, since Lua leaves C frames by it at every error and yield.
 *
 * While no span is open a jump costs one test more, and within a span a look at where it goes.  The
 * spans in the frames that are about to go are closed first.  The jump itself is the next object's: mask, shadow stack and
 * FORTIFY's check are its business.
 *
 * Context: host threads, signal handlers. */
#undef _FORTIFY_SOURCE
#include <string.h>

#include "shim/attach/arch/x86_64/jump.h"
#include "shim/attach/copy.h"
#include "shim/hooks/spans.h"
#include "shim/real.h"
#include "shim/sampler/running.h"
#include "shim/sampler/signal_guard.h"

/* Lua's own jumps stand in a structure whose status follows the buffer; other jumps say nothing. */
static int why_lua_jumps(const struct __jmp_buf_tag *env, const void *caller)
{
    int status = 0;
    if (copy_of_address(caller))
        memcpy(&status, env + 1, sizeof status);
    return status == CUT_YIELD || status == CUT_ERROR ? status : CUT_UNKNOWN;
}

static _Atomic int readable; /* 0: not known yet, 1: yes, -1: no */

static COLD int find_out_readable(void)
{
    int found = jump_readable() ? 1 : -1;
    atomic_store_explicit(&readable, found, memory_order_relaxed);
    return found;
}

static __attribute__((noinline)) void leave_spans(const struct __jmp_buf_tag *env,
                                                  const void *caller, uintptr_t frame)
{
    int can_be_read = atomic_load_explicit(&readable, memory_order_relaxed);
    if (unlikely(!can_be_read))
        can_be_read = find_out_readable();
    uintptr_t target = jump_target(env);
    if (unlikely(can_be_read < 0))
        spans_thrown();
    else if (unlikely(spans_leave(frame, target)))
        spans_cut(frame, target, why_lua_jumps(env, caller));
}

/* The real one is jumped to: one return address more on the processor's own stack of them would make
 * every return of Lua's that follows a yield a mispredicted one (measured: 25 ns).
 * By assembler name: the declarations of <setjmp.h> redirect one of these to another under FORTIFY. */
#define JUMP(name, may_move) \
    SHIM_EXPORT void unwind_##name(struct __jmp_buf_tag *env, int value) __asm__(#name); \
    void unwind_##name(struct __jmp_buf_tag *env, int value) \
    { \
        running_jump(); \
        if (unlikely(spans_depth)) \
            leave_spans(env, __builtin_return_address(0), SPAN_FRAME()); \
        if (unlikely(!real.name)) \
            real_resolve(); \
        if (may_move && unlikely(signal_guard_used)) \
            signal_guard_jump(env, value, real.name); \
        real.name(env, value); \
    }

JUMP(longjmp, 1)
JUMP(_longjmp, 1)
JUMP(siglongjmp, 1)
JUMP(__longjmp_chk, 0) /* looks which stack it is on */
