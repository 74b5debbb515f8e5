/* collector_entry: where the redirected step of Lua's collector, and its call of a finalizer, arrive.
 *
 * Neither is exported, so a compiler may have changed what they are given: every register that can hold an argument reaches the
 * original as it was.  The way in says whether the call is looked at; if not, the original is jumped to, and no frame is
 * left.  If so the call is made in this frame, which has nothing to unwind; a span lies in it, not in any list, so it may be
 * left by a jump or an exception at any time.
 *
 * In: as the original.   Out: the same.   Context: host threads. */

        .text

#define SPAN 48 /* behind the six registers; 80 bytes, see collections.h */
#define FRAME 136

        .macro  ENTRY name, begin, end
        .hidden \name, \begin, \end
        .globl  \name
        .type   \name, @function
        .balign 16
\name:
        .cfi_startproc
        endbr64
        sub     $FRAME, %rsp
        .cfi_adjust_cfa_offset FRAME
        mov     %rdi, (%rsp)
        mov     %rsi, 8(%rsp)
        mov     %rdx, 16(%rsp)
        mov     %rcx, 24(%rsp)
        mov     %r8, 32(%rsp)
        mov     %r9, 40(%rsp)
        lea     SPAN(%rsp), %rsi
        call    \begin
        mov     %rax, %r11
        mov     (%rsp), %rdi
        mov     8(%rsp), %rsi
        mov     16(%rsp), %rdx
        mov     24(%rsp), %rcx
        mov     32(%rsp), %r8
        mov     40(%rsp), %r9
        cmpq    $0, SPAN(%rsp)
        je      1f
        call    *%r11
        mov     %rax, (%rsp)
        lea     SPAN(%rsp), %rdi
        call    \end
        mov     (%rsp), %rax
        add     $FRAME, %rsp
        .cfi_adjust_cfa_offset -FRAME
        ret
        .cfi_adjust_cfa_offset FRAME
1:      add     $FRAME, %rsp
        .cfi_adjust_cfa_offset -FRAME
        jmp     *%r11
        .cfi_endproc
        .size   \name, . - \name
        .endm

        ENTRY   collector_step_entry, collector_step_begin, collector_step_end
        ENTRY   collector_finalize_entry, collector_finalize_begin, collector_finalize_end

        .section .note.GNU-stack, "", @progbits
