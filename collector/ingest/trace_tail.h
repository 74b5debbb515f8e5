/* trace_tail: whether a file is a trace, and how far a trace file got: whose it is, the last frame's number, whether it was ended,
 * and where it is cut off.
 *
 * Context: collector. */
#ifndef COLLECTOR_INGEST_TRACE_TAIL_H
#define COLLECTOR_INGEST_TRACE_TAIL_H

#include <stdint.h>

struct trace_tail {
    uint64_t frames_n; /* intact frames */
    uint32_t pid;      /* of the first intact frame */
    uint64_t start_real_ns;
    uint32_t next_seq; /* one more than the greatest number of that process */
    int has_process;   /* a process record was seen */
    int has_end;       /* the last intact frame ends the trace */
    int cut;           /* the file ends within a frame, which begins at cut_at */
    uint64_t cut_at;
};

/* 1: FD is a regular file that begins as traces do.  Its position stays. */
int trace_begins(int fd);

/* Reads FD from its beginning (by offset; its position stays). Returns 0, or -1 with errno. */
int trace_tail_read(int fd, struct trace_tail *t);

#endif
