/* listen: addresses as users write them, made into listening sockets.
 *
 *   unix:/path          a socket file, mode 0600; a stale one is replaced when nobody listens on it
 *   tcp:PORT, tcp::PORT loopback
 *   tcp:HOST:PORT       HOST a name, an IPv4 address, an IPv6 address in brackets, or * for all
 *
 * Context: collector. */
#ifndef COLLECTOR_INGEST_LISTEN_H
#define COLLECTOR_INGEST_LISTEN_H

#include <sys/types.h>

#include "collector/util/err.h"

enum { LISTEN_FDS_MAX = 8, LISTEN_NAME_MAX = 160 };

/* One address, listened on; a host name may stand for several sockets. */
struct listening {
    int fd[LISTEN_FDS_MAX]; /* non-blocking, close-on-exec; the caller may take them over */
    int fd_n;
    int is_unix;
    int is_open;    /* 1: reachable from other machines */
    char path[108]; /* unix: the socket file, to be removed at the end */
    dev_t dev;      /* and which file that is */
    ino_t ino;
    char name[LISTEN_NAME_MAX]; /* the address, as it became (a port 0 is filled in) */
};

/* Returns 0, or -1 with ERR. OPEN_ALLOWED 0: an address that other machines can reach is
 * refused. */
int listen_open(const char *address, int open_allowed, struct listening *l, struct err *err);

/* Removes the socket file if it still is the one that was made. Closes nothing. */
void listen_forget(const struct listening *l);

#endif
