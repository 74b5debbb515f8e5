/* page_load: the traces that a page is made of: read, added up, held against the budgets. */
#ifndef COLLECTOR_CLI_PAGE_LOAD_H
#define COLLECTOR_CLI_PAGE_LOAD_H

#include "collector/budget/budget.h"
#include "collector/cli/page_history.h"
#include "collector/cli/page_settings.h"
#include "collector/ingest/locate.h"
#include "collector/model/model.h"

/* One trace. */
struct page_load {
    struct model model;
    struct symbols *symbols;
    struct digest **digest;
    size_t digest_n, digest_cap;
    struct run_groups groups;
    struct findings findings;
    struct page_history history;
    struct page_trace trace; /* for collector/output */
};

/* The budgets that traces are held against, or what came of that before. */
struct page_budget {
    struct budget budget;
    int found;
    char *path;
    struct page_verdicts *verdicts; /* NULL: the traces are judged */
    struct err err;                 /* why it could not be read */
};
/* An error is kept, since a page is useful without verdicts; where --config named the file it is said, and
 * an exit status + 1 returned. */
int page_budget_read(struct page_budget *b, const struct page_settings *s);
void page_budget_release(struct page_budget *b);

/* What ARGUMENT names (the newest trace where that is empty), and S's --diff behind the first.  Returns 0, or
 * an exit status + 1 having said what is wrong. */
int page_paths_find(struct paths *paths, const struct page_settings *s, char **argument);

/* Reads the trace at PATH.  Returns 0, or -1 with ERR.  Either way to be released. */
int page_load_read(struct page_load *l, const char *path, const struct page_settings *s,
                   const struct page_budget *b, struct err *err);
void page_load_release(struct page_load *l);

/* 1 where the page of TRACE_N traces compares them: two that are not the runs of one check. */
int page_compares(const struct page_settings *s, size_t trace_n);

/* What the page is called where nobody says so; the caller frees it. */
char *page_load_title(const struct page_load *l, size_t n);

#endif
