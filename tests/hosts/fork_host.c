/* fork_host FILE: runs FILE, forks, and goes on in the child, which makes 500 tables and drops what it inherited of the
 * global `kept`; prints both process ids. The child ends without closing the state. */
/* LINK: -llua5.4 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lualib.h>

static void in_child(lua_State *L)
{
    static const char text[] = "mine = {} for i = 1, 500 do mine[i] = { i } end";
    if (luaL_loadbuffer(L, text, sizeof text - 1, "=child") == LUA_OK)
        lua_pcall(L, 0, 0, 0);
}

int main(int argc, char **argv)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    if (argc < 2 || luaL_dofile(L, argv[1]) != LUA_OK)
        return 1;
    pid_t pid = fork();
    if (pid == 0) {
        in_child(L);
        return 0;
    }
    waitpid(pid, NULL, 0);
    printf("%d %d\n", (int)getpid(), (int)pid);
    lua_close(L);
    return 0;
}
