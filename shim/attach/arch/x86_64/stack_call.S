/* stack_call: calls a function on another stack, and comes back.
 *
 * In:  rdi: the function's argument; rsi: the function; rdx: the top of the stack, a multiple of 16.  The walk of the C stack crosses
 * to the old one by the frame pointer.   Context: host threads. */

        .text
        .hidden stack_call
        .globl  stack_call
        .type   stack_call, @function
        .balign 16
stack_call:
        .cfi_startproc
        endbr64
        push    %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbp, 0
        mov     %rsp, %rbp
        .cfi_def_cfa_register %rbp
        mov     %rdx, %rsp
        call    *%rsi
        mov     %rbp, %rsp
        .cfi_def_cfa_register %rsp
        pop     %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbp
        ret
        .cfi_endproc
        .size   stack_call, . - stack_call

        .section .note.GNU-stack, "", @progbits
