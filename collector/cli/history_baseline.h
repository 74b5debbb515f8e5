/* history_baseline: what `bench`, `check` and `history` say about the baselines of a history, in the same words. */
#ifndef COLLECTOR_CLI_HISTORY_BASELINE_H
#define COLLECTOR_CLI_HISTORY_BASELINE_H

#include "collector/history/store.h"

/* 1 where there is a history: PATH, or with NULL the one that is found. */
int history_is_there(const char *path);

/* Which names S has, and the one that was probably meant by NAME: "; did you mean `main`?", "; it has main, v2", "; it has
 * no baselines".  The caller frees it. */
char *history_baseline_names(struct store *s, const char *name);

/* "of 2026-01-02 03:04:05, commit abc with changes", with the machine where it is ELSEWHERE.  The caller frees it. */
char *history_run_words(const struct store_run *r, int elsewhere);

/* Why a baseline of MACHINE is not taken.  The caller frees it. */
char *history_elsewhere(const char *name, const char *machine);

/* Says on stderr that BASELINE stays what it was: a run that failed against it must not become what the next is held
 * against. */
void history_not_moved(const char *command, const char *baseline);

#endif
