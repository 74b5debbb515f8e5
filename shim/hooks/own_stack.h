/* own_stack: is an address on the C stack that the system gave this thread, or on one that the program
 * made itself (fibers, coroutines of C, signal stacks)?
 *
 * The main thread's stack lies above a gap of 128 MiB, and ends where the program's name stands.  Other
 * threads' stacks end at the thread pointer, and are taken to have the usual 8 MiB; in the child of a thread's
 * fork the answer is no.  A wrong answer only makes spans of one C stack appear as those of two.
 *
 * Context: any. */
#ifndef SHIM_HOOKS_OWN_STACK_H
#define SHIM_HOOKS_OWN_STACK_H

#include <stdint.h>
#include <sys/auxv.h>

#include "shim/record/record_api.h"

static inline int own_stack_has(uintptr_t address)
{
    enum { MAIN_BYTES = 128 << 20, THREAD_BYTES = 8 << 20 };
    if (slot_get()->owner_tid == arena->process.pid)
        return (uintptr_t)getauxval(AT_EXECFN) - address < MAIN_BYTES;
    return (uintptr_t)__builtin_thread_pointer() - address < THREAD_BYTES;
}

#endif
