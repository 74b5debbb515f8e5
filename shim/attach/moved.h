/* moved: code in pages of detours, told as the function that it stands for.
 *
 * A thread may be interrupted on its way to a hook, or in the first instructions of an original, which were moved there.  Nothing
 * describes that code, but each of its instructions has a place in the original with the same stack and registers: so a walk
 * goes on from there, and names are right. */
#ifndef SHIM_ATTACH_MOVED_H
#define SHIM_ATTACH_MOVED_H

#include <stddef.h>
#include <stdint.h>

#include "probe/entry_x86_64.h"
#include "shim/attach/arch/x86_64/detour.h"

/* One entry's in a page. */
struct moved_slot {
    uint8_t detour[DETOUR_BYTES], code[ENTRY_CODE_MAX];
    uint64_t entry; /* where the original begins, */
    uint8_t keep_n; /* and how many of its bytes stayed before the jump */
    uint8_t step_n;
    struct entry_step step[ENTRY_STEPS_MAX]; /* of `code` */
};

/* There are N slots at AT; and no longer any.  Constructor or loader callback. */
void moved_add(const struct moved_slot *at, size_t n);
void moved_remove(const struct moved_slot *at);

/* PC, or the instruction of the original where it is in a slot.  Any context. */
uint64_t moved_origin(uint64_t pc);

#endif
