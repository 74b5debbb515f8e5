/* lua_compile: see lua_compile.h. */
#include "collector/analyse/lua_compile.h"

#include <lua5.4/lauxlib.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "collector/util/xalloc.h"

enum { BYTES_MAX = 256 << 20, RUNS = 5 };
static const double enough_ns = 10e6; /* of repeating one thing */

struct bounded {
    size_t used;
};

static void *bounded_alloc(void *ud, void *block, size_t old, size_t size)
{
    struct bounded *b = ud;
    size_t had = block ? old : 0;
    if (!size) {
        b->used -= had;
        free(block);
        return NULL;
    }
    if (size > had && size - had > BYTES_MAX - b->used)
        return NULL;
    void *got = realloc(block, size);
    if (got)
        b->used += size - had;
    return got;
}

/* What a state is asked to load, and what comes of it. */
struct job {
    const char *name, *at;
    size_t n;
    const char *mode;
    struct lua_compiled *out; /* NULL: only loaded */
    double ns;
};

static double cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int append(lua_State *lua, const void *at, size_t n, void *ud)
{
    struct lua_compiled *c = ud;
    (void)lua;
    c->bytecode = xrealloc(c->bytecode, c->bytecode_n + n, 1);
    memcpy(c->bytecode + c->bytecode_n, at, n);
    c->bytecode_n += n;
    return 0;
}

static int add_up(lua_State *lua, const void *at, size_t n, void *ud)
{
    (void)lua;
    (void)at;
    *(size_t *)ud += n;
    return 0;
}

static int body(lua_State *lua)
{
    struct job *j = lua_touserdata(lua, 1);
    double begin = cpu_ns();
    if (luaL_loadbufferx(lua, j->at, j->n, j->name, j->mode))
        return lua_error(lua);
    j->ns = cpu_ns() - begin;
    if (j->out) {
        lua_dump(lua, append, j->out, 0);
        lua_dump(lua, add_up, &j->out->stripped_n, 1);
    }
    return 0;
}

/* In a state of its own, as a fresh process has it. */
static int job_run(struct job *j, struct err *err)
{
    struct bounded b = {0};
    lua_State *lua = xgiven(lua_newstate(bounded_alloc, &b));
    lua_gc(lua, LUA_GCSTOP);
    lua_pushcfunction(lua, body);
    lua_pushlightuserdata(lua, j);
    int bad = lua_pcall(lua, 1, 0, 0);
    const char *why = bad ? lua_tostring(lua, -1) : NULL;
    if (bad)
        err_set(err, "%s", why ? why : "it does not compile");
    lua_close(lua);
    return bad ? -1 : 0;
}

/* The shortest of a few runs. */
static double shortest_ns(struct job j)
{
    double least = j.ns, all = 0;
    for (int i = 1; i < RUNS && all < enough_ns; i++) {
        if (job_run(&j, NULL))
            break;
        all += j.ns;
        least = j.ns < least ? j.ns : least;
    }
    return least;
}

int lua_compile(struct lua_compiled *c, const char *name, const char *text, size_t n,
                struct err *err)
{
    memset(c, 0, sizeof *c);
    struct job compile = {name, text, n, "t", c, 0};
    if (job_run(&compile, err))
        return lua_compiled_release(c), -1;
    compile.out = NULL;
    c->compile_ns = shortest_ns(compile);
    struct job load = {name, (const char *)c->bytecode, c->bytecode_n, "b", NULL, 0};
    if (!job_run(&load, NULL))
        c->undump_ns = shortest_ns(load);
    return 0;
}

void lua_compiled_release(struct lua_compiled *c)
{
    free(c->bytecode);
    memset(c, 0, sizeof *c);
}
