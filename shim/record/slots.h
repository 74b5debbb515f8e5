/* slots: which thread counts in which slot of the arena (record_api.h has the calls for hooks).
 *
 * Context: any host thread; lock-free. */
#ifndef SHIM_RECORD_SLOTS_H
#define SHIM_RECORD_SLOTS_H

#include <stdint.h>

/* Makes the key whose destructor frees a thread's slot.  Constructor. */
void slots_start(void);

/* Reserve memory for the counters of function INDEX, of object ID (and of those before it), in all
 * slots, those in use and those to come.  Return 0, or -1: no memory. */
int slots_grow_functions(uint32_t index);
int slots_grow_objects(uint32_t id);

/* In a fork's child: the slots of threads that are not there are free. */
void slots_fork_child(void);

/* Keeps threads that are not registered from registering, while the caller moves the arena.
 * Returns 1, or 0 where another thread is registered (nothing is changed then). */
int slots_close_others(void);
void slots_open_others(void);

#endif
