/* lua_roles: see lua_roles.h. */
#include "shim/stack/lua_roles.h"

#include <string.h>

#include "shim/attach/hooks.h"
#include "shim/record/record_api.h"
#include "shim/stack/lua_chain.h"

static struct {
    const struct lua_copy *copy;
    const struct lua_api *api;
    const struct cfi_range *vm;
    enum code_role role;                    /* of what runs; 0: of nothing that is looked for */
    struct cfi_range common[LUA_CHAIN_MAX]; /* serve ordinary calls too */
    int common_n;
    struct lua_chain functions;
} now;

static int chain(struct cfi_range *out)
{
    return lua_chain_look(&now.functions, out, LUA_CHAIN_MAX);
}

static int is_common(const struct cfi_range *r)
{
    for (int i = 0; i < now.common_n; i++)
        if (now.common[i].lo == r->lo)
            return 1;
    return r->lo == now.vm->lo;
}

static void add(const struct cfi_range *r, enum code_role role)
{
    struct arena_copy *c = &arena->copies[now.copy->id];
    for (uint32_t i = 0; i < c->roles_n; i++)
        if (c->roles[i].lo == r->lo)
            return;
    if (c->roles_n < ARENA_ROLES_MAX && !is_common(r))
        c->roles[c->roles_n++] = (struct arena_role){r->lo, r->hi, role};
}

/* What closes coroutines is known by the hook of it. */
static void add_reset(void)
{
    struct cfi_range r;
    if (native_range((uint64_t)(uintptr_t)hook_lua_closethread, &r) == 0)
        add(&r, ROLE_RESET);
}

/* The innermost function, by which we are called, allocates.  What lies between it and lua_gc collects, where a
 * block is freed; of the other requests some functions serve running code too (growing tables, stacks). */
static void *alloc(void *ud, void *ptr, size_t osize, size_t nsize)
{
    struct cfi_range r[LUA_CHAIN_MAX];
    if (now.role != 0 && (ptr != NULL || nsize != 0)) {
        int n = chain(r);
        for (int i = 0; i < n && (i == 0 || (now.role == ROLE_GC && nsize == 0)); i++)
            add(&r[i], i == 0 ? ROLE_ALLOC : ROLE_GC);
    }
    return scratch_alloc(ud, ptr, osize, nsize);
}

static const char *read_chunk(lua_State *L, void *ud, size_t *n)
{
    static const char chunk[] = "local t = {1, x = 2} for i = 1, 3 do t[i] = function(a, ...) "
                                "if a then return a + i * 2 .. 'text' end goto e ::e:: end end\n";
    struct cfi_range r[LUA_CHAIN_MAX];
    int *read = ud, ranges_n = chain(r);
    (void)L;
    for (int i = 0; i < ranges_n; i++)
        add(&r[i], ROLE_PARSE);
    *n = *read ? 0 : sizeof chunk - 1;
    *read = 1;
    return *n ? chunk : NULL;
}

static int look(lua_State *L)
{
    now.common_n = chain(now.common);
    int read = 0;
    now.role = ROLE_PARSE;
    now.api->lua_load(L, read_chunk, &read, "=modprof", "t");
    now.role = ROLE_GC;
    now.api->lua_settop(L, 0);
    now.api->lua_gc(L, LUA_GCSTEP, 100);
    now.api->lua_gc(L, LUA_GCCOLLECT);
    now.role = 0;
    return 0;
}

void lua_roles_learn(const struct lua_copy *c, const struct cfi_range *vm,
                     const struct native_stack *stack, struct scratch *memory)
{
    memset(&now, 0, sizeof now);
    now.copy = c;
    now.api = &c->api;
    now.vm = vm;
    now.functions.stack = stack;
    now.functions.copy = c;
    add_reset();
    if (c->api.lua_gc == NULL || c->api.lua_settop == NULL)
        return;
    lua_State *L = c->api.lua_newstate(alloc, memory);
    if (L == NULL)
        return;
    c->api.lua_pushcclosure(L, look, 0);
    c->api.lua_pcallk(L, 0, 0, 0, 0, NULL);
    now.role = 0;
}
