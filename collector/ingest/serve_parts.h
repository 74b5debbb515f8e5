/* serve_parts: what the files of `serve` know of each other: serve.c (accepting, life),
 * serve_client.c (a connection), serve_trace.c (a process), serve_file.c (its file). */
#ifndef COLLECTOR_INGEST_SERVE_PARTS_H
#define COLLECTOR_INGEST_SERVE_PARTS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "collector/ingest/records_look.h"
#include "collector/ingest/serve.h"

struct event;

enum { SERVE_LISTENERS_MAX = 16 };

struct serve_client {
    struct serve *s;
    int fd, is_unix, wants_token;
    struct event *readable, *hello_late;
    int greeted; /* the first line was right */
    int done;    /* to be freed by serve_reap */
    uint8_t *buf;
    size_t used, cap;
    int arena_fd, pid_fd;      /* until they go over to the trace; -1 */
    pid_t peer_pid;            /* 0: unknown */
    struct serve_trace *trace; /* NULL until it is known whose this is */
    char why[128];
    LIST_ENTRY(serve_client) link;
};

struct serve_trace {
    struct serve *s;
    uint32_t pid;
    uint64_t start_real_ns; /* with pid: whose trace this is */
    pid_t peer_pid;
    int pid_fd, arena_fd; /* -1 */
    struct event *gone;   /* the process has ended */
    int file_fd;          /* -1: not opened yet */
    char program[80], file[SERVE_NAME_MAX], why[1200];
    uint64_t size, frames_n, dropped_n;
    uint32_t next_seq;
    int unwritable; /* said once */
    int done;       /* to be freed by serve_reap */
    enum serve_outcome outcome;
    struct serve_client *client; /* NULL: not connected */
    LIST_ENTRY(serve_trace) link;
};

struct serve {
    struct event_base *base;
    struct serve_options o;
    struct event *listeners[SERVE_LISTENERS_MAX];
    int is_unix[SERVE_LISTENERS_MAX];
    int listener_n;
    struct event *resume; /* accepting pauses while descriptors are short */
    LIST_HEAD(, serve_client) clients;
    LIST_HEAD(, serve_trace) traces;
    unsigned clients_n, traces_n;
    uint64_t buffered, written;
    int refused_said, limit_said;
    uint8_t *raw; /* FRAME_RAW_MAX, for the frame being looked at */
    void *zstd;
};

/* serve.c */
void serve_trouble(struct serve *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void serve_reap(struct serve *s);
/* Accepts what waits, and reads the connections of process PEER that are not joined to a trace yet:
 * a process that lost its connection says its last words on another. */
void serve_take_arrivals(struct serve *s, pid_t peer);

/* serve_client.c.  Takes FD (and nothing where it returns -1). */
int serve_client_new(struct serve *s, int fd, int is_unix, int wants_token);
void serve_client_free(struct serve_client *c);
/* Reads what is there, at most ROUNDS times; marks the client done at its end. */
void serve_client_read(struct serve_client *c, int rounds);

/* serve_trace.c */
/* Whose connection C is, says PID and START: finds or makes the trace and joins them. A connection
 * that the process had before is read to its end first. Returns NULL where there are too many. */
struct serve_trace *serve_trace_join(struct serve_client *c, uint32_t pid, uint64_t start_real_ns);
/* Writes a whole checked frame of N bytes at BYTES. */
void serve_trace_append(struct serve_trace *t, const struct frame_header *h,
                        const struct records_look *look, const uint8_t *bytes, size_t n);
/* The connection is closed; the process may live. */
void serve_trace_leave(struct serve_trace *t);
/* The process is gone: takes what it still had to say and completes the trace.  Not from within
 * serve_client_read. */
void serve_trace_gone(struct serve_trace *t);
/* The collector ends before the process does. */
void serve_trace_still_runs(struct serve_trace *t);
void serve_trace_free(struct serve_trace *t);
/* 1 where the process has ended (as far as can be known without waiting). */
int serve_trace_is_gone(const struct serve_trace *t);

/* serve_file.c */
/* Opens the trace's file: a new one where SEQ, the number of the frame to be written, is 0; else, if
 * it is there, the one that an earlier collector began. LOOK, at that frame, may be NULL.  Returns
 * 0, or -1 (said). */
int serve_file_open(struct serve_trace *t, uint32_t seq, const struct records_look *look);
void serve_trace_describe(const struct serve_trace *t, struct serve_process *out);

#endif
