/* check_baseline: finds what `--baseline` names. */
#ifndef COLLECTOR_CLI_CHECK_BASELINE_H
#define COLLECTOR_CLI_CHECK_BASELINE_H

#include "collector/budget/baseline.h"
#include "collector/cli/check_settings.h"
#include "collector/cli/check_traces.h"

struct check_baseline {
    struct baseline values;
    struct check_traces traces; /* that VALUES speak of; may be empty */
};

/* NAME is a trace, a folder of traces, what `check --format json` wrote, or a name in S's history.  What is not there is
 * a missing baseline, no error.  Returns 0, or an exit status after saying what is wrong.  Either way to be released. */
int check_baseline_read(struct check_baseline *b, const char *name, const struct check_settings *s);
void check_baseline_release(struct check_baseline *b);

#endif
