/* sink: where frames go: a file, or a collector's socket.
 *
 * A frame is written whole, or not at all, or (socket) kept until the rest of it can be sent.
 * What can not be written is lost and counted; nothing here waits, but for the bound that
 * sink_flush is given.
 *
 * Context: the thread that drains (one at a time); sink_forget in a fork's child. */
#ifndef SHIM_RECORD_SINK_H
#define SHIM_RECORD_SINK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* 1 where MODPROF_OUT names a unix socket: the arena's descriptor is wanted there. */
int sink_wants_arena(void);

/* Opens the sink that the settings ask for.  ARENA_FD: the arena's memfd or -1; stays the
 * caller's. */
void sink_open(int arena_fd);

/* 1 where a frame can be written now (a socket is tried again if need be).  LAST: a file that was
 * found to be slow is written to all the same. */
int sink_ready(int last);

/* Returns 0, or -1: this frame is lost. */
int sink_write(const uint8_t *frame, size_t n);

/* 1, once, after a new connection took the place of an earlier one: who listens there may know
 * nothing of what was sent before. */
int sink_renewed(void);

/* Frames that were lost after sink_write had taken them, since last asked. */
uint32_t sink_lost_later(void);

/* Waits, within the sink's own bound (files: none), for what is kept.  Returns 0 when all that was
 * taken is out, else -1. */
int sink_flush(void);

void sink_close(void);

/* In a fork's child: closes the parent's descriptor and forgets it.  Async-signal-safe. */
void sink_forget(void);

/* ---- for sinks ---- */

struct sink_kind {
    void (*open)(int arena_fd);
    int (*ready)(int last);
    int (*write)(const uint8_t *frame, size_t n);
    int (*renewed)(void);
    uint32_t (*lost_later)(void);
    int (*flush)(void);
    void (*close)(void);
};
extern const struct sink_kind sink_file, sink_socket;

/* A descriptor out of the host's way, and what it was when it was opened: hosts close descriptors
 * that they do not know, and their numbers are then given to others. */
struct sink_fd {
    int fd; /* -1: none */
    dev_t dev;
    ino_t ino;
};

/* Takes FD over (moves it high, close-on-exec); FD -1 gives none. */
struct sink_fd sink_fd_take(int fd);
/* 1 where it is still what it was; *ST is filled. */
int sink_fd_check(const struct sink_fd *s, struct stat *st);
/* Closes it if it is still ours. */
void sink_fd_close(struct sink_fd *s);

#endif
