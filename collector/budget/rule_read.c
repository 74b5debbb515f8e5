/* rule_read: see rule_read.h. */
#include "collector/budget/rule_read.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/util/nearest.h"
#include "collector/util/xalloc.h"
#include "wire/enums.h"

/* A rule being read. */
struct reading {
    const struct rule_reader *rr;
    struct rule *r;
    int index; /* of its table */
    unsigned line;
};

static int is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Line of the first WORD from line FROM on; FROM where there is none. */
static unsigned word_line(const char *text, unsigned from, const char *word)
{
    unsigned line = 1;
    size_t n = strlen(word);
    for (const char *at = text; *at; at++) {
        if (*at == '\n')
            line++;
        else if (line >= from && !strncmp(at, word, n) && !is_word(at[n]) &&
                 (at == text || !is_word(at[-1])))
            return line;
    }
    return from;
}

int rule_read_error(const struct rule_reader *rr, unsigned from, const char *word,
                    const char *format, ...)
{
    char say[ERR_TEXT_MAX / 2];
    va_list args;
    va_start(args, format);
    vsnprintf(say, sizeof say, format, args);
    va_end(args);
    unsigned line = word && *word ? word_line(rr->text, from, word) : from;
    if (!line)
        return err_set(rr->err, "%s: %s", rr->path, say);
    return err_set(rr->err, "%s:%u: %s", rr->path, line, say);
}

/* ---- values ---- */

static lua_State *lua_of(const struct reading *g)
{
    return sandbox_lua(g->rr->sandbox);
}

/* The text on top of the stack, in the pool; NULL after saying that it is none. */
static const char *text_take(const struct reading *g, const char *key)
{
    lua_State *lua = lua_of(g);
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
    const char *name = text_take(g, key);
    if (!name)
        return -1;
    s->at = xgrow(s->at, s->n, &s->cap, sizeof *s->at);
    s->at[s->n++] = name;
    return 0;
}

/* A name, or a list of them; replaces what S holds. */
static int names_take(const struct reading *g, struct name_set *s, const char *key)
{
    lua_State *lua = lua_of(g);
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

static int flag_take(const struct reading *g, int *out, const char *key)
{
    lua_State *lua = lua_of(g);
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

static int word_take(const struct reading *g, int *out, const char *key,
                     const char *(*name_of)(unsigned), unsigned n)
{
    const char *words[32], *given = text_take(g, key);
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

static const char *level_name(unsigned v)
{
    return rule_level_name((enum rule_level)v);
}

static int level_take(const struct reading *g)
{
    int v = LEVEL_ERROR;
    if (word_take(g, &v, "level", level_name, LEVEL_ERROR + 1))
        return -1;
    g->r->level = (enum rule_level)v;
    return 0;
}

static int metric_take(const struct reading *g)
{
    const char *nearest = NULL, *given = text_take(g, "metric");
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

static int bound_take(const struct reading *g, struct bound *b, const char *key)
{
    lua_State *lua = lua_of(g);
    struct err err = {""};
    int type = lua_type(lua, -1);
    if (type == LUA_TNUMBER && !lua_isinteger(lua, -1))
        b->text = pool_format(g->rr->pool, "%.17g", (double)lua_tonumber(lua, -1));
    else if (type == LUA_TNUMBER)
        b->text = pool_format(g->rr->pool, "%lld", (long long)lua_tointeger(lua, -1));
    else if (type == LUA_TSTRING)
        b->text = text_take(g, key);
    else
        return rule_read_error(g->rr, g->line, key,
                               "`%s` is a number or a text such as \"500 ms\", not a %s", key,
                               lua_typename(lua, type));
    if (!b->text)
        return -1;
    b->given = 1;
    if (quantity_read(g->r->metric->quantity, b->text, &b->value, &err))
        return rule_read_error(g->rr, g->line, key, "%s of %s: %s", key, g->r->metric->name,
                               err.text);
    return 0;
}

/* ---- fields ---- */

enum key {
    KEY_METRIC,
    KEY_NAME,
    KEY_PROCESS,
    KEY_MODULE,
    KEY_FUNC,
    KEY_CHUNK,
    KEY_LIBRARY,
    KEY_EXCEPT,
    KEY_PHASE,
    KEY_KIND,
    KEY_EACH,
    KEY_LIMIT,
    KEY_WARN,
    KEY_AT_LEAST,
    KEY_LEVEL,
    KEY_MESSAGE,
    KEY_N
};

struct field {
    const char *name;
    unsigned place;  /* enum metric_place that the metric must have; 0: any metric */
    int in_defaults; /* may stand in `defaults` */
};

static const struct field fields[KEY_N] = {
    [KEY_METRIC] = {"metric", 0, 0},
    [KEY_NAME] = {"name", 0, 0},
    [KEY_PROCESS] = {"process", 0, 1},
    [KEY_MODULE] = {"module", PLACE_MODULE, 0},
    [KEY_FUNC] = {"func", PLACE_FUNC, 0},
    [KEY_CHUNK] = {"chunk", PLACE_CHUNK, 0},
    [KEY_LIBRARY] = {"library", PLACE_LIBRARY, 0},
    [KEY_EXCEPT] = {"except", PLACE_MODULE | PLACE_FUNC | PLACE_CHUNK | PLACE_LIBRARY, 0},
    [KEY_PHASE] = {"phase", PLACE_PHASE, 0},
    [KEY_KIND] = {"kind", PLACE_KIND, 0},
    [KEY_EACH] = {"each", 0, 0},
    [KEY_LIMIT] = {"limit", 0, 0},
    [KEY_WARN] = {"warn", 0, 0},
    [KEY_AT_LEAST] = {"at_least", 0, 0},
    [KEY_LEVEL] = {"level", 0, 1},
    [KEY_MESSAGE] = {"message", 0, 1},
};

static int field_take(const struct reading *g, enum key key)
{
    struct rule *r = g->r;
    const char *name = fields[key].name;
    switch (key) {
    case KEY_METRIC:
        return 0; /* read first */
    case KEY_NAME:
        return (r->name = text_take(g, name)) ? 0 : -1;
    case KEY_MESSAGE:
        return (r->message = text_take(g, name)) ? 0 : -1;
    case KEY_PROCESS:
        return names_take(g, &r->process, name);
    case KEY_MODULE:
        return names_take(g, &r->module, name);
    case KEY_FUNC:
        return names_take(g, &r->func, name);
    case KEY_CHUNK:
        return names_take(g, &r->chunk, name);
    case KEY_LIBRARY:
        return names_take(g, &r->library, name);
    case KEY_EXCEPT:
        return names_take(g, &r->except, name);
    case KEY_PHASE:
        return word_take(g, &r->phase, name, phase_name, PHASE_N);
    case KEY_KIND:
        return word_take(g, &r->kind, name, alloc_kind_name, ALLOC_KIND_N);
    case KEY_EACH:
        return flag_take(g, &r->each, name);
    case KEY_LEVEL:
        return level_take(g);
    case KEY_LIMIT:
        return bound_take(g, &r->limit, name);
    case KEY_WARN:
        return bound_take(g, &r->warn, name);
    default:
        return bound_take(g, &r->at_least, name);
    }
}

static int key_unknown(const struct reading *g, const char *given)
{
    const char *names[KEY_N];
    for (int i = 0; i < KEY_N; i++)
        names[i] = fields[i].name;
    const char *nearest = nearest_word(given, names, KEY_N);
    if (nearest)
        return rule_read_error(g->rr, g->line, given, "a rule has no `%s`; did you mean `%s`?",
                               given, nearest);
    return rule_read_error(g->rr, g->line, given, "a rule has no `%s`", given);
}

static int key_fits(const struct reading *g, enum key key, int defaults)
{
    const struct field *f = &fields[key];
    if (defaults && !f->in_defaults)
        return rule_read_error(g->rr, g->line, f->name,
                               "`defaults` are `level`, `process` and `message`; `%s` stands in a "
                               "rule",
                               f->name);
    if (!defaults && f->place && !(g->r->metric->places & f->place))
        return rule_read_error(g->rr, g->line, f->name, "%s has no `%s`", g->r->metric->name,
                               f->name);
    return 0;
}

/* The key and value on top of the stack. */
static int pair_take(const struct reading *g, int defaults)
{
    lua_State *lua = lua_of(g);
    if (lua_type(lua, -2) != LUA_TSTRING)
        return rule_read_error(g->rr, g->line, NULL,
                               "a rule is a table of named fields: { metric = \"...\", limit = "
                               "\"...\" }");
    const char *given = lua_tostring(lua, -2);
    for (int i = 0; i < KEY_N; i++)
        if (!strcmp(fields[i].name, given))
            return key_fits(g, (enum key)i, defaults) ? -1 : field_take(g, (enum key)i);
    return key_unknown(g, given);
}

static int pairs_take(const struct reading *g, int defaults)
{
    lua_State *lua = lua_of(g);
    lua_pushnil(lua);
    while (lua_next(lua, g->index)) {
        if (pair_take(g, defaults))
            return -1;
        lua_pop(lua, 1);
    }
    return 0;
}

/* ---- a whole rule ---- */

static int contradictions(const struct reading *g)
{
    const struct rule *r = g->r;
    const struct metric *m = r->metric;
    if (!r->limit.given && !r->warn.given && !r->at_least.given)
        return rule_read_error(g->rr, g->line, NULL, "the rule for %s has no `limit`", m->name);
    if (m->direction == DIRECTION_MORE && (r->limit.given || r->warn.given))
        return rule_read_error(g->rr, g->line, r->limit.given ? "limit" : "warn",
                               "of %s more is better: it takes `at_least`", m->name);
    if (r->warn.given && r->limit.given && r->warn.value > r->limit.value)
        return rule_read_error(g->rr, g->line, "warn",
                               "`warn` (%s) is beyond `limit` (%s): it would never be said",
                               r->warn.text, r->limit.text);
    const struct bound *most = r->limit.given ? &r->limit : &r->warn;
    if (r->at_least.given && most->given && r->at_least.value > most->value)
        return rule_read_error(g->rr, g->line, "at_least", "nothing is at least %s and at most %s",
                               r->at_least.text, most->text);
    if (m->places & PLACE_PHASE && r->phase < 0)
        return rule_read_error(g->rr, g->line, NULL,
                               "%s needs a `phase`: resolve, read, compile, run, map, relocate or "
                               "construct",
                               m->name);
    if (r->each && m->way == WAY_WHOLE)
        return rule_read_error(g->rr, g->line, "each",
                               "%s is one figure of a process: `each` has no meaning", m->name);
    return 0;
}

static const char *name_joined(struct pool *pool, const char *name, const struct name_set *s)
{
    for (size_t i = 0; i < s->n; i++)
        name = pool_format(pool, "%s%s%s", name, i ? "," : " ", s->at[i]);
    return name;
}

static const char *name_make(struct pool *pool, const struct rule *r)
{
    const char *name = r->metric->name;
    if (r->phase >= 0)
        name = pool_format(pool, "%s %s", name, phase_name((unsigned)r->phase));
    if (r->kind >= 0)
        name = pool_format(pool, "%s %s", name, alloc_kind_name((unsigned)r->kind));
    name = name_joined(pool, name, &r->module);
    name = name_joined(pool, name, &r->func);
    name = name_joined(pool, name, &r->chunk);
    name = name_joined(pool, name, &r->library);
    return name;
}

/* The metric says what the other fields mean. */
static int metric_first(const struct reading *g)
{
    lua_State *lua = lua_of(g);
    lua_pushstring(lua, "metric");
    int missing = lua_rawget(lua, g->index) == LUA_TNIL;
    int bad = !missing && metric_take(g);
    lua_pop(lua, 1);
    if (missing)
        return rule_read_error(g->rr, g->line, NULL, "the rule has no `metric`");
    return bad ? -1 : 0;
}

int rule_read(const struct rule_reader *rr, struct rule *r, int index, int defaults)
{
    struct reading g = {rr, r, lua_absindex(sandbox_lua(rr->sandbox), index), 0};
    r->line = g.line = sandbox_line(rr->sandbox, g.index);
    if (!defaults && metric_first(&g))
        return -1;
    if (pairs_take(&g, defaults))
        return -1;
    if (defaults)
        return 0;
    if (!r->name)
        r->name = name_make(rr->pool, r);
    return contradictions(&g);
}
