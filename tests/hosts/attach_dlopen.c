/* attach_dlopen: a host that opens Lua itself, late, and perhaps again and again. */
/* LINK: -ldl */
/* attach_dlopen global|local|deepbind TIMES LIBRARY CHUNK
 *
 * Every time: opens LIBRARY, runs CHUNK in a state, closes LIBRARY. Built with -DOWN_LUA it first
 * runs CHUNK in a Lua of its own, linked in. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lua5.4/lauxlib.h>
#include <lua5.4/lualib.h>

struct api {
    lua_State *(*newstate)(void);
    void (*openlibs)(lua_State *);
    int (*loadstring)(lua_State *, const char *);
    int (*pcallk)(lua_State *, int, int, int, lua_KContext, lua_KFunction);
    void (*close)(lua_State *);
};

static int run(const struct api *api, const char *chunk)
{
    lua_State *L = api->newstate();
    if (L == NULL)
        return 1;
    api->openlibs(L);
    int status = api->loadstring(L, chunk);
    if (status == LUA_OK)
        status = api->pcallk(L, 0, 0, 0, 0, NULL);
    api->close(L);
    return status;
}

static void *get(void *library, const char *name)
{
    void *p = dlsym(library, name);
    if (p == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(2);
    }
    return p;
}

static int open_and_run(const char *path, int flags, const char *chunk)
{
    struct api api;
    void *library = dlopen(path, RTLD_NOW | flags);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 2;
    }
    *(void **)&api.newstate = get(library, "luaL_newstate");
    *(void **)&api.openlibs = get(library, "luaL_openlibs");
    *(void **)&api.loadstring = get(library, "luaL_loadstring");
    *(void **)&api.pcallk = get(library, "lua_pcallk");
    *(void **)&api.close = get(library, "lua_close");
    int status = run(&api, chunk);
    dlclose(library);
    return status;
}

static int flags_of(const char *word)
{
    return strcmp(word, "global") == 0     ? RTLD_GLOBAL
           : strcmp(word, "deepbind") == 0 ? RTLD_LOCAL | RTLD_DEEPBIND
                                           : RTLD_LOCAL;
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
#ifdef OWN_LUA
    static const struct api own = {luaL_newstate, luaL_openlibs, luaL_loadstring, lua_pcallk,
                                   lua_close};
    if (run(&own, argv[4]) != 0)
        return 1;
#endif
    for (int i = 0, n = atoi(argv[2]); i < n; i++) {
        int status = open_and_run(argv[3], flags_of(argv[1]), argv[4]);
        if (status != 0)
            return status;
    }
    return 0;
}
