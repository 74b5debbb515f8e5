/* signal_return: what handlers that keep the sampler's signal away return to, in place of the C library's code (signal_guard.h).
 *
 * Two addresses for one code: which one an action has says whether the sampler's signal is in its mask by us, or by the host.
 *
 * In: rsp: the ucontext that the kernel made; every register is the kernel's to restore.   Out: calls signal_guard_leave, and
 * gives the context back to the kernel.   Context: a signal handler has ended, with its signals still blocked. */

        .hidden signal_guard_leave, signal_return, signal_return_added

/* Where register N is found: at OFFSET (two bytes as an sleb128) from rsp, in uc_mcontext. */
        .macro  saved n, low, high
        .cfi_escape 0x10, \n, 3, 0x77, \low, \high
        .endm

        .text
        .balign 16
        .cfi_startproc
        .cfi_signal_frame
        .cfi_escape 0x0f, 4, 0x77, 0xa0, 0x01, 0x06 /* the caller's rsp: what is at 160 */
        saved   8, 0x28 + 0x80, 0
        saved   9, 0x30 + 0x80, 0
        saved   10, 0x38 + 0x80, 0
        saved   11, 0xc0, 0
        saved   12, 0xc8, 0
        saved   13, 0xd0, 0
        saved   14, 0xd8, 0
        saved   15, 0xe0, 0
        saved   5, 0xe8, 0    /* rdi */
        saved   4, 0xf0, 0    /* rsi */
        saved   6, 0xf8, 0    /* rbp */
        saved   3, 0x80, 1    /* rbx */
        saved   1, 0x88, 1    /* rdx */
        saved   0, 0x90, 1    /* rax */
        saved   2, 0x98, 1    /* rcx */
        saved   7, 0xa0, 1    /* rsp */
        saved   16, 0xa8, 1   /* rip */
        nop /* who walks the stack looks one byte before a return address */
        .globl  signal_return_added
        .type   signal_return_added, @function
signal_return_added:
        nop
        .size   signal_return_added, . - signal_return_added
        .globl  signal_return
        .type   signal_return, @function
signal_return:
        call    signal_guard_leave
        mov     $15, %eax /* rt_sigreturn */
        syscall
        .cfi_endproc
        .size   signal_return, . - signal_return

        .section .note.GNU-stack, "", @progbits
