/* attach: finds Lua in the process and redirects its entries; follows the loader.
 *
 * Context: attach_start runs in the shim's constructor; the rest in the loader's callback, with
 * the loader's lock held. */
#ifndef SHIM_ATTACH_ATTACH_H
#define SHIM_ATTACH_ATTACH_H

#include "shim/attach/copy.h"

/* Looks through all loaded objects, attaches to every Lua 5.4, redirects the loader's notification
 * so that later arrivals are seen.  Creates the arena (region_create) when the first Lua is found;
 * without Lua the process stays dormant. */
void attach_start(void);

/* Makes sure that the loader is followed; called in the constructor when Lua is there, and by the dlopen entry before
 * any library comes. */
void attach_prepare(void);

#endif
