/* page_bundle: the file that the Makefile names, as bytes.  See page_bundle.h. */
    .section .rodata
    .globl page_bundle
    .globl page_bundle_end
page_bundle:
    .incbin PAGE_BUNDLE
page_bundle_end:
    .byte 0
    .section .note.GNU-stack,"",@progbits
