/* check_artifact: `modprof check --artifact DIR`: a folder for people to open and for CI to keep. */
#ifndef COLLECTOR_CLI_CHECK_ARTIFACT_H
#define COLLECTOR_CLI_CHECK_ARTIFACT_H

#include "collector/cli/check_traces.h"
#include "collector/output/check_output.h"

/* Writes to DIR the verdicts in every format, the traces, and flame graphs of what they hold.  All is written
 * beside DIR first and then put in its place, so that DIR is always whole.  A DIR that is there is
 * replaced where it is empty or an artifact; anything else is left alone, and an error.  Returns 0, or -1
 * after saying what is wrong. */
int check_artifact(const char *dir, const struct check_report *r, const struct check_traces *t);

#endif
