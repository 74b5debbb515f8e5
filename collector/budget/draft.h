/* draft: a first `.modprof`, written from what a run came to. */
#ifndef COLLECTOR_BUDGET_DRAFT_H
#define COLLECTOR_BUDGET_DRAFT_H

#include <stdio.h>

#include "collector/analyse/digest.h"
#include "collector/budget/quantity.h"

/* Writes commented rules with head-room over the processes D[N], N > 0. */
void draft_write(FILE *out, struct digest *const *d, size_t n);

/* VALUE times ROOM, rounded up to two digits, as a limit is written: "24 MiB".  OUT[HUMAN_MAX]. */
char *draft_limit(char *out, enum quantity q, double value, double room);

#endif
