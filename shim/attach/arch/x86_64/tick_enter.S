/* tick_enter: the signal's handler.  Goes on to `tick` on a stack of the sampler's own, so that of the stack it
 * interrupted, which may be small, no more is used than what the kernel puts there.
 *
 * In: rdi, rsi, rdx as a handler gets them; tick_stack: the top of this thread's own stack, 0: it has
 * none.   Context: signal handler, all signals blocked. */

        .hidden tick, tick_enter, tick_stack
        .text
        .globl  tick_enter
        .type   tick_enter, @function
        .balign 16
tick_enter:
        .cfi_startproc
        endbr64
        mov     tick_stack@gottpoff(%rip), %rax
        mov     %fs:(%rax), %rax
        test    %rax, %rax
        je      tick
        push    %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbx, 0
        mov     %rsp, %rbx
        .cfi_def_cfa_register %rbx
        mov     %rax, %rsp
        call    tick
        mov     %rbx, %rsp
        .cfi_def_cfa_register %rsp
        pop     %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbx
        ret
        .cfi_endproc
        .size   tick_enter, . - tick_enter

        .section .note.GNU-stack, "", @progbits
