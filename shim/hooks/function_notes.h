/* function_notes: what hooks remember of each C function, by its index, beside what the trace is told.
 *
 * Kept together, so that the functions in use touch one page.  Each member belongs to one file.
 *
 * Context: any. */
#ifndef SHIM_HOOKS_FUNCTION_NOTES_H
#define SHIM_HOOKS_FUNCTION_NOTES_H

#include "shim/record/record_api.h"

struct function_notes {
    _Atomic uint8_t naming; /* naming.h */
    uint8_t hint;           /* name_hint.h: enum hint_strength */
    uint8_t observed;       /* observe.h */
    uint8_t origin;         /* chunk_origin.c: enum chunk_origin; 0: not set */
};
extern SHIM_HIDDEN struct function_notes function_notes[ARENA_FUNCTIONS_MAX];

#endif
