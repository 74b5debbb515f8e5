/* cheap_check: do the program's allocations come by the shim at all, and can their sizes be had?
 *
 * In: where a call of malloc leads in this process.  Out: a note in the trace where that is past
 * the shim; what heap.c and ccount.c may rely on.
 *
 * Its own file, so that the names lead where they lead for everybody: where they are defined the
 * compiler may take the definition at hand.
 *
 * Context: constructor, or the loader's callback (hence no dlsym). */
#include <stdlib.h>

#include "shim/attach/arch/x86_64/stack.h"
#include "shim/hooks/ccount.h"
#include "shim/hooks/cheap.h"
#include "shim/hooks/heap.h"
#include "shim/real.h"
#include "shim/record/record_api.h"

const void *cheap_realloc_entry, *cheap_free_entry;

/* Volatile: a compiler that knows these functions would take heap_inside for unused by them. */
static void *(*volatile malloc_)(size_t) = malloc;
static void *(*volatile realloc_)(void *, size_t) = realloc;
static void (*volatile free_)(void *) = free;

/* By trying: an executable's own malloc hides ours, and valgrind takes every malloc for itself. */
static int calls_come_by(void)
{
    struct arena_thread *t = slot_get();
    uint64_t before = t->lua_calls_n;
    heap_inside = stack_now(); /* as if for Lua: counted there, and nowhere else */
    free_(realloc_(malloc_(1), 2));
    heap_inside = 0;
    uint64_t seen_n = t->lua_calls_n - before;
    t->lua_calls_n = before;
    return seen_n == 3;
}

static int same_object(uintptr_t a, uintptr_t b)
{
    return object_of((const void *)a) == object_of((const void *)b);
}

void cheap_check(void)
{
    if (calls_come_by()) {
        cheap_realloc_entry = (const void *)(uintptr_t)realloc_;
        cheap_free_entry = (const void *)(uintptr_t)free_;
    } else {
        uncovered_note("malloc", "the program, or a tool that it runs under, brings its own", 0);
    }
    if (same_object((uintptr_t)real.malloc, (uintptr_t)real.malloc_usable_size))
        ccount_sizes_known(real.malloc_usable_size);
    else
        uncovered_note("sizes of C blocks", "the allocator in use can not be asked for them", 0);
}
