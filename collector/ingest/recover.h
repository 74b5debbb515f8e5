/* recover: completes a trace from the arena of a process that is gone.
 *
 * Context: collector. */
#ifndef COLLECTOR_INGEST_RECOVER_H
#define COLLECTOR_INGEST_RECOVER_H

#include "collector/util/err.h"

enum recover_result {
    RECOVER_NOTHING = 0,  /* the trace is complete, the process still runs, or no arena is left */
    RECOVER_APPENDED = 1, /* frames were appended to the trace, the arena's file removed */
    RECOVER_RUNNING = 2,  /* the process is still running: the trace is a partial one */
    RECOVER_FAILED = -1   /* err says why; the trace is as it was */
};

/* Takes what is left in the arena mapped from FD (a memfd or an open arena file; not closed) and
 * appends it as frames to OUT_FD.  The arena may be damaged in any way.  STATUS is the exit status
 * for the end record (128+n for signal n), 256 unknown; the time in it is now: the caller has just
 * seen the process end.  Returns 0, or -1 with ERR. */
int recover_from_fd(int fd, int out_fd, int status, struct err *err);

/* Same for a process that still runs, but of which nothing more will be collected: appends what it
 * has done so far, and no end record. */
int recover_so_far(int fd, int out_fd, struct err *err);

/* For a trace file at TRACE_PATH whose process record names an arena ARENA_PATH, and which has no
 * end record: completes the file when the process (PID, whose start must match) is gone and the
 * arena file is owned by the caller, regular, and of this trace. */
enum recover_result recover_trace_file(const char *trace_path, const char *arena_path, unsigned pid,
                                       struct err *err);

#endif
