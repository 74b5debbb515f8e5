/* rule_values: the values of a rule's fields, checked one by one.  Each takes the value on top of the
 * state's stack, for the field KEY, and returns 0, or -1 after rule_read_error. */
#ifndef COLLECTOR_BUDGET_RULE_VALUES_H
#define COLLECTOR_BUDGET_RULE_VALUES_H

#include "collector/budget/rule_read.h"

/* A rule being read. */
struct reading {
    const struct rule_reader *rr;
    struct rule *r;
    int index; /* of its table */
    unsigned line;
};

lua_State *rule_lua(const struct reading *g);

/* In the pool; NULL after saying that it is no text. */
const char *rule_text(const struct reading *g, const char *key);
/* A name, or a list of them; replaces what S holds. */
int rule_names(const struct reading *g, struct name_set *s, const char *key);
int rule_flag(const struct reading *g, int *out, const char *key);
/* One of the N words that NAME_OF gives ("?": none). */
int rule_word(const struct reading *g, int *out, const char *key, const char *(*name_of)(unsigned),
              unsigned n);
/* "500 ms" of the rule's metric. */
int rule_bound(const struct reading *g, struct bound *b, const char *key);
/* "10%" as 0.1. */
int rule_share(const struct reading *g, struct bound *b, const char *key);
int rule_at_take(const struct reading *g);
int rule_level(const struct reading *g);
int rule_metric(const struct reading *g);

#endif
