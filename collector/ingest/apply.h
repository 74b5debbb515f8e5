/* apply: puts the records of one frame into the model of their process. */
#ifndef COLLECTOR_INGEST_APPLY_H
#define COLLECTOR_INGEST_APPLY_H

#include <stddef.h>
#include <stdint.h>

#include "collector/model/model.h"

/* Takes the N bytes of records at AT.  Kinds that are not known are skipped and counted; a damaged
 * record is counted; where its length can not be told the rest of the frame is left. */
void apply_records(struct process *p, const uint8_t *at, size_t n);

#endif
