/* jump: where a longjmp will land, read from the jmp_buf before it happens.
 *
 * glibc keeps the stack pointer in the buffer's seventh word, rotated and mixed with the thread's
 * pointer guard.  Nothing promises that, so jump_readable finds out whether it holds here.
 *
 * Context: any. */
#ifndef SHIM_ATTACH_ARCH_X86_64_JUMP_H
#define SHIM_ATTACH_ARCH_X86_64_JUMP_H

#include <setjmp.h>
#include <stdint.h>

#include "shim/attach/arch/x86_64/stack.h"

enum { JUMP_SP = 6, JUMP_NEAR = 4096 };

/* Stack pointer after the jump. */
static inline uintptr_t jump_target(const struct __jmp_buf_tag *env)
{
    uintptr_t sp = (uintptr_t)env->__jmpbuf[JUMP_SP];
    __asm__("ror $0x11, %0\n\txor %%fs:0x30, %0" : "+r"(sp) : : "cc");
    return sp;
}

/* 1 where jump_target reads a buffer made here right.  No jump is made. */
static inline int jump_readable(void)
{
    jmp_buf here;
    if (_setjmp(here))
        return 0;
    return jump_target(here) + JUMP_NEAR - stack_now() < 2 * JUMP_NEAR;
}

#endif
