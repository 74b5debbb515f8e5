/* heap_lines: a host whose allocator asks Lua's public API for the line that allocates. */
/* LINK: -llua5.4 */
/* heap_lines SCRIPT   runs it (no coroutines: the allocator looks at the main one) and prints its books:
 *
 *   FILE:LINE|- BLOCKS BYTES LIVE LIVE_BYTES
 *
 * A block belongs to the innermost Lua function's line at the time it was made, or `-`.  What a resize adds
 * counts as bytes of that block's line.  Live: when lua_close begins.
 *
 * The API knows the line of what is made by a table constructor only from the instruction before it: scripts have such
 * a function on one line. */
#include <stdint.h>

#include "tests/hosts/host.h"

enum { LINES_MAX = 4096, BLOCKS_MAX = 1 << 20 };

struct line {
    char name[80];
    size_t n, bytes, freed_n, freed_bytes, live_n, live_bytes;
};

struct block {
    void *at;
    struct line *line;
};

static struct line lines[LINES_MAX];
static size_t line_n;
static struct block blocks[BLOCKS_MAX]; /* open addressing; a freed one keeps its place */
static lua_State *running;

static struct line *line_of(const char *name)
{
    for (size_t i = 0; i < line_n; i++)
        if (!strcmp(lines[i].name, name))
            return &lines[i];
    if (line_n == LINES_MAX)
        abort();
    snprintf(lines[line_n].name, sizeof lines->name, "%s", name);
    return &lines[line_n++];
}

static struct line *line_now(void)
{
    char name[80];
    lua_Debug ar;
    for (int level = 0; running && lua_getstack(running, level, &ar); level++) {
        lua_getinfo(running, "Sl", &ar);
        if (ar.currentline <= 0)
            continue;
        snprintf(name, sizeof name, "%s:%d", ar.short_src, ar.currentline);
        return line_of(name);
    }
    return line_of("-");
}

static struct block *block_of(void *at)
{
    size_t i = ((uintptr_t)at >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 44;
    while (blocks[i].at && blocks[i].at != at)
        i = (i + 1) % BLOCKS_MAX;
    return &blocks[i];
}

static void block_put(void *at, struct line *line)
{
    *block_of(at) = (struct block){at, line};
}

static void *books(void *ud, void *p, size_t osize, size_t nsize)
{
    struct line *line = p ? block_of(p)->line : NULL;
    (void)ud;
    if (nsize == 0) {
        if (p) {
            line->freed_n++;
            line->freed_bytes += osize;
        }
        free(p);
        return NULL;
    }
    if (!p) {
        line = line_now();
        line->n++;
        osize = 0;
    }
    void *q = realloc(p, nsize);
    if (!q)
        return NULL;
    if (nsize > osize)
        line->bytes += nsize - osize;
    else
        line->freed_bytes += osize - nsize;
    block_put(q, line);
    return q;
}

static void note_live(void)
{
    for (size_t i = 0; i < line_n; i++) {
        lines[i].live_n = lines[i].n - lines[i].freed_n;
        lines[i].live_bytes = lines[i].bytes - lines[i].freed_bytes;
    }
}

static void show(void)
{
    for (size_t i = 0; i < line_n; i++)
        printf("%s %zu %zu %zu %zu\n", lines[i].name, lines[i].n, lines[i].bytes, lines[i].live_n,
               lines[i].live_bytes);
}

int main(int argc, char **argv)
{
    static char out[1 << 16];
    setvbuf(stdout, out, _IOFBF, sizeof out);
    lua_State *L = lua_newstate(books, NULL);
    luaL_openlibs(L);
    int status = luaL_loadfile(L, argc > 1 ? argv[1] : "");
    running = L;
    if (!status)
        status = lua_pcall(L, 0, 0, 0);
    running = NULL;
    if (status)
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
    note_live();
    lua_close(L);
    show();
    return status;
}
