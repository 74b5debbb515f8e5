/* valgrind_here: whether this code runs on valgrind's processor.
 *
 * Source: the request 0x1001 of valgrind's client mechanism for amd64: four rotations that change nothing, and an
 * exchange of a register with itself.  A real processor leaves the answer at 0.
 *
 * Context: any. */
#ifndef SHIM_ATTACH_ARCH_X86_64_VALGRIND_HERE_H
#define SHIM_ATTACH_ARCH_X86_64_VALGRIND_HERE_H

#include <stdint.h>

static inline int valgrind_here(void)
{
    volatile uint64_t request[6] = {0x1001};
    uint64_t answer = 0;
    __asm__ volatile("rolq $3, %%rdi\n\trolq $13, %%rdi\n\trolq $61, %%rdi\n\trolq $51, %%rdi\n\t"
                     "xchgq %%rbx, %%rbx"
                     : "+d"(answer)
                     : "a"(request)
                     : "cc", "memory");
    return answer != 0;
}

#endif
