/* entry_x86_64: can the first instructions of a function be moved elsewhere, so that a 5-byte jump
 * takes their place?  If so, writes the code that does the same at another address.
 *
 * In: the bytes of the function.  Out: a verdict, and the moved code.
 * Context: any; pure, no allocation. */
#ifndef PROBE_ENTRY_X86_64_H
#define PROBE_ENTRY_X86_64_H

#include <stddef.h>
#include <stdint.h>

enum {
    ENTRY_JUMP_BYTES = 5, /* e9 and a 32-bit distance */
    ENTRY_MOVED_MAX = 24, /* endbr64 not counted: 4 bytes and one instruction of 15, rounded up */
    ENTRY_CODE_MAX = 96,  /* moved code at its longest, jump back and literals included */
    ENTRY_STEPS_MAX = 6   /* instructions that begin within 5 bytes, and the jump back */
};

struct entry_site {
    const uint8_t *bytes; /* the function's code, readable for bytes_n */
    size_t bytes_n;       /* up to the end of its segment */
    uint64_t address;     /* where it runs */
    uint64_t size;        /* the symbol's size; 0: not known */
};

enum entry_verdict {
    ENTRY_OK = 0,
    ENTRY_BREAKPOINT, /* int3 among them: a debugger's */
    ENTRY_TOO_SHORT,  /* ends within 5 bytes and is not followed by padding */
    ENTRY_JUMPS_INTO, /* a jump of the function leads back into the bytes to be moved */
    ENTRY_CALLS,      /* an indirect call would have to be moved: its return address would change */
    ENTRY_RELATIVE,   /* an instruction relative to its own place that can not be rewritten */
    ENTRY_FAR,        /* something it refers to is out of reach from the new place */
    ENTRY_UNDECODABLE,
    /* Found out by whoever looks for the function; they stand here for their words. */
    ENTRY_ABSENT,  /* the object does not have it */
    ENTRY_TWICE,   /* two functions of that name */
    ENTRY_SHARED,  /* two names, one function */
    ENTRY_NOT_CODE /* its address is not in the object's code */
};

/* A sentence part for people: "starts with a breakpoint"; "" for ENTRY_OK. */
const char *entry_verdict_text(enum entry_verdict v);

/* At CODE in the moved code the function is where it is at AT in the original. */
struct entry_step {
    uint8_t code, at;
};

struct entry_plan {
    uint8_t keep_n;  /* bytes at the front that stay (endbr64); the jump goes behind them */
    uint8_t moved_n; /* bytes whose instructions were moved, 5 or more */
    uint8_t code_n;
    uint8_t step_n;
    struct entry_step step[ENTRY_STEPS_MAX]; /* in order */
    uint8_t code[ENTRY_CODE_MAX]; /* does the same at the address asked for, then jumps back */
};

/* Plans the move of SITE's first instructions to TARGET. PLAN is valid for ENTRY_OK only. */
enum entry_verdict entry_plan(const struct entry_site *site, uint64_t target,
                              struct entry_plan *plan);

#endif
