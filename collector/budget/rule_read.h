/* rule_read: one rule from its table in a `.modprof`. */
#ifndef COLLECTOR_BUDGET_RULE_READ_H
#define COLLECTOR_BUDGET_RULE_READ_H

#include "collector/budget/budget.h"
#include "collector/budget/sandbox.h"

struct rule_reader {
    struct sandbox *sandbox;
    const char *path, *text; /* the file; TEXT ends with NUL */
    struct pool *pool;
    struct err *err;
};

/* Reads the fields of the table at INDEX over those that R has already (the defaults).  DEFAULTS 1: R
 * holds for all rules, and may lack a metric and bounds.  Returns 0, or -1 with ERR. */
int rule_read(const struct rule_reader *rr, struct rule *r, int index, int defaults);

/* A name for a rule that has none: its metric and places. */
const char *rule_name_make(struct pool *pool, const struct rule *r);

/* Says "PATH:LINE: ...", LINE being where WORD first stands from line FROM on (FROM where it does
 * not, or is NULL).  Returns -1. */
int rule_read_error(const struct rule_reader *rr, unsigned from, const char *word,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
