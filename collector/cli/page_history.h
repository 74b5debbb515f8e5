/* page_history: earlier measurements of the command of a trace, for the page.
 *
 * Only series of the very command are taken: a page is given to others, and says nothing about other
 * programs.  Bounded: the most recent PAGE_SERIES_MAX series, the newest PAGE_POINTS_MAX points of each. */
#ifndef COLLECTOR_CLI_PAGE_HISTORY_H
#define COLLECTOR_CLI_PAGE_HISTORY_H

#include "collector/output/page_json.h"
#include "collector/util/err.h"
#include "collector/util/pool.h"

enum { PAGE_SERIES_MAX = 100, PAGE_POINTS_MAX = 100 };

struct page_history {
    struct store *store;
    struct page_series *series; /* texts live as long as the store */
    size_t n, cap;
    struct pool texts;
};

/* Reads what the history that is found here has of COMMAND; none where there is no history.  Returns 0, or -1
 * with ERR.  Either way to be released. */
int page_history_read(struct page_history *h, const char *command, struct err *err);
void page_history_release(struct page_history *h);

#endif
