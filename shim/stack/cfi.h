/* cfi: how to find the caller's registers at one place of the code, from the object's .eh_frame.
 *
 * Reads only what the loader mapped; follows the layout that every linker writes (.eh_frame_hdr
 * with a sorted table of 32-bit offsets).  Source of the format: DWARF 4, 6.4; LSB 4.1, 10.6.
 *
 * Context: any, signal handlers first of all: no locks, no allocation, no loader. */
#ifndef SHIM_STACK_CFI_H
#define SHIM_STACK_CFI_H

#include <stdint.h>

/* Registers by their DWARF numbers. */
enum cfi_register { CFI_RAX, CFI_RDX, CFI_RCX, CFI_RBX, CFI_RSI, CFI_RDI, CFI_RBP, CFI_RSP };
enum { CFI_RIP = 16, CFI_REGISTERS = 17 };

enum cfi_kind {
    CFI_UNKNOWN = 0, /* no information: the walk ends here */
    CFI_NONE,        /* the object describes other code, but not this */
    CFI_ROW,         /* as the row says */
    CFI_PLT,         /* a stub of the procedure linkage table */
    CFI_OUTERMOST    /* nobody called this frame */
};

/* Callee-saved registers, in the order of cfi_row.saved. */
enum { CFI_SAVED_N = 6 };
extern const uint8_t cfi_saved_register[CFI_SAVED_N]; /* rbx rbp r12 r13 r14 r15 */

enum { CFI_NOT_SAVED = INT16_MIN };

struct cfi_row {
    uint8_t kind;               /* enum cfi_kind */
    uint8_t cfa_reg;            /* CFA = this register + cfa_offset */
    int16_t saved[CFI_SAVED_N]; /* offset from the CFA, in bytes, or CFI_NOT_SAVED: unchanged */
    int32_t cfa_offset;
    int32_t return_offset; /* of the return address, from the CFA */
};

/* The stretch of code that one frame description covers: as a rule a function. */
struct cfi_range {
    uint64_t lo, hi;
};

/* Where an object's frame descriptions are.  Nothing outside [lo, hi) is read, whatever they say. */
struct cfi_section {
    const uint8_t *hdr; /* PT_GNU_EH_FRAME */
    uint64_t hdr_n;
    uint64_t lo, hi; /* the mapped segment that holds it, and .eh_frame */
};

/* Fills ROW for the instruction at PC (for callers: the return address minus 1), and RANGE (which
 * may be NULL, and is left as it is where nothing was found). */
void cfi_find(uint64_t pc, const struct cfi_section *s, struct cfi_row *row,
              struct cfi_range *range);

#endif
