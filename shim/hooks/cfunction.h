/* cfunction: C functions that Lua is given, each behind its thunk.
 *
 * Context: host threads. */
#ifndef SHIM_HOOKS_CFUNCTION_H
#define SHIM_HOOKS_CFUNCTION_H

#include "shim/attach/copy.h"
#include "shim/record/record_api.h"

/* Index of FN, which may be a thunk already, added where it is new to the process; FUNCTION_NONE
 * where the table is full, FN is NULL, or copy C's functions are not wrapped. A few nanoseconds
 * for a function that was asked for recently. */
uint32_t cfunction_index(const struct lua_copy *c, lua_CFunction fn);

/* The code at [lo, hi) is gone; told together with function_forget. */
void cfunction_forget(uint64_t lo, uint64_t hi);

#endif
