/* check_history: what `modprof check` takes from the history by its name, and adds to it.
 *
 * A rule's values stand there under its metric; the place is the rest of the rule's key. Each command is a run of its own. */
#ifndef COLLECTOR_CLI_CHECK_HISTORY_H
#define COLLECTOR_CLI_CHECK_HISTORY_H

#include "collector/budget/verdict.h"
#include "collector/cli/check_settings.h"

/* Puts what the history has under B's name into B, of this machine unless S says otherwise; what is not there is
 * B->missing.  Returns 0, or an exit status after saying what is wrong. */
int check_history_read(struct baseline *b, const struct check_settings *s);

/* Saves what F measured in G, where S wants that.  WORSE 1: the run fails against a baseline, which is not moved then.
 * Returns 0, or an exit status after saying what is wrong. */
int check_history_save(const struct check_settings *s, const struct findings *f,
                       const struct run_groups *g, int worse);

#endif
