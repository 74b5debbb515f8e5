/* leak_suppress: see leak_suppress.h. */
#include "collector/budget/leak_suppress.h"

#include <stdlib.h>
#include <string.h>

#include "collector/budget/budget_file.h"
#include "collector/budget/rule_read.h"
#include "collector/util/pattern.h"
#include "collector/util/xalloc.h"

enum { PATTERNS_MAX = 10000 };

/* The text on top of the stack, in the pool; NULL where it is none, or empty. */
static const char *text_take(struct leak_suppress *s, lua_State *lua)
{
    size_t n;
    if (lua_type(lua, -1) != LUA_TSTRING)
        return NULL;
    const char *at = lua_tolstring(lua, -1, &n);
    return n && strlen(at) == n ? pool_copy(&s->pool, at, n) : NULL;
}

/* The entry on top of the stack: a text, or { place = TEXT, reason = TEXT }. */
static int entry_read(struct leak_suppress *s, const struct rule_reader *rr, unsigned line)
{
    lua_State *lua = sandbox_lua(rr->sandbox);
    int is_table = lua_type(lua, -1) == LUA_TTABLE;
    if (is_table) {
        line = sandbox_line(rr->sandbox, lua_gettop(lua));
        lua_pushliteral(lua, "place");
        lua_rawget(lua, -2);
    }
    const char *text = text_take(s, lua);
    if (is_table)
        lua_pop(lua, 1);
    if (!text)
        return rule_read_error(rr, line, is_table ? NULL : "suppress",
                               "an entry of `suppress` is a text, or a table with `place` (and "
                               "`reason`): \"cache.lua:12\", \"*/lpeg.so\"");
    s->pattern = xgrow(s->pattern, s->n, &s->cap, sizeof *s->pattern);
    s->pattern[s->n++] = text;
    return 0;
}

static int entries_read(struct leak_suppress *s, const struct rule_reader *rr, int index)
{
    lua_State *lua = sandbox_lua(rr->sandbox);
    unsigned line = sandbox_line(rr->sandbox, index);
    for (lua_Integer i = 1; i <= PATTERNS_MAX && lua_rawgeti(lua, index, i) != LUA_TNIL; i++) {
        if (entry_read(s, rr, line))
            return -1;
        lua_pop(lua, 1);
    }
    return 0;
}

/* `leaks` is at the top of the stack. */
static int leaks_read(struct leak_suppress *s, const struct rule_reader *rr)
{
    lua_State *lua = sandbox_lua(rr->sandbox);
    int type = lua_type(lua, -1), at = lua_gettop(lua);
    if (type == LUA_TNIL)
        return 0;
    if (type != LUA_TTABLE)
        return rule_read_error(rr, 1, "leaks",
                               "`leaks` is a table: leaks = { suppress = { ... } }");
    for (lua_pushnil(lua); lua_next(lua, at); lua_pop(lua, 1)) {
        const char *key = lua_type(lua, -2) == LUA_TSTRING ? lua_tostring(lua, -2) : "?";
        if (strcmp(key, "suppress"))
            return rule_read_error(rr, sandbox_line(rr->sandbox, at), key,
                                   "`leaks` has no setting `%s`: it takes `suppress`", key);
        if (lua_type(lua, -1) != LUA_TTABLE)
            return rule_read_error(rr, sandbox_line(rr->sandbox, at), key,
                                   "`suppress` is a list of texts");
        if (entries_read(s, rr, lua_gettop(lua)))
            return -1;
        lua_settop(lua, at + 2);
    }
    return 0;
}

int leak_suppress_text(struct leak_suppress *s, const char *path, const char *text, size_t n,
                       struct err *err)
{
    memset(s, 0, sizeof *s);
    struct sandbox *sandbox = sandbox_new();
    char *whole = xstrndup(text, n);
    struct rule_reader rr = {sandbox, path, whole, &s->pool, err};
    int bad = sandbox_run(sandbox, path, whole, n, err);
    if (!bad) {
        lua_State *lua = sandbox_lua(sandbox);
        lua_pushliteral(lua, "leaks");
        lua_rawget(lua, lua_type(lua, 2) == LUA_TTABLE ? 2 : 1);
        bad = leaks_read(s, &rr);
    }
    free(whole);
    sandbox_free(sandbox);
    return bad;
}

int leak_suppress_find(struct leak_suppress *s, struct err *err)
{
    size_t n;
    memset(s, 0, sizeof *s);
    char *path = budget_file_find();
    if (!path)
        return 0;
    char *text = budget_file_text(path, &n, err);
    int bad = text ? leak_suppress_text(s, path, text, n, err) : -1;
    free(text);
    free(path);
    return bad;
}

void leak_suppress_release(struct leak_suppress *s)
{
    free(s->pattern);
    pool_release(&s->pool);
    memset(s, 0, sizeof *s);
}

const char *leak_suppress_covers(void *ctx, const struct leak *l)
{
    struct leak_suppress *s = ctx;
    const struct memory_row *r = &l->row;
    for (size_t i = 0; i < s->n; i++)
        if (pattern_match(s->pattern[i], r->label) || pattern_match(s->pattern[i], r->file) ||
            (r->function && pattern_match(s->pattern[i], r->function)) ||
            pattern_match(s->pattern[i], l->library))
            return s->pattern[i];
    return NULL;
}
