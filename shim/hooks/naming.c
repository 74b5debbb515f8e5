/* naming: watches how C functions are put into tables.  See naming.h for the rules.
 *
 * lua_setfield and lua_setglobal are hot in hosts that fill tables, so they look closer only while
 * `chances` says that a nameless function was pushed, or a table filled, a few calls ago. */
#include "shim/hooks/naming.h"

#include <string.h>

#include "shim/attach/hooks.h"
#include "shim/hooks/cfunction.h"
#include "shim/hooks/heap.h"
#include "shim/hooks/known_tables.h"
#include "shim/hooks/name_hint.h"
#include "shim/hooks/observe.h"
#include "shim/hooks/sampling.h"
#include "shim/hooks/userdata_types.h"

/* Calls of lua_setfield and lua_setglobal that will look at what they store. */
enum { CHANCES = 64 };
static SHIM_TLS uint32_t chances;

void naming_forget(uint32_t index)
{
    atomic_store_explicit(&function_notes[index].naming, 0, memory_order_relaxed);
    name_hint_forget(index);
}

/* ---- giving a name ---- */

/* A place in a table where a function is stored. */
struct place {
    struct lua_copy *c;
    lua_State *L;
    table_key table;
    uint32_t known;     /* what the table is: a type's name, TABLE_GLOBALS, 0 */
    const char *module; /* being loaded; NULL: not asked yet */
};

static table_key key_at(struct lua_copy *c, lua_State *L, int idx)
{
    const struct arena_state *s = heap_state(c, L);
    if (s == NULL || c->api.lua_type(L, idx) != LUA_TTABLE)
        return 0;
    return table_key_of(s->id, c->api.lua_topointer(L, idx));
}

static struct place place_at(struct lua_copy *c, lua_State *L, int idx)
{
    struct place p = {c, L, key_at(c, L, idx), 0, NULL};
    p.known = known_table(p.table);
    return p;
}

/* Functions of the base library are known without a module, as all that is put among the globals. */
static int module_is_globals(const char *module)
{
    return strcmp(module, LUA_GNAME) == 0;
}

static uint32_t module_shown(const struct place *p)
{
    if (p->known == TABLE_GLOBALS || module_is_globals(p->module) || p->module[0] == '\0')
        return 0;
    return intern_z(p->module);
}

/* Names the function for good, unless it has a name. */
static void name_once(struct place *p, uint32_t index, const char *name)
{
    if (atomic_exchange_explicit(&function_notes[index].naming, NAMING_FINAL,
                                 memory_order_relaxed) == NAMING_FINAL)
        return;
    if (p->module == NULL)
        p->module = observe_module(p->c, p->L);
    uint32_t type_name = p->known == TABLE_GLOBALS ? 0 : p->known;
    name_hint_forget(index);
    function_name(index, intern_z(name), module_shown(p), type_name);
    filled_table_add(p->table, index);
    observe_named(p->c, index, p->module, name);
    /* Seen whole from now on: what is left of its countdown must not hide a call. */
    if (function_notes[index].observed && sampling_slot() != NULL)
        sampling_rearm(slot_now, index, ARENA_FIX_DOWN, 1);
}

static void name_stored(struct place *p, lua_CFunction fn, const char *name)
{
    uint32_t index = cfunction_index(p->c, fn);
    if (index != FUNCTION_NONE)
        name_once(p, index, name);
}

/* ---- luaL_setfuncs, luaL_newmetatable ---- */

static void name_list(struct lua_copy *c, lua_State *L, const luaL_Reg *l, int nup)
{
    struct place p = place_at(c, L, -(nup + 1));
    p.module = observe_module(c, L);
    if (p.table != 0 && p.known == 0 && module_is_globals(p.module)) {
        known_table_note(p.table, TABLE_GLOBALS);
        p.known = TABLE_GLOBALS;
    }
    for (; l->name != NULL; l++)
        if (l->func != NULL) /* else a place kept for something else */
            name_stored(&p, l->func, l->name);
}

void hook_luaL_setfuncs(lua_State *L, const luaL_Reg *l, int nup)
{
    struct lua_copy *c = copy_current();
    if (l != NULL)
        name_list(c, L, l, nup);
    chances = 0; /* it stores what was named just now */
    c->api.luaL_setfuncs(L, l, nup);
    chances = CHANCES; /* the table may become an __index, or a global */
}

int hook_luaL_newmetatable(lua_State *L, const char *tname)
{
    struct lua_copy *c = copy_current();
    int is_new = c->api.luaL_newmetatable(L, tname);
    table_key key = key_at(c, L, -1);
    uint32_t name = intern_z(tname);
    known_table_note(key, name);
    userdata_type_note(key, name);
    return is_new;
}

/* ---- lua_setfield, lua_setglobal ---- */

/* Whether the table at the top stands there only to be stored: a copy right below means that it
 * is also kept under another name (lpeg's functions are methods and functions of the module). */
static int only_stored(struct lua_copy *c, lua_State *L)
{
    const void *table = c->api.lua_topointer(L, -1);
    int top = c->api.lua_gettop(L);
    for (int i = 2; i <= 4 && i <= top; i++)
        if (c->api.lua_topointer(L, -i) == table)
            return 0;
    return 1;
}

static void name_methods(const struct filled_table *f, uint32_t type_name)
{
    for (uint32_t i = 0; i < f->n; i++)
        function_name(f->function[i], 0, 0, type_name);
}

static void name_module(const struct filled_table *f, const char *module)
{
    uint32_t id = intern_z(module);
    for (uint32_t i = 0; i < f->n; i++)
        if (arena->functions[f->function[i]].module == 0)
            function_name(f->function[i], 0, id, 0);
}

/* The table at the top becomes KEY of the table at P: says more of its functions if it is one that
 * was just filled and of which nothing is known (a metatable may be its own __index). */
static void table_stored(struct place *p, const char *key)
{
    const struct filled_table *f = filled_table(key_at(p->c, p->L, -1));
    if (f == NULL || p->known == 0 || known_table(f->key) != 0)
        return;
    if (p->known == TABLE_GLOBALS)
        name_module(f, key);
    else if (strcmp(key, "__index") == 0 && only_stored(p->c, p->L))
        name_methods(f, p->known);
}

/* The value at the top is about to become KEY of the table at P. */
static void value_stored(struct place *p, const char *key)
{
    lua_CFunction fn;
    const void *closure;
    layout_callee(p->c, p->L, 0, &fn, &closure);
    chances--;
    if (fn != NULL)
        name_stored(p, fn, key);
    else if (closure == NULL)
        table_stored(p, key);
}

static COLD void setfield_slow(lua_State *L, int idx, const char *key)
{
    struct lua_copy *c = copy_current();
    if (idx != LUA_REGISTRYINDEX && key != NULL) { /* else no place that Lua programmers see */
        struct place p = place_at(c, L, idx);
        value_stored(&p, key);
    }
    c->api.lua_setfield(L, idx, key);
}

void hook_lua_setfield(lua_State *L, int idx, const char *k)
{
    if (unlikely(chances))
        setfield_slow(L, idx, k);
    else
        copy_current()->api.lua_setfield(L, idx, k);
}

static COLD void setglobal_slow(lua_State *L, const char *name)
{
    struct lua_copy *c = copy_current();
    struct place p = {c, L, 0, TABLE_GLOBALS, NULL};
    if (name != NULL)
        value_stored(&p, name);
    c->api.lua_setglobal(L, name);
}

void hook_lua_setglobal(lua_State *L, const char *name)
{
    if (unlikely(chances))
        setglobal_slow(L, name);
    else
        copy_current()->api.lua_setglobal(L, name);
}

/* ---- pushing ---- */

void naming_pushed(struct lua_copy *c, lua_State *L, uint32_t index, int n)
{
    uint8_t seen = atomic_load_explicit(&function_notes[index].naming, memory_order_relaxed);
    if (seen >= NAMING_SETTLED)
        return;
    if (chances == 0)
        filled_table_forget(); /* its address may be another table's by now */
    chances = CHANCES;
    name_hint_pushed(c, L, index, n);
    /* Another thread may be naming it: its word stands. */
    atomic_compare_exchange_strong(&function_notes[index].naming, &seen, (uint8_t)(seen + 1));
}
