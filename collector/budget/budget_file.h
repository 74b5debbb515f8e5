/* budget_file: finds a `.modprof` and reads its rules (docs/man/modprof-config.5). */
#ifndef COLLECTOR_BUDGET_BUDGET_FILE_H
#define COLLECTOR_BUDGET_BUDGET_FILE_H

#include "collector/budget/budget.h"
#include "collector/util/err.h"

#define BUDGET_FILE_NAME ".modprof"

/* Path of the `.modprof` in the working directory or the nearest one above; freed by the caller.  NULL:
 * there is none. */
char *budget_file_find(void);

/* The text of the file at PATH, not NUL-terminated, freed by the caller; at most a byte more than a sandbox takes.  NULL:
 * with ERR. */
char *budget_file_text(const char *path, size_t *n, struct err *err);

/* Reads the file at PATH.  Returns 0, or -1 with ERR ("PATH:LINE: ...").  Either way B is to be
 * released. */
int budget_file_read(struct budget *b, const char *path, struct err *err);

/* Same, of TEXT[N]. */
int budget_text_read(struct budget *b, const char *path, const char *text, size_t n,
                     struct err *err);

#endif
