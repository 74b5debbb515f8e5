/* dlopen, dlmopen: make the shim ready for a library that may bring Lua along, then jump on.
 *
 * The real ones must see the caller's own return address: RUNPATH and $ORIGIN of a plain name are
 * looked up for the object that contains it.
 *
 * In:  as these.   Out: jump to the next one of the name, arguments untouched.   Context: host threads. */

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

        .hidden dlmopen_prepare

        .globl  dlmopen
        .type   dlmopen, @function
        .balign 16
dlmopen:
        .cfi_startproc
        push    %rdi
        .cfi_adjust_cfa_offset 8
        push    %rsi
        .cfi_adjust_cfa_offset 8
        push    %rdx
        .cfi_adjust_cfa_offset 8
        call    dlmopen_prepare
        pop     %rdx
        .cfi_adjust_cfa_offset -8
        pop     %rsi
        .cfi_adjust_cfa_offset -8
        pop     %rdi
        .cfi_adjust_cfa_offset -8
        jmp     *%rax
        .cfi_endproc
        .size   dlmopen, . - dlmopen

        .section .note.GNU-stack, "", @progbits
