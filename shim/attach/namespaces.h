/* namespaces: objects that the loader keeps apart (dlmopen), with a C library of their own.  Nothing there comes by the shim, but Lua
 * among them is noticed.
 *
 * Context: as scan.h's; one look at a time. */
#ifndef SHIM_ATTACH_NAMESPACES_H
#define SHIM_ATTACH_NAMESPACES_H

#include "shim/attach/image.h"

/* Calls CAME for each object of another namespace that was not there at the last look. */
void namespaces_look(void (*came)(const struct image *im));

#endif
