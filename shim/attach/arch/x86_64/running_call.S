/* running_call: makes one call in a frame that a stack walk can tell, and from which it can tell
 * for what state the call was made.
 *
 * In:  rdi: a struct running, whose first word is the function to call.   Out: calls it with the
 * same argument.  While it runs, rbx in this frame is the struct.   Context: host threads. */

        .text
        .hidden running_call, running_call_return
        .globl  running_call, running_call_return
        .type   running_call, @function
        .balign 16
running_call:
        .cfi_startproc
        endbr64
        push    %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbx, 0
        mov     %rdi, %rbx
        call    *(%rdi)
running_call_return:
        pop     %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbx
        ret
        .cfi_endproc
        .size   running_call, . - running_call

        .section .note.GNU-stack, "", @progbits
