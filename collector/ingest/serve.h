/* serve: the receiving side of the transport: connections in, one trace file per process out.
 *
 * In: listening sockets.  A client says one line, "MODPROF/1 TOKEN\n" (over a unix socket the
 * arena's descriptor rides with it), and sends frames.  Nothing is ever answered.
 * Out: files <program>-<pid>.mprof in one directory, mode 0600, made with O_EXCL, never through a
 * link; and calls back for what comes, goes, or goes wrong.
 *
 * A client is not believed: frames are checked down to their records before they are written, and
 * connections, buffers and the bytes written are bounded.  A process that is gone without an end
 * record is completed from its arena (collector/ingest/recover.h).
 *
 * Context: collector, one thread, a libevent loop. */
#ifndef COLLECTOR_INGEST_SERVE_H
#define COLLECTOR_INGEST_SERVE_H

#include <stdint.h>

struct event_base;
struct serve;

enum {
    SERVE_NAME_MAX = 256,         /* of a file, with NUL */
    SERVE_TOKEN_MAX = 128,        /* with NUL */
    SERVE_BUFFERED_MAX = 64 << 20 /* bytes held for all clients together */
};

enum serve_outcome {
    SERVE_RUNNING = 0,   /* frames may still come */
    SERVE_ENDED = 1,     /* its end record came */
    SERVE_COMPLETED = 2, /* it died; the trace was completed from its shared memory */
    SERVE_INCOMPLETE = 3 /* the trace lacks its end; `why` tells */
};

/* One process as the callbacks see it; valid during the call. */
struct serve_process {
    const char *program; /* fit for a file name; "process" where it is not known */
    const char *file;    /* in the directory; "" while (or because) there is none */
    unsigned pid;        /* as the process itself sees it */
    int peer_pid;        /* as this machine's kernel says; 0: unknown */
    enum serve_outcome outcome;
    const char *why;                     /* "" or what was wrong */
    uint64_t frames_n, bytes, dropped_n; /* dropped: frames that could not be written */
};

struct serve_options {
    int dir_fd;           /* where the files go; stays the caller's */
    const char *token;    /* asked of tcp clients, and of strangers; NULL: none */
    int strangers;        /* 1: other users may come over unix sockets, with the token */
    unsigned clients_max; /* connections and unfinished processes together */
    uint64_t bytes_max;   /* written together; 0: no limit */
    int last_collector;   /* 1: serve_free takes what processes that still run have done so far,
                             since no other collector will follow */
    /* Any of these may be NULL.  file_name: writes the wanted name to OUT[SERVE_NAME_MAX], returns
     * 0 for the usual one.  Where a file of that name exists, a number is added. */
    int (*file_name)(void *ctx, const struct serve_process *p, char *out);
    void (*came)(void *ctx, const struct serve_process *p); /* its file was made, or found again */
    void (*went)(void *ctx, const struct serve_process *p);
    void (*trouble)(void *ctx, const char *sentence);
    void *ctx;
};

struct serve *serve_new(struct event_base *base, const struct serve_options *o);

/* Closes everything; processes that still run are reported as gone with SERVE_RUNNING. */
void serve_free(struct serve *s);

/* Accepts from the listening socket FD (non-blocking, close-on-exec; taken over).  IS_UNIX: peers
 * must have this user's id, or be root, or be let in as strangers.  Returns 0, or -1 where
 * there are too many. */
int serve_listen(struct serve *s, int fd, int is_unix);

/* Takes, without waiting, what has arrived: connections, frames, deaths. */
void serve_drain(struct serve *s);

/* Raises this process's limit of descriptors as far as it may: four are needed for a process. */
void serve_more_descriptors(void);

/* Processes and connections that are not finished. */
unsigned serve_open_n(const struct serve *s);

#endif
