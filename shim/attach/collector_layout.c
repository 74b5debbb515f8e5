/* collector_layout: see collector_layout.h. */
#include "shim/attach/collector_layout.h"

static uint64_t count(const struct lua_api *api, lua_State *L)
{
    return (uint64_t)api->lua_gc(L, LUA_GCCOUNT) << 10 | (uint64_t)api->lua_gc(L, LUA_GCCOUNTB);
}

static int is_white(uint8_t bits)
{
    return bits == 0x08 || bits == 0x10;
}

/* A full collection ends in the pause, has turned the white once, and leaves an exact estimate. */
static int full_is_seen(const struct lua_api *api, lua_State *L, const void *g)
{
    struct collector_phase before = collector_phase(g);
    api->lua_gc(L, LUA_GCCOLLECT);
    struct collector_phase p = collector_phase(g);
    return p.at == COLLECTOR_PAUSE && !p.generational && is_white(before.white) &&
           is_white(p.white) && p.white != before.white && p.estimate == count(api, L);
}

static int mode_is_seen(const struct lua_api *api, lua_State *L, const void *g)
{
    api->lua_gc(L, LUA_GCGEN, 0, 0);
    struct collector_phase p = collector_phase(g);
    if (p.generational != 1 || p.at >= COLLECTOR_ATOMIC || p.estimate != count(api, L))
        return 0;
    api->lua_gc(L, LUA_GCINC, 0, 0, 0);
    p = collector_phase(g);
    return p.generational == 0 && p.at == COLLECTOR_PAUSE;
}

int collector_layout_check(const struct lua_api *api, lua_State *L, const void *g)
{
    enum { TIMES = 3 };
    if (api->lua_gc == NULL)
        return 0;
    for (int i = 0; i < TIMES; i++) {
        api->lua_createtable(L, 8,
                             8); /* so that there is something to collect, and the estimate moves */
        api->lua_settop(L, -2);
        if (!full_is_seen(api, L, g))
            return 0;
    }
    return mode_is_seen(api, L, g);
}
