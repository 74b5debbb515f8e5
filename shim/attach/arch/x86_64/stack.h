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

/* Calls F(A, B, C), which does not return, on the stack that ends at TOP, a multiple of 16.  What was on the old one is left
 * for good. */
static inline __attribute__((always_inline, noreturn)) void
stack_leave(uintptr_t top, const void *f, const void *a, int b, const void *c)
{
    __asm__ volatile("mov %0, %%rsp\n\tcall *%1"
                     :
                     : "r"(top), "r"(f), "D"(a), "S"((long)b), "d"(c)
                     : "memory");
    __builtin_unreachable();
}

/* What watched handlers return to; and those whose mask has the sampler's signal by us (signal_return.S). */
extern const char signal_return[] __attribute__((visibility("hidden")));
extern const char signal_return_added[] __attribute__((visibility("hidden")));

/* Calls F(ARGUMENT) on the stack that ends at TOP, a multiple of 16 (stack_call.S). */
void stack_call(void *argument, void (*f)(void *), uintptr_t top);

#endif
