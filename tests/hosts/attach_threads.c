/* attach_threads: threads that open and close Lua libraries of their own at the same time. */
/* LINK: -ldl -lpthread */
/* attach_threads TIMES CHUNK LIBRARY...: a thread for each LIBRARY, which TIMES times opens it, runs
 * CHUNK in a new state, and closes it. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <lua5.4/lauxlib.h>

static int times;
static const char *chunk;

static void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void run(const char *path)
{
    lua_State *(*newstate)(void);
    void (*openlibs)(lua_State *), (*close)(lua_State *);
    int (*loadstring)(lua_State *, const char *);
    int (*pcallk)(lua_State *, int, int, int, lua_KContext, lua_KFunction);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        fail(dlerror());
    *(void **)&newstate = dlsym(library, "luaL_newstate");
    *(void **)&openlibs = dlsym(library, "luaL_openlibs");
    *(void **)&close = dlsym(library, "lua_close");
    *(void **)&loadstring = dlsym(library, "luaL_loadstring");
    *(void **)&pcallk = dlsym(library, "lua_pcallk");
    lua_State *L = newstate();
    openlibs(L);
    if (loadstring(L, chunk) != LUA_OK || pcallk(L, 0, 0, 0, 0, NULL) != LUA_OK)
        fail("an error in Lua");
    close(L);
    dlclose(library);
}

static void *thread(void *path)
{
    for (int i = 0; i < times; i++)
        run(path);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t id[16];
    int n = argc - 3;
    if (n < 1 || n > 16)
        return 2;
    times = atoi(argv[1]);
    chunk = argv[2];
    for (int i = 0; i < n; i++)
        if (pthread_create(&id[i], NULL, thread, argv[3 + i]) != 0)
            fail("no thread");
    for (int i = 0; i < n; i++)
        pthread_join(id[i], NULL);
    return 0;
}
