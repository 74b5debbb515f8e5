/* known_tables: what is known of tables, by address and state. */
#include "shim/hooks/known_tables.h"

#include "shim/platform.h"

enum { KNOWN_N = 64 };

struct known {
    table_key key;
    uint32_t what;
};

static SHIM_TLS struct known known[KNOWN_N];
static SHIM_TLS struct filled_table filled;

static struct known *known_at(table_key key)
{
    return &known[key * UINT64_C(0x9e3779b97f4a7c15) >> 58];
}
_Static_assert(KNOWN_N == 1 << (64 - 58), "the hash's top bits");

void known_table_note(table_key key, uint32_t what)
{
    struct known *k = known_at(key);
    if (key == 0)
        return;
    k->key = key;
    k->what = what;
}

uint32_t known_table(table_key key)
{
    const struct known *k = known_at(key);
    return key != 0 && k->key == key ? k->what : 0;
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
