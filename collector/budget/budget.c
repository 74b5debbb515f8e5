/* budget: see budget.h. */
#include "collector/budget/budget.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

static int name_matches(const char *pattern, const char *name)
{
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

void budget_release(struct budget *b)
{
    for (size_t i = 0; i < b->n; i++) {
        struct rule *r = &b->rule[i];
        free(r->process.at);
        free(r->module.at);
        free(r->func.at);
        free(r->chunk.at);
        free(r->library.at);
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
