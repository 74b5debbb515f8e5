/* dlopen: makes the shim ready for a library that may bring Lua along, then jumps on.
 *
 * The real dlopen must see the caller's own return address: RUNPATH and $ORIGIN of a plain name are
 * looked up for the object that contains it.
 *
 * In:  as dlopen.   Out: jumps to the next dlopen, arguments untouched.   Context: host threads. */

        .hidden dlopen_prepare

        .text
        .globl  dlopen
        .type   dlopen, @function
        .balign 16
dlopen:
        .cfi_startproc
        push    %rdi
        .cfi_adjust_cfa_offset 8
        push    %rsi
        .cfi_adjust_cfa_offset 8
        sub     $8, %rsp
        .cfi_adjust_cfa_offset 8
        call    dlopen_prepare
        add     $8, %rsp
        .cfi_adjust_cfa_offset -8
        pop     %rsi
        .cfi_adjust_cfa_offset -8
        pop     %rdi
        .cfi_adjust_cfa_offset -8
        jmp     *%rax
        .cfi_endproc
        .size   dlopen, . - dlopen

        .section .note.GNU-stack, "", @progbits
