/* known_tables: what is known of tables, by address and state. */
#include "shim/hooks/known_tables.h"

#include "shim/platform.h"

enum { KNOWN_N = 64 };

/* Side by side: the loader has room for 1,800 bytes of such variables in all where the program is audited (LD_AUDIT). */
static SHIM_TLS table_key known[KNOWN_N];
static SHIM_TLS uint32_t known_what[KNOWN_N];
static SHIM_TLS struct filled_table filled;

static unsigned known_at(table_key key)
{
    return (unsigned)(key * UINT64_C(0x9e3779b97f4a7c15) >> 58);
}
_Static_assert(KNOWN_N == 1 << (64 - 58), "the hash's top bits");

void known_table_note(table_key key, uint32_t what)
{
    unsigned at = known_at(key);
    if (key == 0)
        return;
    known[at] = key;
    known_what[at] = what;
}

uint32_t known_table(table_key key)
{
    unsigned at = known_at(key);
    return key != 0 && known[at] == key ? known_what[at] : 0;
}

void filled_table_add(table_key key, uint32_t index)
{
    if (key == 0)
        return;
    if (filled.key != key) {
        filled.key = key;
        filled.n = 0;
    }
    if (filled.n < FILLED_MAX)
        filled.function[filled.n++] = (uint16_t)index;
}

struct filled_table *filled_table(table_key key)
{
    return key != 0 && filled.key == key ? &filled : NULL;
}

void filled_table_forget(void)
{
    filled.key = 0;
}
