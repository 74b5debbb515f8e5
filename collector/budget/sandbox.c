/* sandbox: see sandbox.h.
 *
 * The line of a table: its allocation tells its address, and the hook that comes before the next instruction
 * tells the line of its first field.  (The instruction that makes the table has the line of whatever stands before
 * it.)  The garbage collector stands still, so addresses are not used twice. */
#include "collector/budget/sandbox.h"

#include <lua5.4/lauxlib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "collector/util/rowset.h"
#include "collector/util/xalloc.h"

enum { CLOCK_STEPS = 64 };

struct sandbox {
    lua_State *lua;
    size_t used, limit; /* bytes */
    uint64_t steps;
    struct timespec began; /* CPU time of this thread */
    int running;           /* 1: the file's own code is */
    const void *pending;   /* a table that was just made */
    struct rowset lines;   /* unsigned, by a table's address */
    const char *stop;      /* why it was stopped; NULL */
    int stop_line;
};

/* Line of the innermost Lua function from LEVEL on that knows one; 0. */
static int line_now(lua_State *lua, int level)
{
    lua_Debug ar;
    for (; lua_getstack(lua, level, &ar); level++)
        if (lua_getinfo(lua, "l", &ar) && ar.currentline > 0)
            return ar.currentline;
    return 0;
}

static void *sandbox_alloc(void *ud, void *block, size_t old, size_t size)
{
    struct sandbox *s = ud;
    size_t had = block ? old : 0;
    if (!size) {
        s->used -= had;
        free(block);
        return NULL;
    }
    if (size > had && size - had > s->limit - s->used) {
        s->stop = "takes too much memory";
        if (s->running)
            s->stop_line = line_now(s->lua, 0);
        return NULL;
    }
    void *got = realloc(block, size);
    if (!got)
        return NULL;
    s->used += size - had;
    if (!block && old == LUA_TTABLE && s->running)
        s->pending = got;
    return got;
}

static struct sandbox *sandbox_of(lua_State *lua)
{
    void *ud;
    lua_getallocf(lua, &ud);
    return ud;
}

static int64_t cpu_ms(const struct sandbox *s)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)(now.tv_sec - s->began.tv_sec) * 1000 +
           (now.tv_nsec - s->began.tv_nsec) / 1000000;
}

/* Before each instruction. */
static void step_hook(lua_State *lua, lua_Debug *ar)
{
    struct sandbox *s = sandbox_of(lua);
    if (s->pending && lua_getinfo(lua, "l", ar) && ar->currentline > 0)
        *(unsigned *)rowset_put(&s->lines, (uintptr_t)s->pending) = (unsigned)ar->currentline;
    s->pending = NULL;
    int late = ++s->steps % CLOCK_STEPS == 0 && cpu_ms(s) > SANDBOX_CPU_MS_MAX;
    if (s->steps <= SANDBOX_STEPS_MAX && !late)
        return;
    s->running = 0;
    s->stop = "does not come to an end";
    s->stop_line = line_now(lua, 0);
    luaL_error(lua, "stopped");
}

struct sandbox *sandbox_new(void)
{
    struct sandbox *s = xcalloc(1, sizeof *s);
    s->limit = SANDBOX_BYTES_MAX;
    rowset_init(&s->lines, sizeof(unsigned));
    s->lua = xgiven(lua_newstate(sandbox_alloc, s));
    lua_gc(s->lua, LUA_GCSTOP);
    return s;
}

void sandbox_free(struct sandbox *s)
{
    if (!s)
        return;
    lua_close(s->lua);
    rowset_release(&s->lines);
    free(s);
}

struct text {
    const char *at;
    size_t n;
    const char *name;
};

/* Compiles and runs; one function, so that any lack of memory is an error of its. */
static int body(lua_State *lua)
{
    const struct text *t = lua_touserdata(lua, 1);
    char name[300];
    lua_settop(lua, 0);
    name[0] = '@';
    strncpy(name + 1, t->name, sizeof name - 2);
    name[sizeof name - 1] = 0;
    lua_newtable(lua);
    if (luaL_loadbufferx(lua, t->at, t->n, name, "t"))
        return lua_error(lua);
    lua_pushvalue(lua, 1);
    lua_setupvalue(lua, 2, 1);
    sandbox_of(lua)->running = 1;
    lua_call(lua, 0, 1);
    sandbox_of(lua)->running = 0;
    return 2;
}

/* The message of a failed run, as one line that begins with the file's name. */
static int explain(struct sandbox *s, const struct text *t, const char *message, struct err *err)
{
    char place[16] = "";
    if (s->stop_line)
        snprintf(place, sizeof place, ":%d", s->stop_line);
    if (s->stop)
        return err_set(err,
                       "%s%s: the file %s: it may use %d MiB, %d million instructions and %d s",
                       t->name, place, s->stop, SANDBOX_BYTES_MAX >> 20,
                       SANDBOX_STEPS_MAX / 1000000, SANDBOX_CPU_MS_MAX / 1000);
    if (!message)
        return err_set(err, "%s: the file raised an error that is no text", t->name);
    int keyword =
        strstr(message, "near '='") && (strstr(t->at, "function =") || strstr(t->at, "function="));
    const char *hint = keyword ? " (`function` is a word of Lua's own: the key is `func`)" : "";
    if (strstr(message, "attempt to load a binary"))
        return err_set(err, "%s: this is compiled Lua; a settings file is text", t->name);
    char *one = xstrdup(message);
    one[strcspn(one, "\n")] = 0;
    err_set(err, "%s%s", one, hint);
    free(one);
    return -1;
}

int sandbox_run(struct sandbox *s, const char *name, const char *text, size_t n, struct err *err)
{
    struct text t = {text, n, name};
    if (n > SANDBOX_FILE_MAX)
        return err_set(err, "%s: the file is larger than %d KiB", name, SANDBOX_FILE_MAX >> 10);
    lua_State *lua = s->lua;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &s->began);
    lua_pushcfunction(lua, body);
    lua_pushlightuserdata(lua, &t);
    lua_sethook(lua, step_hook, LUA_MASKCOUNT, 1);
    int status = lua_pcall(lua, 1, 2, 0);
    lua_sethook(lua, NULL, 0, 0);
    s->running = 0;
    s->limit = SIZE_MAX;
    if (status)
        return explain(s, &t, lua_tostring(lua, -1), err);
    return 0;
}

lua_State *sandbox_lua(struct sandbox *s)
{
    return s->lua;
}

unsigned sandbox_line(struct sandbox *s, int index)
{
    const unsigned *line = rowset_find(&s->lines, (uintptr_t)lua_topointer(s->lua, index));
    return line ? *line : 0;
}
