/* leak_suppress: `leaks = { suppress = { ... } }` of a `.modprof`: what `modprof report --leaks` is not to tell of.
 *
 * Each entry is a text, or a table with `place` and a `reason`: a part of the name of the line (as the report shows
 * it), the file, the function or the library; a glob where it holds *, ? or [. */
#ifndef COLLECTOR_BUDGET_LEAK_SUPPRESS_H
#define COLLECTOR_BUDGET_LEAK_SUPPRESS_H

#include "collector/analyse/memory_leaks.h"
#include "collector/util/err.h"
#include "collector/util/pool.h"

struct leak_suppress {
    const char **pattern;
    size_t n, cap;
    struct pool pool;
};

/* Reads TEXT[N], called PATH.  Returns 0, or -1 with ERR ("PATH:LINE: ...").  Either way to be released. */
int leak_suppress_text(struct leak_suppress *s, const char *path, const char *text, size_t n,
                       struct err *err);
/* Reads the nearest `.modprof`, if there is one. */
int leak_suppress_find(struct leak_suppress *s, struct err *err);
void leak_suppress_release(struct leak_suppress *s);

/* For struct leak_filter; CTX is a struct leak_suppress. */
const char *leak_suppress_covers(void *ctx, const struct leak *l);

#endif
