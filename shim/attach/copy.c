/* copy: the table of all copies of Lua that were found in the process.
 *
 * Written by attach (one thread at a time), read by any thread at any moment: an entry is filled in
 * before the count that makes it visible is raised. */
#include "shim/attach/copy_table.h"

#include <stdatomic.h>

static SHIM_TABLE struct lua_copy copies[ARENA_COPIES_MAX];
static _Atomic uint32_t copies_n;

SHIM_TLS struct lua_copy *copy_now;

uint32_t copy_count(void)
{
    return atomic_load_explicit(&copies_n, memory_order_acquire);
}

struct lua_copy *copy_at(uint32_t i)
{
    return &copies[i];
}

struct lua_copy *copy_of_address(const void *address)
{
    uint64_t a = (uint64_t)(uintptr_t)address;
    uint32_t n = copy_count();
    for (uint32_t i = 0; i < n; i++)
        if (copies[i].live && a >= copies[i].text_lo && a < copies[i].text_hi)
            return &copies[i];
    return NULL;
}

struct lua_copy *copy_new(void)
{
    uint32_t n = copy_count();
    if (n == ARENA_COPIES_MAX)
        return NULL;
    copies[n].id = n;
    return &copies[n];
}

void copy_publish(struct lua_copy *c)
{
    if (c->id == copy_count())
        atomic_store_explicit(&copies_n, c->id + 1, memory_order_release);
}
