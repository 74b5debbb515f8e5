/* rule_values: see rule_values.h. */
#include "collector/budget/rule_values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/util/nearest.h"
#include "collector/util/xalloc.h"

lua_State *rule_lua(const struct reading *g)
{
    return sandbox_lua(g->rr->sandbox);
}

const char *rule_text(const struct reading *g, const char *key)
{
    lua_State *lua = rule_lua(g);
    size_t n;
    if (lua_type(lua, -1) != LUA_TSTRING) {
        rule_read_error(g->rr, g->line, key, "`%s` is a text, not a %s", key,
                        lua_typename(lua, lua_type(lua, -1)));
        return NULL;
    }
    const char *at = lua_tolstring(lua, -1, &n);
    if (!n || strlen(at) != n) {
        rule_read_error(g->rr, g->line, key, "`%s` is %s", key,
                        n ? "a text with a NUL in it" : "empty");
        return NULL;
    }
    return pool_copy(g->rr->pool, at, n);
}

static int name_add(const struct reading *g, struct name_set *s, const char *key)
{
    const char *name = rule_text(g, key);
    if (!name)
        return -1;
    s->at = xgrow(s->at, s->n, &s->cap, sizeof *s->at);
    s->at[s->n++] = name;
    return 0;
}

int rule_names(const struct reading *g, struct name_set *s, const char *key)
{
    lua_State *lua = rule_lua(g);
    free(s->at);
    memset(s, 0, sizeof *s);
    if (lua_type(lua, -1) != LUA_TTABLE)
        return name_add(g, s, key);
    int bad = 0;
    for (lua_Integer i = 1; !bad && lua_rawgeti(lua, -1, i) != LUA_TNIL; i++) {
        bad = name_add(g, s, key);
        lua_pop(lua, 1);
    }
    if (bad)
        return -1;
    lua_pop(lua, 1);
    return s->n ? 0
                : rule_read_error(g->rr, g->line, key,
                                  "`%s` is a name or a list of names, and this is empty", key);
}

int rule_flag(const struct reading *g, int *out, const char *key)
{
    lua_State *lua = rule_lua(g);
    if (lua_type(lua, -1) != LUA_TBOOLEAN)
        return rule_read_error(g->rr, g->line, key, "`%s` is true or false", key);
    *out = lua_toboolean(lua, -1);
    return 0;
}

/* Says that GIVEN is none of WORDS. */
static int word_unknown(const struct reading *g, const char *key, const char *given,
                        const char *const *words, size_t n)
{
    const char *nearest = nearest_word(given, words, n);
    if (nearest)
        return rule_read_error(g->rr, g->line, given, "`%s` is no %s; did you mean `%s`?", given,
                               key, nearest);
    return rule_read_error(g->rr, g->line, given, "`%s` is no %s", given, key);
}

int rule_word(const struct reading *g, int *out, const char *key, const char *(*name_of)(unsigned),
              unsigned n)
{
    const char *words[32], *given = rule_text(g, key);
    size_t known = 0;
    if (!given)
        return -1;
    for (unsigned i = 0; i < n; i++) {
        const char *name = name_of(i);
        if (*name != '?' && !strcmp(name, given)) {
            *out = (int)i;
            return 0;
        }
        if (*name != '?')
            words[known++] = name;
    }
    return word_unknown(g, key, given, words, known);
}

static const char *at_name(unsigned v)
{
    return rule_at_name((enum rule_at)v);
}

int rule_at_take(const struct reading *g)
{
    int v = AT_EXTREME;
    if (rule_word(g, &v, "at", at_name, AT_N))
        return -1;
    g->r->at = (enum rule_at)v;
    return 0;
}

static const char *level_name(unsigned v)
{
    return rule_level_name((enum rule_level)v);
}

int rule_level(const struct reading *g)
{
    int v = LEVEL_ERROR;
    if (rule_word(g, &v, "level", level_name, LEVEL_ERROR + 1))
        return -1;
    g->r->level = (enum rule_level)v;
    return 0;
}

int rule_metric(const struct reading *g)
{
    const char *nearest = NULL, *given = rule_text(g, "metric");
    if (!given)
        return -1;
    g->r->metric = metric_find(given, &nearest);
    if (g->r->metric) {
        g->r->each = g->r->metric->way == WAY_EACH;
        return 0;
    }
    if (nearest)
        return rule_read_error(g->rr, g->line, given, "there is no metric `%s`; did you mean `%s`?",
                               given, nearest);
    return rule_read_error(g->rr, g->line, given,
                           "there is no metric `%s`; `modprof check --metrics` lists them", given);
}

int rule_bound(const struct reading *g, struct bound *b, const char *key)
{
    lua_State *lua = rule_lua(g);
    struct err err = {""};
    int type = lua_type(lua, -1);
    if (type == LUA_TNUMBER && !lua_isinteger(lua, -1))
        b->text = pool_format(g->rr->pool, "%.17g", (double)lua_tonumber(lua, -1));
    else if (type == LUA_TNUMBER)
        b->text = pool_format(g->rr->pool, "%lld", (long long)lua_tointeger(lua, -1));
    else if (type == LUA_TSTRING)
        b->text = rule_text(g, key);
    else
        return rule_read_error(g->rr, g->line, key,
                               "`%s` is a number or a text such as \"500 ms\", not a %s", key,
                               lua_typename(lua, type));
    if (!b->text)
        return -1;
    b->given = 1;
    char *amount = xstrdup(b->text);
    size_t n = strlen(amount);
    b->rate = n > 2 && !strcmp(amount + n - 2, "/s");
    if (b->rate)
        amount[n - 2] = 0;
    int bad = quantity_read(g->r->metric->quantity, amount, &b->value, &err);
    free(amount);
    if (bad)
        return rule_read_error(g->rr, g->line, key, "%s of %s: %s", key, g->r->metric->name,
                               err.text);
    return 0;
}

int rule_share(const struct reading *g, struct bound *b, const char *key)
{
    if (lua_type(rule_lua(g), -1) == LUA_TNUMBER)
        return rule_read_error(g->rr, g->line, key,
                               "`%s` is a share in quotes such as \"10%%\", not a number", key);
    b->text = rule_text(g, key);
    if (!b->text)
        return -1;
    char *end;
    size_t digits = strspn(b->text, "0123456789.");
    b->value = strtod(b->text, &end) / 100;
    const char *unit = b->text + digits + strspn(b->text + digits, " ");
    if (!digits || end < b->text + digits || strcmp(unit, "%") != 0 || !isfinite(b->value))
        return rule_read_error(g->rr, g->line, key, "`%s` is a share such as \"10%%\", not \"%s\"",
                               key, b->text);
    b->given = 1;
    return 0;
}
