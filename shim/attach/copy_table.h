/* copy_table: how attach adds to the table of copies (copy.h is for everybody).
 *
 * Context: constructor or loader callback, one thread at a time. */
#ifndef SHIM_ATTACH_COPY_TABLE_H
#define SHIM_ATTACH_COPY_TABLE_H

#include "shim/attach/copy.h"

/* The next free entry, not visible to others until it is published; NULL when the table is full. */
struct lua_copy *copy_new(void);

/* Makes it visible.  Publishing a copy again (one that came back after an unload) does nothing. */
void copy_publish(struct lua_copy *c);

#endif
