/* rule_read: see rule_read.h. */
#include "collector/budget/rule_read.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "collector/budget/rule_values.h"
#include "collector/util/nearest.h"
#include "wire/enums.h"

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

/* ---- fields ---- */

enum key {
    KEY_METRIC,
    KEY_NAME,
    KEY_PROCESS,
    KEY_MODULE,
    KEY_FUNC,
    KEY_CHUNK,
    KEY_LIBRARY,
    KEY_LINE,
    KEY_MARK,
    KEY_FROM,
    KEY_TO,
    KEY_EXCEPT,
    KEY_PHASE,
    KEY_KIND,
    KEY_EACH,
    KEY_AT,
    KEY_LIMIT,
    KEY_WARN,
    KEY_AT_LEAST,
    KEY_REGRESSION,
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
    [KEY_LINE] = {"line", PLACE_LINE, 0},
    [KEY_MARK] = {"mark", PLACE_MARK, 0},
    [KEY_FROM] = {"from", PLACE_INTERVAL, 0},
    [KEY_TO] = {"to", PLACE_INTERVAL, 0},
    [KEY_EXCEPT] = {"except",
                    PLACE_MODULE | PLACE_FUNC | PLACE_CHUNK | PLACE_LIBRARY | PLACE_LINE |
                        PLACE_MARK,
                    0},
    [KEY_PHASE] = {"phase", PLACE_PHASE, 0},
    [KEY_KIND] = {"kind", PLACE_KIND, 0},
    [KEY_EACH] = {"each", 0, 0},
    [KEY_AT] = {"at", 0, 0},
    [KEY_LIMIT] = {"limit", 0, 0},
    [KEY_WARN] = {"warn", 0, 0},
    [KEY_AT_LEAST] = {"at_least", 0, 0},
    [KEY_REGRESSION] = {"regression", 0, 1},
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
        return (r->name = rule_text(g, name)) ? 0 : -1;
    case KEY_MESSAGE:
        return (r->message = rule_text(g, name)) ? 0 : -1;
    case KEY_PROCESS:
        return rule_names(g, &r->process, name);
    case KEY_MODULE:
        return rule_names(g, &r->module, name);
    case KEY_FUNC:
        return rule_names(g, &r->func, name);
    case KEY_CHUNK:
        return rule_names(g, &r->chunk, name);
    case KEY_LIBRARY:
        return rule_names(g, &r->library, name);
    case KEY_LINE:
        return rule_names(g, &r->place, name);
    case KEY_MARK:
        return rule_names(g, &r->mark, name);
    case KEY_FROM:
        return rule_names(g, &r->from, name);
    case KEY_TO:
        return rule_names(g, &r->to, name);
    case KEY_EXCEPT:
        return rule_names(g, &r->except, name);
    case KEY_PHASE:
        return rule_word(g, &r->phase, name, phase_name, PHASE_N);
    case KEY_KIND:
        return rule_word(g, &r->kind, name, alloc_kind_name, ALLOC_KIND_N);
    case KEY_EACH:
        return rule_flag(g, &r->each, name);
    case KEY_AT:
        return rule_at_take(g);
    case KEY_LEVEL:
        return rule_level(g);
    case KEY_LIMIT:
        return rule_bound(g, &r->limit, name);
    case KEY_WARN:
        return rule_bound(g, &r->warn, name);
    case KEY_REGRESSION:
        return rule_share(g, &r->regression, name);
    default:
        return rule_bound(g, &r->at_least, name);
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
                               "`defaults` are `level`, `process`, `regression` and `message`; "
                               "`%s` stands in a rule",
                               f->name);
    if (!defaults && f->place && !(g->r->metric->places & f->place))
        return rule_read_error(g->rr, g->line, f->name, "%s has no `%s`", g->r->metric->name,
                               f->name);
    return 0;
}

/* The key and value on top of the stack. */
static int pair_take(const struct reading *g, int defaults)
{
    lua_State *lua = rule_lua(g);
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
    lua_State *lua = rule_lua(g);
    lua_pushnil(lua);
    while (lua_next(lua, g->index)) {
        if (pair_take(g, defaults))
            return -1;
        lua_pop(lua, 1);
    }
    return 0;
}

/* ---- a whole rule ---- */

/* `at` speaks of many values. */
static int contradictions_at(const struct reading *g)
{
    struct rule *r = g->r;
    if (r->at == AT_EXTREME)
        return 0;
    if (r->metric->way == WAY_WHOLE)
        return rule_read_error(g->rr, g->line, "at",
                               "%s is one figure of a process: `at` has no meaning",
                               r->metric->name);
    if (r->metric->way == WAY_EACH && !r->each)
        return rule_read_error(g->rr, g->line, "at",
                               "`at` looks at each value, and `each = false` adds them up");
    r->each = 1;
    return 0;
}

/* A unit with /s makes a rate of the rule: then all have it. */
static int contradictions_rate(const struct reading *g)
{
    struct rule *r = g->r;
    const struct bound *bound[] = {&r->limit, &r->warn, &r->at_least};
    static const char *const name[] = {"limit", "warn", "at_least"};
    enum { BOUND_N = sizeof bound / sizeof *bound };
    for (size_t i = 0; i < BOUND_N; i++)
        r->rate |= bound[i]->rate;
    for (size_t i = 0; r->rate && i < BOUND_N; i++) {
        if (!bound[i]->given)
            continue;
        if (!bound[i]->rate)
            return rule_read_error(g->rr, g->line, name[i],
                                   "`%s` (%s) is no rate, and another limit of the rule is one",
                                   name[i], bound[i]->text);
        if (r->metric->way != WAY_SUM || r->metric->quantity == QUANTITY_TIME || r->each)
            return rule_read_error(g->rr, g->line, name[i],
                                   "`%s` (%s) is a rate: %s is not added up over the run", name[i],
                                   bound[i]->text, r->metric->name);
    }
    return 0;
}

static int contradictions(const struct reading *g)
{
    const struct rule *r = g->r;
    const struct metric *m = r->metric;
    if (!r->limit.given && !r->warn.given && !r->at_least.given && !r->regression.given)
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
    if (m->places & PLACE_INTERVAL && !r->from.n)
        return rule_read_error(g->rr, g->line, NULL, "%s needs the name of a mark in `from`",
                               m->name);
    if (r->each && m->way == WAY_WHOLE)
        return rule_read_error(g->rr, g->line, "each",
                               "%s is one figure of a process: `each` has no meaning", m->name);
    return contradictions_at(g) || contradictions_rate(g) ? -1 : 0;
}

/* The metric says what the other fields mean. */
static int metric_first(const struct reading *g)
{
    lua_State *lua = rule_lua(g);
    lua_pushstring(lua, "metric");
    int missing = lua_rawget(lua, g->index) == LUA_TNIL;
    int bad = !missing && rule_metric(g);
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
    if (contradictions(&g))
        return -1;
    if (!r->name)
        r->name = rule_name_make(rr->pool, r);
    return 0;
}
