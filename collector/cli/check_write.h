/* check_write: the result of `modprof check` in one format, to where it was asked for. */
#ifndef COLLECTOR_CLI_CHECK_WRITE_H
#define COLLECTOR_CLI_CHECK_WRITE_H

#include "collector/cli/check_settings.h"
#include "collector/output/check_output.h"

/* Writes R to PATH (NULL: standard output) as FORMAT.  Returns 0, or -1 after saying why not. */
int check_write(const struct check_report *r, enum check_format format, const char *path,
                int color);

/* Adds the summary to the file that GITHUB_STEP_SUMMARY names, if any.  Same. */
int check_write_summary(const struct check_report *r);

/* PATH as seen from the top of its repository: below $GITHUB_WORKSPACE or $CI_PROJECT_DIR, else below the
 * nearest folder with a .git; PATH itself where there is none.  Released with free(). */
char *check_repository_path(const char *path);

#endif
