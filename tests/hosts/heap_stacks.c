/* heap_stacks: a host whose allocator asks Lua's public API for the whole stack that allocates, through coroutines. */
/* LINK: -llua5.4 */
/* heap_stacks own|plain|changing SCRIPT
 *
 * own: prints its books, by stack, innermost frame first (`@FILE:LINE`, `C`, `coroutine`):
 *
 *   BLOCKS BYTES LIVE | FRAME < FRAME ...
 *
 * Live: blocks, when the script has ended.  plain: luaL_newstate's allocator, no books.  changing: another one after each `change()`
 * of the script, own (without books) or plain.  `resume(co)` is the host's, since the allocator has to know who runs.
 *
 * The API knows the line of what is made by a table constructor only from the instruction before it: scripts have such
 * a function on one line. */
#include <stdint.h>

#include "tests/hosts/host.h"

enum { STACKS_MAX = 65536, BLOCKS_MAX = 1 << 22, DEPTH_MAX = 64, TEXT_MAX = 4096 };

struct stack {
    char *text;
    size_t n, bytes, live_n;
};

struct block {
    void *at;
    struct stack *stack;
};

static struct stack stacks[STACKS_MAX]; /* open addressing, by text */
static struct block *blocks;            /* by address; a freed one keeps its place */
static lua_State *running[DEPTH_MAX];   /* who resumed whom; the innermost last */
static int running_n;

static struct stack *stack_of(const char *text)
{
    uint64_t h = 14695981039346656037u;
    for (const char *c = text; *c; c++)
        h = (h ^ (uint8_t)*c) * 1099511628211u;
    size_t i = (h ^ h >> 32) % STACKS_MAX;
    while (stacks[i].text && strcmp(stacks[i].text, text))
        i = (i + 1) % STACKS_MAX;
    if (!stacks[i].text)
        stacks[i].text = strdup(text);
    return &stacks[i];
}

static struct stack *stack_now(void)
{
    char text[TEXT_MAX] = "", *end = text;
    lua_Debug ar;
    for (int i = running_n - 1; i >= 0; i--) {
        for (int level = 0; lua_getstack(running[i], level, &ar); level++) {
            lua_getinfo(running[i], "Sl", &ar);
            end += sprintf(end, end == text ? "" : " < ");
            end += *ar.what == 'C' ? sprintf(end, "C")
                                   : sprintf(end, "%s:%d", ar.source, ar.currentline);
        }
        end += i > 0 ? sprintf(end, end == text ? "coroutine" : " < coroutine") : 0;
    }
    return stack_of(text);
}

static struct block *block_of(void *at)
{
    size_t i = ((uintptr_t)at >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 42;
    while (blocks[i].at && blocks[i].at != at)
        i = (i + 1) % BLOCKS_MAX;
    return &blocks[i];
}

static void *own(void *ud, void *p, size_t osize, size_t nsize)
{
    int *books = ud;
    struct stack *s = NULL;
    if (*books && (p || nsize))
        s = p ? block_of(p)->stack : stack_now();
    if (nsize == 0) {
        if (p && s)
            s->live_n--;
        free(p);
        return NULL;
    }
    void *q = realloc(p, nsize);
    if (!q || !s)
        return q;
    if (!p) {
        s->n++;
        s->live_n++;
        osize = 0;
    }
    s->bytes += nsize > osize ? nsize - osize : 0;
    *block_of(q) = (struct block){q, s};
    return q;
}

/* What luaL_newstate's does. */
static void *plain(void *ud, void *p, size_t osize, size_t nsize)
{
    (void)ud;
    (void)osize;
    if (nsize == 0) {
        free(p);
        return NULL;
    }
    return realloc(p, nsize);
}

static int no_books, with_books = 1;

static int change(lua_State *L)
{
    void *ud;
    if (lua_getallocf(L, &ud) == own)
        lua_setallocf(L, plain, NULL);
    else
        lua_setallocf(L, own, &no_books);
    return 0;
}

static int nothing(lua_State *L)
{
    (void)L;
    return 0;
}

/* resume(co): whether it went well. */
static int resume(lua_State *L)
{
    int n;
    lua_State *co = lua_tothread(L, 1);
    if (running_n == DEPTH_MAX)
        return luaL_error(L, "too deep");
    running[running_n++] = co;
    int status = lua_resume(co, L, 0, &n);
    running_n--;
    lua_settop(co, 0);
    lua_pushboolean(L, status <= LUA_YIELD);
    return 1;
}

/* call(co, f): f runs on co, which nobody resumed.  Where it fails, the error goes to whoever catches it on the main one, and `back()`
 * says that it was caught. */
static int call(lua_State *L)
{
    lua_State *co = lua_tothread(L, 1);
    lua_State *main = running[0];
    lua_xmove(L, co, 1);
    running[0] = co;
    lua_call(co, 0, 0);
    running[0] = main;
    return 0;
}

static int back(lua_State *L)
{
    running[0] = L;
    return 0;
}

/* far([fails]): a table, made far down on the C stack; then an error. */
static int far(lua_State *L)
{
    volatile char room[16384];
    room[0] = 0;
    int fails = lua_toboolean(L, 1);
    lua_newtable(L);
    return fails ? lua_error(L) : 1 + room[0];
}

static lua_State *new_state(const char *mode)
{
    if (!strcmp(mode, "own"))
        return lua_newstate(own, &with_books);
    return lua_newstate(plain, NULL);
}

int main(int argc, char **argv)
{
    static char out[1 << 16];
    const char *mode = argc > 1 ? argv[1] : "plain";
    setvbuf(stdout, out, _IOFBF, sizeof out);
    blocks = calloc(BLOCKS_MAX, sizeof *blocks);
    lua_State *L = new_state(mode);
    running[running_n++] = L;
    luaL_openlibs(L);
    lua_register(L, "resume", resume);
    lua_register(L, "call", call);
    lua_register(L, "back", back);
    lua_register(L, "far", far);
    lua_register(L, "change", !strcmp(mode, "changing") ? change : nothing);
    int status = luaL_loadfile(L, argc > 2 ? argv[2] : "");
    if (!status)
        status = lua_pcall(L, 0, 0, 0);
    running_n = 0;
    if (status)
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
    for (int i = 0; i < STACKS_MAX; i++)
        if (stacks[i].text)
            printf("%zu %zu %zu | %s\n", stacks[i].n, stacks[i].bytes, stacks[i].live_n,
                   stacks[i].text);
    fflush(stdout);
    lua_close(L);
    return status;
}
