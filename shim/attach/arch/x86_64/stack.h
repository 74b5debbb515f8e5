/* stack: the stack pointer, as a number to compare with.
 *
 * Context: any. */
#ifndef SHIM_ATTACH_ARCH_X86_64_STACK_H
#define SHIM_ATTACH_ARCH_X86_64_STACK_H

#include <stdint.h>

/* Lower than what any caller saw before it called, higher than what a callee sees. */
static inline __attribute__((always_inline)) uintptr_t stack_now(void)
{
    uintptr_t sp;
    __asm__ volatile("mov %%rsp, %0" : "=r"(sp));
    return sp;
}

#endif
