/* budget: see budget.h. */
#include "collector/budget/budget.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/budget/rule_read.h"
#include "wire/enums.h"

enum { NO_MATCH, MATCH, SOMETHING_ELSE };

/* * and ?, of which the latter takes a whole character of UTF-8.  Rules are many and names more: this is a good
 * deal faster than fnmatch, which does what is left: SOMETHING_ELSE. */
static int glob_matches(const char *pattern, const char *name)
{
    const char *star = NULL, *again = NULL; /* behind the last *, and where it is to go on from */
    while (*name) {
        if (*pattern == '*') {
            star = ++pattern;
            again = name;
        } else if (*pattern == '[' || *pattern == '\\') {
            return SOMETHING_ELSE;
        } else if (*pattern == '?') {
            pattern++;
            name++;
            while ((*name & 0xc0) == 0x80)
                name++;
        } else if (*pattern == *name) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star;
            name = ++again;
        } else {
            return NO_MATCH;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern ? NO_MATCH : MATCH;
}

static int name_matches(const char *pattern, const char *name)
{
    int found = glob_matches(pattern, name);
    if (found != SOMETHING_ELSE)
        return found;
    return strpbrk(pattern, "*?[") ? fnmatch(pattern, name, 0) == 0 : strcmp(pattern, name) == 0;
}

int name_set_holds(const struct name_set *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (name_matches(s->at[i], name))
            return 1;
    return 0;
}

int name_set_allows(const struct name_set *s, const char *name)
{
    return !s->n || name_set_holds(s, name);
}

static const char *name_joined(struct pool *pool, const char *name, const struct name_set *s)
{
    for (size_t i = 0; i < s->n; i++)
        name = pool_format(pool, "%s%s%s", name, i ? "," : " ", s->at[i]);
    return name;
}

const char *rule_name_make(struct pool *pool, const struct rule *r)
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
    name = name_joined(pool, name, &r->place);
    name = name_joined(pool, name, &r->mark);
    name = name_joined(pool, name, &r->from);
    if (r->to.n)
        name = name_joined(pool, pool_format(pool, "%s to", name), &r->to);
    if (r->at != AT_EXTREME)
        name = pool_format(pool, "%s %s", name, rule_at_name(r->at));
    return r->rate ? pool_format(pool, "%s per second", name) : name;
}

const char *rule_key(struct pool *pool, const struct rule *r)
{
    const char *key = rule_name_make(pool, r);
    if (r->except.n)
        key = name_joined(pool, pool_format(pool, "%s except", key), &r->except);
    if (r->each != (r->metric->way == WAY_EACH))
        key = pool_format(pool, "%s %s", key, r->each ? "each" : "together");
    return key;
}

void budget_release(struct budget *b)
{
    for (size_t i = 0; i < b->n; i++) {
        struct rule *r = &b->rule[i];
        free(r->process.at);
        free(r->module.at);
        free(r->func.at);
        free(r->chunk.at);
        free(r->library.at);
        free(r->place.at);
        free(r->mark.at);
        free(r->from.at);
        free(r->to.at);
        free(r->except.at);
    }
    free(b->rule);
    pool_release(&b->pool);
    memset(b, 0, sizeof *b);
}

const char *rule_level_name(enum rule_level level)
{
    static const char *const name[] = {"off", "warn", "error"};
    return name[level];
}

const char *rule_at_name(enum rule_at at)
{
    static const char *const name[AT_N] = {"?",   "min", "mean", "median",
                                           "p90", "p95", "p99",  "max"};
    return name[at];
}

int rule_timed(const struct rule *r)
{
    return r->rate || r->metric->timing != TIMING_EXACT;
}

char *rule_show(char *out, const struct rule *r, double value)
{
    char text[HUMAN_MAX];
    /* A rate has no use for digits behind the point that a count lacks. */
    if (r->rate && r->metric->quantity == QUANTITY_COUNT && value >= 100)
        value = round(value);
    snprintf(out, HUMAN_MAX, "%.*s%s", HUMAN_MAX - 3,
             quantity_show(text, r->metric->quantity, value), r->rate ? "/s" : "");
    return out;
}

const char *rule_unit(const struct rule *r)
{
    static const char *const rate[] = {"?", "bytes/s", "count/s", "?"};
    return r->rate ? rate[r->metric->quantity] : quantity_unit(r->metric->quantity);
}
