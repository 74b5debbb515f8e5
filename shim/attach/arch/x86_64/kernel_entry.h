/* kernel_entry: a system call, as the kernel has it: a negative result is an error's number.
 *
 * Context: any. */
#ifndef SHIM_ATTACH_ARCH_X86_64_KERNEL_ENTRY_H
#define SHIM_ATTACH_ARCH_X86_64_KERNEL_ENTRY_H

static inline long kernel_entry(long number, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long r;
    __asm__ volatile("syscall"
                     : "=a"(r)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return r;
}

#endif
