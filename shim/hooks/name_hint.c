/* name_hint: second-best names, from who makes a function and who calls it. */
#include "shim/hooks/name_hint.h"

#include <string.h>

#include "shim/attach/thunk.h"
#include "shim/hooks/observe.h"

enum { HINT_MAX = 120 };
static const char inner[] = " (inner)";

void name_hint_forget(uint32_t index)
{
    if (function_notes[index].hint == HINT_NONE)
        return;
    function_notes[index].hint = HINT_NONE;
    atomic_store(&arena->functions[index].module, 0);
}

static void hint(uint32_t index, uint32_t name, uint32_t module, enum hint_strength strength)
{
    name_hint_forget(index);
    function_name(index, name, module, 0);
    function_notes[index].hint = (uint8_t)strength;
}

/* The string with a suffix that says: made in there. */
static uint32_t inner_of(const char *text, size_t n)
{
    char name[HINT_MAX + sizeof inner];
    if (n > HINT_MAX)
        n = HINT_MAX;
    memcpy(name, text, n);
    memcpy(name + n, inner, sizeof inner - 1);
    return intern(name, n + sizeof inner - 1);
}

static uint32_t inner_of_string(uint32_t id)
{
    const struct arena_string *s = (const void *)(arena->strings + (size_t)(id - 1) * 8);
    uint32_t n_plus_1 = atomic_load_explicit(&s->length_plus_1, memory_order_acquire);
    return n_plus_1 == 0 ? 0 : inner_of((const char *)s->bytes, n_plus_1 - 1);
}

static int has_final_name(uint32_t index)
{
    return arena->functions[index].name != 0 &&
           atomic_load_explicit(&function_notes[index].naming, memory_order_relaxed) ==
               NAMING_FINAL;
}

static void hint_by_function(uint32_t index, uint32_t maker, enum hint_strength strength)
{
    const struct arena_function *f = &arena->functions[maker];
    hint(index, inner_of_string(f->name), f->module, strength);
}

/* The how-manyth closure this is that the module makes. */
static uint32_t closure_number(uint32_t module)
{
    static SHIM_TLS uint32_t last, number;
    number = module == last ? number + 1 : 1;
    last = module;
    return number;
}

/* The base library's "_G" says nothing. */
static void hint_by_module(uint32_t index, const char *module)
{
    char name[] = "(inner 00)";
    if (module[0] == '\0' || strcmp(module, LUA_GNAME) == 0)
        return;
    uint32_t id = intern_z(module), number = closure_number(id);
    if (number > 99)
        return;
    name[7] = (char)('0' + number / 10);
    name[8] = (char)('0' + number % 10);
    hint(index, intern_z(name), id, HINT_STRONG);
}

/* A light C function may be put into a table by a function that registers many: its callers
 * know better. */
void name_hint_pushed(struct lua_copy *c, lua_State *L, uint32_t index, int n)
{
    if (function_notes[index].hint != HINT_NONE)
        return;
    int maker = thunk_index((const void *)layout_running_c(c, L));
    if (maker < 0)
        return;
    if (has_final_name((uint32_t)maker))
        hint_by_function(index, (uint32_t)maker, n == 0 ? HINT_WEAK : HINT_STRONG);
    else if (n > 0)
        hint_by_module(index, observe_module(c, L));
}

/* Whether what is called by this kind of name is likely to be known by it. */
static int names_well(const char *namewhat)
{
    return strcmp(namewhat, "global") == 0 || strcmp(namewhat, "method") == 0 ||
           strcmp(namewhat, "field") == 0;
}

void name_hint_called(lua_State *L, uint32_t index)
{
    struct lua_copy *c = copy_at(arena->functions[index].copy);
    lua_Debug ar;
    /* With several copies L may belong to another one. */
    if (copy_count() != 1 || !c->live || !c->api.lua_getstack(L, 0, &ar))
        return;
    if (!c->api.lua_getinfo(L, "n", &ar) || ar.name == NULL)
        return;
    if (names_well(ar.namewhat) && ar.name[0] != '?')
        hint(index, intern(ar.name, strnlen(ar.name, HINT_MAX)), 0, HINT_STRONG);
}
