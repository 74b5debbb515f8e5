/* thunk: one piece of code for every C function that Lua may be given.
 *
 * A thunk counts the call down in the thread's slot and jumps on to the original; it has no frame,
 * so C stack use, longjmp, exceptions and yields are as without it.  %rax alone is changed, which
 * a lua_CFunction does not get anything in.
 *
 * In:  %rdi lua_State, [%rsp] return address.   Out: jumps.   Context: host threads. */

#include "shim/attach/thunk.h"

#define CALLS_SHIFT 6 /* sizeof(struct arena_calls) is 64, calls[] is first in the slot */

        .hidden slot_now
        .hidden function_original
        .hidden thunk_slow
        .hidden thunk_table
        .globl  thunk_table
        .type   thunk_table, @function

        .section .text.thunk, "ax", @progbits
        .balign 64
thunk_table:
        .cfi_startproc
        .set    index, 0
        .rept   THUNK_N
        .balign THUNK_BYTES, 0xcc
        mov     slot_now@gottpoff(%rip), %rax
        mov     %fs:(%rax), %rax
        decl    (index << CALLS_SHIFT)(%rax)
        jle     thunk_spent + index * 16
        jmp     *(function_original + index * 8)(%rip)
        .set    index, index + 1
        .endr
        .balign THUNK_BYTES, 0xcc
        .cfi_endproc
        .size   thunk_table, . - thunk_table

/* Countdown spent (or thread not registered): the slow path, told the index. */
        .balign 64
thunk_spent:
        .cfi_startproc
        .set    index, 0
        .rept   THUNK_N
        .balign 16, 0xcc
        mov     $index, %esi
        jmp     thunk_slow
        .set    index, index + 1
        .endr
        .balign 16, 0xcc
        .cfi_endproc
        .size   thunk_spent, . - thunk_spent

        .section .note.GNU-stack, "", @progbits
