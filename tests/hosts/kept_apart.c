/* kept_apart: a Lua that the loader keeps apart from the program's own, with a C library of its own. */
/* LINK: -ldl */
/* kept_apart [FILE]: FILE is opened as usual, first. */
#include <dlfcn.h>
#include <stdio.h>

typedef struct lua_State lua_State;

static void *function(void *lua, const char *name)
{
    void *f = dlsym(lua, name);
    if (f == NULL)
        fprintf(stderr, "%s\n", dlerror());
    return f;
}

static int run(void *lua)
{
    lua_State *(*newstate)(void) = (lua_State * (*)(void)) function(lua, "luaL_newstate");
    void (*openlibs)(lua_State *) = (void (*)(lua_State *))function(lua, "luaL_openlibs");
    int (*load)(lua_State *, const char *) =
        (int (*)(lua_State *, const char *))function(lua, "luaL_loadstring");
    int (*call)(lua_State *, int, int, int, long, void *) =
        (int (*)(lua_State *, int, int, int, long, void *))function(lua, "lua_pcallk");
    void (*end)(lua_State *) = (void (*)(lua_State *))function(lua, "lua_close");
    if (!newstate || !openlibs || !load || !call || !end)
        return 1;
    lua_State *L = newstate();
    openlibs(L);
    int failed =
        load(L, "local t = {} for i = 1, 1e5 do t[i] = {i} end print(#t, pcall(error, 'x'))"
                " io.stdout:flush()") ||
        call(L, 0, 0, 0, 0, NULL);
    end(L);
    return failed;
}

int main(int argc, char **argv)
{
    void *own = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
    int failed = own != NULL && run(own);
    for (int i = 0; i < 3 && !failed; i++) {
        void *apart = dlmopen(LM_ID_NEWLM, "liblua5.4.so.0", RTLD_NOW);
        if (apart == NULL) {
            fprintf(stderr, "%s\n", dlerror());
            return 2;
        }
        failed = run(apart);
        dlclose(apart);
    }
    printf("%d\n", failed);
    return failed;
}
