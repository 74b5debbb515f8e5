/* fork_host FILE: runs FILE, makes 20 C blocks of 1,000 bytes, forks, and gives 8 of these back in the child, which
 * makes 5 more and 500 tables; prints both process ids. The child ends without closing the state. Where there are marks it makes
 * two before all that, and forgets what FILE kept in between. */
/* LINK: -llua5.4 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lualib.h>

static void *blocks[20];

static void in_child(lua_State *L)
{
    for (int i = 0; i < 8; i++)
        free(blocks[i]);
    for (int i = 0; i < 5; i++)
        blocks[i] = malloc(1000);
    static const char text[] = "if modprof then modprof.mark('born') kept = nil collectgarbage() "
                               "modprof.mark('freed') end "
                               "mine = {} for i = 1, 500 do mine[i] = { i } end";
    if (luaL_loadbuffer(L, text, sizeof text - 1, "=child") == LUA_OK)
        lua_pcall(L, 0, 0, 0);
}

int main(int argc, char **argv)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    if (argc < 2 || luaL_dofile(L, argv[1]) != LUA_OK)
        return 1;
    for (int i = 0; i < 20; i++)
        blocks[i] = malloc(1000);
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
