/* userdata_types: names sites of userdata by the metatables that these are given.
 *
 * A userdata has no metatable yet when its block is made. So blocks that are followed are looked at again: when the
 * state's next allocation is recorded, or when they are released. A site whose userdata are of several types has no name.
 *
 * Context: host threads, the one that runs the state; userdata_type_note: any. */
#ifndef SHIM_HOOKS_USERDATA_TYPES_H
#define SHIM_HOOKS_USERDATA_TYPES_H

#include "shim/hooks/known_tables.h"
#include "shim/record/record_api.h"

/* The table is the metatable of the type of this name (a string's id). */
void userdata_type_note(table_key metatable, uint32_t name);

/* A block of S that is followed was made by SITE. */
void userdata_made(const struct arena_state *s, const void *block, uint32_t site);
/* Looks at those of S that have no metatable yet. */
void userdata_look(const struct arena_state *s);
/* The block, made by SITE, is about to be given back. */
void userdata_gone(const struct arena_state *s, const void *block, uint32_t site);
/* All blocks of S are gone. */
void userdata_forget(const struct arena_state *s);

#endif
