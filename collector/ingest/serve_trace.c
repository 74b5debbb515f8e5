/* serve_trace: one process, from its first connection until it is gone, and what it left.
 *
 * A process and its connection live apart: hosts close descriptors that they do not know, and the
 * shim then connects again; and a process may die while a child holds its socket open. */
#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/ingest/frame_writer.h"
#include "collector/ingest/recover.h"
#include "collector/ingest/serve_parts.h"
#include "collector/util/xalloc.h"

enum { DRAIN_ROUNDS = 4096, STATUS_UNKNOWN = 256 };

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

int serve_trace_is_gone(const struct serve_trace *t)
{
    struct pollfd p = {.fd = t->pid_fd, .events = POLLIN};
    return t->pid_fd >= 0 && poll(&p, 1, 0) == 1;
}

static void on_gone(evutil_socket_t fd, short what, void *ctx)
{
    struct serve_trace *t = ctx;
    struct serve *s = t->s;
    (void)fd;
    (void)what;
    serve_trace_gone(t);
    serve_reap(s);
}

/* ---- whose connection is this ---- */

static struct serve_trace *serve_trace_find(struct serve *s, const struct serve_client *c,
                                            uint32_t pid, uint64_t start)
{
    struct serve_trace *t;
    LIST_FOREACH(t, &s->traces, link)
    if (!t->done && t->pid == pid && t->start_real_ns == start && t->peer_pid == c->peer_pid)
        return t;
    return NULL;
}

static struct serve_trace *serve_trace_new(struct serve_client *c, uint32_t pid, uint64_t start)
{
    struct serve *s = c->s;
    struct serve_trace *t;
    if (s->traces_n >= s->o.clients_max)
        return NULL;
    t = xcalloc(1, sizeof *t);
    t->s = s;
    t->pid = pid;
    t->start_real_ns = start;
    t->peer_pid = c->peer_pid;
    t->pid_fd = t->arena_fd = t->file_fd = -1;
    LIST_INSERT_HEAD(&s->traces, t, link);
    s->traces_n++;
    return t;
}

void serve_trace_free(struct serve_trace *t)
{
    LIST_REMOVE(t, link);
    t->s->traces_n--;
    if (t->gone)
        event_free(t->gone);
    close_fd(&t->pid_fd);
    close_fd(&t->arena_fd);
    close_fd(&t->file_fd);
    free(t);
}

static int same_file(int a, int b)
{
    struct stat sa, sb;
    return a >= 0 && b >= 0 && !fstat(a, &sa) && !fstat(b, &sb) && sa.st_dev == sb.st_dev &&
           sa.st_ino == sb.st_ino;
}

static void move_fd(int *from, int *to)
{
    if (*from < 0)
        return;
    close_fd(to);
    *to = *from;
    *from = -1;
}

static void watch(struct serve_trace *t)
{
    if (t->pid_fd < 0 || t->gone)
        return;
    t->gone = event_new(t->s->base, t->pid_fd, EV_READ, on_gone, t);
    if (t->gone)
        event_add(t->gone, NULL);
}

/* An earlier connection of the same process: its last frames first. */
static void supersede(struct serve_trace *t)
{
    struct serve_client *old = t->client;
    if (!old)
        return;
    serve_client_read(old, DRAIN_ROUNDS);
    old->trace = NULL;
    old->done = 1;
    t->client = NULL;
}

/* Connections of the same process that came before C and have not been read yet: what they brought
 * comes first in the trace.  The list begins with the newest, so this ends. */
static void read_earlier(struct serve_client *c)
{
    for (struct serve_client *o = LIST_NEXT(c, link); o; o = LIST_NEXT(o, link))
        if (c->peer_pid && o->peer_pid == c->peer_pid && !o->trace && !o->done)
            serve_client_read(o, DRAIN_ROUNDS);
}

static void gone(struct serve_trace *t);

struct serve_trace *serve_trace_join(struct serve_client *c, uint32_t pid, uint64_t start_real_ns)
{
    read_earlier(c);
    struct serve_trace *t = serve_trace_find(c->s, c, pid, start_real_ns);
    if (t)
        supersede(t);
    /* Another arena: the program was replaced by exec without a word; this is its successor. */
    if (t && !t->done && t->arena_fd >= 0 && c->arena_fd >= 0 &&
        !same_file(t->arena_fd, c->arena_fd))
        gone(t);
    if (!t || t->done)
        t = serve_trace_new(c, pid, start_real_ns);
    if (!t)
        return NULL;
    move_fd(&c->arena_fd, &t->arena_fd);
    if (t->pid_fd < 0)
        move_fd(&c->pid_fd, &t->pid_fd);
    close_fd(&c->pid_fd);
    watch(t);
    t->client = c;
    c->trace = t;
    return t;
}

/* ---- frames ---- */

static void unwritable(struct serve_trace *t, const char *why)
{
    if (!t->unwritable)
        serve_trouble(t->s, "%s: %s; what it holds stays, the rest is dropped", t->file, why);
    if (!t->unwritable)
        snprintf(t->why, sizeof t->why, "%s", why);
    t->unwritable = 1;
    t->dropped_n++;
}

static int over_limit(struct serve *s, size_t n)
{
    if (!s->o.bytes_max || s->written + n <= s->o.bytes_max)
        return 0;
    if (!s->limit_said)
        serve_trouble(s,
                      "the limit of %llu bytes is reached (--max-bytes): nothing more is written",
                      (unsigned long long)s->o.bytes_max);
    s->limit_said = 1;
    return 1;
}

static void finish(struct serve_trace *t, enum serve_outcome outcome)
{
    struct serve_process p;
    if (t->done)
        return;
    t->done = 1;
    t->outcome = outcome;
    serve_trace_describe(t, &p);
    if (t->s->o.went)
        t->s->o.went(t->s->o.ctx, &p);
    if (t->client) {
        t->client->trace = NULL;
        t->client->done = 1;
        t->client = NULL;
    }
}

static void write_frame(struct serve_trace *t, const uint8_t *bytes, size_t n)
{
    if (over_limit(t->s, n)) {
        t->dropped_n++;
        return;
    }
    if (frame_writer_put(t->file_fd, t->size, bytes, n)) {
        unwritable(t, strerror(errno));
        return;
    }
    t->size += n;
    t->frames_n++;
    t->s->written += n;
}

void serve_trace_append(struct serve_trace *t, const struct frame_header *h,
                        const struct records_look *look, const uint8_t *bytes, size_t n)
{
    if (h->seq < t->next_seq) /* sent again after a connection was lost */
        return;
    if (t->file_fd < 0 && serve_file_open(t, h->seq, look)) {
        t->dropped_n++;
    } else if (h->seq >= t->next_seq) { /* the file may have been found, with this frame in it */
        t->next_seq = h->seq + 1;
        write_frame(t, bytes, n);
    }
    if (look->has_end)
        finish(t, t->dropped_n ? SERVE_INCOMPLETE : SERVE_ENDED);
}

/* ---- the end ---- */

/* How it ended, where it is our child: 128+n for signal n. It stays waited-for by its owner. */
static int exit_status(const struct serve_trace *t)
{
    siginfo_t si = {.si_pid = 0};
    if (t->peer_pid <= 0 || waitid(P_PID, (id_t)t->peer_pid, &si, WEXITED | WNOHANG | WNOWAIT) ||
        !si.si_pid)
        return STATUS_UNKNOWN;
    return si.si_code == CLD_EXITED ? si.si_status : 128 + si.si_status;
}

static void complete(struct serve_trace *t)
{
    struct err err = {""};
    uint64_t before = t->size;
    if (t->arena_fd < 0) {
        if (!t->why[0])
            snprintf(t->why, sizeof t->why,
                     "the connection ended before the process said that it had");
        finish(t, SERVE_INCOMPLETE);
        return;
    }
    if (t->file_fd < 0 && serve_file_open(t, UINT32_MAX, NULL)) {
        finish(t, SERVE_INCOMPLETE);
        return;
    }
    int failed = recover_from_fd(t->arena_fd, t->file_fd, exit_status(t), &err);
    off_t end = lseek(t->file_fd, 0, SEEK_END);
    t->size = end < 0 ? before : (uint64_t)end;
    t->s->written += t->size - before;
    if (failed)
        snprintf(t->why, sizeof t->why, "%s", err.text);
    finish(t, failed ? SERVE_INCOMPLETE : SERVE_COMPLETED);
}

static void gone(struct serve_trace *t)
{
    if (t->client)
        serve_client_read(t->client, DRAIN_ROUNDS);
    if (t->client) { /* a child holds the socket, and has nothing to say */
        t->client->trace = NULL;
        t->client->done = 1;
        t->client = NULL;
    }
    if (!t->done)
        complete(t);
}

void serve_trace_gone(struct serve_trace *t)
{
    serve_take_arrivals(t->s, t->peer_pid);
    gone(t);
}

void serve_trace_leave(struct serve_trace *t)
{
    if (t->client && t->client->why[0])
        snprintf(t->why, sizeof t->why, "%s", t->client->why);
    t->client = NULL;
    if (t->pid_fd <
        0) /* else its end is told by itself, and words may come on another connection */
        complete(t);
}

void serve_trace_still_runs(struct serve_trace *t)
{
    if (t->s->o.last_collector && t->arena_fd >= 0 && t->file_fd >= 0)
        recover_so_far(t->arena_fd, t->file_fd,
                       NULL); /* without it the trace ends a little sooner */
    snprintf(t->why, sizeof t->why, "the process still runs");
    finish(t, SERVE_RUNNING);
}
