/* cheap: the C allocator's functions, interposed, and counted by the loaded object that calls them.
 *
 * Calls that the host's allocator makes for Lua (heap_inside) are Lua's: they only add to
 * lua_calls_n.  Bytes are what the allocator gave (malloc_usable_size), except alloc_bytes.
 * A realloc that changes a block counts in realloc_n, and in usable_bytes or free_bytes with the
 * difference, so usable_bytes minus free_bytes over all objects is what is live.
 *
 * Context: any thread, signal handlers, fork children, before the first constructor. */
#ifndef SHIM_HOOKS_CHEAP_H
#define SHIM_HOOKS_CHEAP_H

/* Our realloc and free, as the program's calls reach them; NULL where they do not (the program
 * brings its own), and before cheap_check. */
extern const void *cheap_realloc_entry, *cheap_free_entry;

/* Notes `malloc` as not covered where the program brings its own, which hides ours.  Called once,
 * when Lua has been found, the arena exists and objects are listed. */
void cheap_check(void);

#endif
