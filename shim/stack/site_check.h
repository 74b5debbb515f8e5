/* site_check: what lives of each site, noted now and then, so that a reader can tell what rises.
 *
 * At the end of a collection garbage does not count.  A check comes once twice as much has been allocated as at the one
 * before, so there are few, however long the run, and each costs one pass over the sites. */
#ifndef SHIM_STACK_SITE_CHECK_H
#define SHIM_STACK_SITE_CHECK_H

#include <stdint.h>

/* A collection has ended, of any state.  Context: host threads, within an allocator or lua_gc. */
void site_check(void);

/* NOW or so an allocation was looked at.  Once a sixteenth more was allocated than by the moment before, what each site made by
 * then is kept, so that a reader can tell what has stopped, though no collection comes.  Context: host threads, within an
 * allocator. */
void site_past(uint64_t now);

#endif
