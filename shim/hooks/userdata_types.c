/* userdata_types: see userdata_types.h. */
#include "shim/hooks/userdata_types.h"

#include <string.h>

#include "shim/attach/lua_tags.h"
#include "shim/stack/site_table.h"

enum { TYPES_N = 1024, PROBES = 8, WAITING_N = 4 };

/* ---- types: by metatable; the newest wins where there is no room ---- */

static SHIM_TABLE struct {
    _Atomic uint64_t key;
    _Atomic uint32_t name;
} types[TYPES_N];

static uint32_t slot_of(table_key key, uint32_t probe)
{
    return (uint32_t)((key * UINT64_C(0x9e3779b97f4a7c15) >> 54) + probe) % TYPES_N;
}

void userdata_type_note(table_key metatable, uint32_t name)
{
    uint32_t at = slot_of(metatable, 0);
    if (metatable == 0 || name == 0)
        return;
    for (uint32_t i = 0; i < PROBES; i++) {
        uint64_t seen = atomic_load(&types[slot_of(metatable, i)].key);
        if (seen == 0 || seen == metatable) {
            at = slot_of(metatable, i);
            break;
        }
    }
    atomic_store(&types[at].name, name);
    atomic_store(&types[at].key, metatable);
}

static uint32_t type_of(table_key metatable)
{
    for (uint32_t i = 0; i < PROBES; i++) {
        uint32_t at = slot_of(metatable, i);
        if (atomic_load_explicit(&types[at].key, memory_order_acquire) == metatable)
            return atomic_load(&types[at].name);
    }
    return 0;
}

/* ---- blocks that wait for their metatable ---- */

struct waiting {
    const void *block; /* NULL: none */
    uint32_t site;
};

static SHIM_TABLE struct waiting waiting[ARENA_STATES_MAX][WAITING_N];

static struct waiting *waiting_of(const struct arena_state *s)
{
    return waiting[s - arena->states];
}

static void name_site(uint32_t site, uint32_t name)
{
    struct arena_site *t = site_at(site);
    if (t->type_name == name || t->type_name == SITE_TYPES_DIFFER)
        return;
    t->type_name = t->type_name == 0 ? name : SITE_TYPES_DIFFER;
}

/* Returns 1 where the block has its metatable. */
static int look_at(const struct arena_state *s, const struct waiting *w)
{
    const void *metatable;
    memcpy(&metatable, (const char *)w->block + OFFSET_USERDATA_METATABLE, sizeof metatable);
    if (metatable == NULL)
        return 0;
    uint32_t name = type_of(table_key_of(s->id, metatable));
    if (name != 0)
        name_site(w->site, name);
    return 1;
}

/* Lua fills the block in after this: until then its metatable is not NULL by chance only. */
void userdata_made(const struct arena_state *s, const void *block, uint32_t site)
{
    struct waiting *w = waiting_of(s);
    if (s->global_state == 0)
        return;
    for (int i = WAITING_N - 1; i > 0; i--)
        w[i] = w[i - 1];
    w[0] = (struct waiting){block, site};
}

void userdata_look(const struct arena_state *s)
{
    struct waiting *w = waiting_of(s);
    for (int i = 0; i < WAITING_N; i++)
        if (w[i].block != NULL && look_at(s, &w[i]))
            w[i].block = NULL;
}

void userdata_forget(const struct arena_state *s)
{
    memset(waiting_of(s), 0, sizeof waiting[0]);
}

void userdata_gone(const struct arena_state *s, const void *block, uint32_t site)
{
    struct waiting *w = waiting_of(s), gone = {block, site};
    if (s->global_state == 0)
        return;
    look_at(s, &gone);
    for (int i = 0; i < WAITING_N; i++)
        if (w[i].block == block)
            w[i].block = NULL;
}
