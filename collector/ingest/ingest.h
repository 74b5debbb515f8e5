/* ingest: reads a trace into a model.
 *
 * In: a file (or a pipe, or memory).  Out: a model and, in its quality fields, everything that was
 * wrong.  Streams: memory grows with what the trace tells, not with its size. */
#ifndef COLLECTOR_INGEST_INGEST_H
#define COLLECTOR_INGEST_INGEST_H

#include <stddef.h>
#include <stdint.h>

#include "collector/model/model.h"
#include "collector/util/err.h"

/* Reads the trace at PATH into M (initialised here; the caller releases it, also after -1).
 * Returns 0 where at least one process could be read, however incomplete; else -1 with ERR: a
 * sentence for missing, unreadable, empty, foreign, newer, and wholly damaged files. */
int ingest_file(const char *path, struct model *m, struct err *err);

/* Same, and first completes a trace whose process is gone from the shared memory it left behind
 * (collector/ingest/recover.h). Changes the file then. */
int ingest_file_completing(const char *path, struct model *m, struct err *err);

/* Same; of the CPU samples only those within W are kept. */
int ingest_file_window(const char *path, const struct sample_window *w, struct model *m,
                       struct err *err);

/* Reads N bytes of trace at AT. */
int ingest_bytes(const char *name, const void *at, size_t n, struct model *m, struct err *err);

#endif
