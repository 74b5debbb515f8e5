/* registers: those that calls preserve, as they are here, for a walk of the C stack that begins here.
 *
 * Context: any. */
#ifndef SHIM_ATTACH_ARCH_X86_64_REGISTERS_H
#define SHIM_ATTACH_ARCH_X86_64_REGISTERS_H

#include <stdint.h>

/* In the order of cfi_saved_register (shim/stack/cfi.h): rbx rbp r12 r13 r14 r15; then rsp, rip. */
struct registers {
    uint64_t saved[6], rsp, rip;
};

static inline __attribute__((always_inline)) void registers_now(struct registers *r)
{
    __asm__ volatile("mov %%rbx, 0(%0)\n\t"
                     "mov %%rbp, 8(%0)\n\t"
                     "mov %%r12, 16(%0)\n\t"
                     "mov %%r13, 24(%0)\n\t"
                     "mov %%r14, 32(%0)\n\t"
                     "mov %%r15, 40(%0)\n\t"
                     "mov %%rsp, 48(%0)\n\t"
                     "lea 0(%%rip), %%rax\n\t"
                     "mov %%rax, 56(%0)"
                     :
                     : "c"(r)
                     : "rax", "memory");
}

#endif
