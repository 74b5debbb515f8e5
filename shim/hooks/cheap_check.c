/* cheap_check: do the program's allocations come by the shim at all, and can their sizes be had?
 *
 * In: where the names malloc, realloc and free lead in this process.  Out: a note in the trace where
 * that is past the shim; what heap.c and ccount.c may rely on.
 *
 * Its own file, so that the names are looked up by the dynamic linker, as for everybody: where they
 * are defined the compiler may take the definition at hand.
 *
 * Context: constructor, or the loader's callback (hence no dlsym). */
#include <stdlib.h>

#include "shim/hooks/ccount.h"
#include "shim/hooks/cheap.h"
#include "shim/real.h"
#include "shim/record/record_api.h"

const void *cheap_realloc_entry, *cheap_free_entry;

static int same_object(uintptr_t a, uintptr_t b)
{
    return object_of((const void *)a) == object_of((const void *)b);
}

static const void *if_ours(uintptr_t entry)
{
    return same_object(entry, (uintptr_t)cheap_check) ? (const void *)entry : NULL;
}

void cheap_check(void)
{
    cheap_realloc_entry = if_ours((uintptr_t)realloc);
    cheap_free_entry = if_ours((uintptr_t)free);
    if (!if_ours((uintptr_t)malloc))
        uncovered_note("malloc", "the program brings its own", 0);
    if (same_object((uintptr_t)real.malloc, (uintptr_t)real.malloc_usable_size))
        ccount_sizes_known(real.malloc_usable_size);
    else
        uncovered_note("sizes of C blocks", "the allocator in use can not be asked for them", 0);
}
