/* unwind: the longjmp family, interposed. Context: host threads, signal handlers. */
#undef _FORTIFY_SOURCE
#include "shim/platform.h"
#include "shim/real.h"

#define JUMP(name) \
    SHIM_EXPORT void unwind_##name(struct __jmp_buf_tag *env, int value) __asm__(#name); \
    void unwind_##name(struct __jmp_buf_tag *env, int value) \
    { \
        if (unlikely(!real.name)) \
            real_resolve(); \
        real.name(env, value); \
        __builtin_unreachable(); \
    }

JUMP(longjmp)
JUMP(_longjmp)
JUMP(siglongjmp)
JUMP(__longjmp_chk)
