/* serve_client: one connection: its first line, then frames, each checked down to its records.
 *
 * Rubbish ends the connection; frames that were intact before it are kept. */
#include <ctype.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <zstd.h>

#include "collector/ingest/arena_copy.h"
#include "collector/ingest/serve_parts.h"
#include "collector/util/xalloc.h"

enum {
    HELLO_SECONDS = 10, /* for the first line */
    CAP_FIRST = 16 << 10,
    FDS_MAX = 8,        /* descriptors taken with one message; one is wanted */
    ROUNDS_A_TURN = 16, /* reads before others have their turn */
    TMPFS = 0x01021994  /* what memfds and /dev/shm are */
};

static const char hello[] = "MODPROF/1 ";

/* ---- life ---- */

static void end(struct serve_client *c, const char *why)
{
    struct serve_trace *t = c->trace;
    if (c->done)
        return;
    c->done = 1;
    snprintf(c->why, sizeof c->why, "%s", why);
    if (!t && c->arena_fd >= 0) { /* it may have filled in meanwhile whose it is */
        struct arena_process about;
        if (!arena_copy_process(c->arena_fd, &about, NULL) && about.pid)
            t = serve_trace_join(c, (uint32_t)about.pid, about.start_real_ns);
    }
    c->trace = NULL;
    if (t)
        serve_trace_leave(t);
    else if (why[0])
        serve_trouble(c->s, "a connection was dropped: %s", why);
}

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
    struct serve_client *c = ctx;
    struct serve *s = c->s;
    (void)fd;
    (void)what;
    serve_client_read(c, ROUNDS_A_TURN);
    serve_reap(s);
}

static void on_late(evutil_socket_t fd, short what, void *ctx)
{
    struct serve_client *c = ctx;
    struct serve *s = c->s;
    (void)fd;
    (void)what;
    if (!c->greeted)
        end(c, "it did not say what it is in time");
    serve_reap(s);
}

static pid_t peer_of(int fd)
{
    struct ucred who = {.pid = 0};
    socklen_t n = sizeof who;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) || n != sizeof who)
        return 0;
    return who.pid;
}

static int pid_open(pid_t pid)
{
    return pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
}

int serve_client_new(struct serve *s, int fd, int is_unix, int wants_token)
{
    static const struct timeval late = {.tv_sec = HELLO_SECONDS};
    struct serve_client *c;
    if (s->clients_n >= s->o.clients_max)
        return -1;
    c = xcalloc(1, sizeof *c);
    c->s = s;
    c->fd = fd;
    c->is_unix = is_unix;
    c->wants_token = wants_token;
    c->arena_fd = -1;
    c->peer_pid = is_unix ? peer_of(fd) : 0;
    c->pid_fd = pid_open(c->peer_pid);
    c->cap = CAP_FIRST;
    c->buf = xmalloc(c->cap);
    s->buffered += c->cap;
    LIST_INSERT_HEAD(&s->clients, c, link);
    s->clients_n++;
    c->readable = event_new(s->base, fd, EV_READ | EV_PERSIST, on_readable, c);
    c->hello_late = evtimer_new(s->base, on_late, c);
    if (!c->readable || !c->hello_late || event_add(c->readable, NULL) ||
        event_add(c->hello_late, &late))
        end(c, "no memory");
    return 0;
}

void serve_client_free(struct serve_client *c)
{
    LIST_REMOVE(c, link);
    c->s->clients_n--;
    c->s->buffered -= c->cap;
    if (c->trace && c->trace->client == c)
        c->trace->client = NULL;
    if (c->readable)
        event_free(c->readable);
    if (c->hello_late)
        event_free(c->hello_late);
    if (c->arena_fd >= 0)
        close(c->arena_fd);
    if (c->pid_fd >= 0)
        close(c->pid_fd);
    close(c->fd);
    free(c->buf);
    free(c);
}

/* ---- the first line ---- */

/* Compares all of it, however early it differs: the time tells nothing. */
static int token_differs(const char *wanted, const char *given, size_t given_n)
{
    size_t wanted_n = strlen(wanted);
    unsigned differs = wanted_n != given_n;
    for (size_t i = 0; i < SERVE_TOKEN_MAX; i++) {
        unsigned char a = i < wanted_n ? (unsigned char)wanted[i] : 0;
        unsigned char b = i < given_n ? (unsigned char)given[i] : 0;
        differs |= (unsigned)(a ^ b);
    }
    return differs != 0;
}

/* A descriptor that can be read without waiting for anybody: memory, not a pipe, not a remote
 * file. */
static int is_memory(int fd)
{
    struct stat st;
    struct statfs fs;
    return !fstat(fd, &st) && S_ISREG(st.st_mode) && !fstatfs(fd, &fs) && fs.f_type == TMPFS;
}

static void join_by_arena(struct serve_client *c)
{
    struct arena_process about;
    if (c->arena_fd < 0)
        return;
    if (!is_memory(c->arena_fd)) {
        close(c->arena_fd);
        c->arena_fd = -1;
        return;
    }
    if (!arena_copy_process(c->arena_fd, &about, NULL) && about.pid && about.start_real_ns)
        serve_trace_join(c, (uint32_t)about.pid, about.start_real_ns);
}

/* Takes the first line from the buffer once it is whole. Returns the bytes used. */
static size_t greet(struct serve_client *c)
{
    size_t fixed = sizeof hello - 1, most = fixed + SERVE_TOKEN_MAX;
    const char *at = (const char *)c->buf, *eol = memchr(at, '\n', c->used < most ? c->used : most);
    if (memcmp(at, hello, c->used < fixed ? c->used : fixed)) {
        int other = c->used > 8 && !memcmp(at, "MODPROF/", 8);
        end(c, other ? "it speaks another version of the protocol" : "it is not modprof's shim");
        return 0;
    }
    if (!eol) {
        if (c->used >= most)
            end(c, "its first line is too long");
        return 0;
    }
    if (c->wants_token && token_differs(c->s->o.token, at + fixed, (size_t)(eol - at) - fixed)) {
        end(c, "wrong token");
        return 0;
    }
    c->greeted = 1;
    event_del(c->hello_late);
    join_by_arena(c);
    return (size_t)(eol + 1 - at);
}

/* ---- frames ---- */

/* Room for N bytes in the buffer. */
static int grow(struct serve_client *c, size_t n)
{
    if (n <= c->cap)
        return 0;
    if (c->s->buffered + (n - c->cap) > SERVE_BUFFERED_MAX) {
        end(c, "too much is waiting in half-sent frames");
        return -1;
    }
    c->s->buffered += n - c->cap;
    c->buf = xrealloc(c->buf, n, 1);
    c->cap = n;
    return 0;
}

static void take_frame(struct serve_client *c, const struct frame_header *h, const uint8_t *bytes)
{
    struct records_look look;
    const uint8_t *raw = c->s->raw;
    if (frame_check(h, bytes) != FRAME_OK ||
        records_unpack(c->s->zstd, h, bytes + FRAME_HEADER_BYTES, c->s->raw) ||
        records_look(raw, h->raw_bytes, &look)) {
        end(c, "it sent a damaged frame");
        return;
    }
    if (!c->trace && !serve_trace_join(c, h->pid, h->start_real_ns)) {
        end(c, "too many processes at once (--max-clients)");
        return;
    }
    if (c->trace->pid != h->pid || c->trace->start_real_ns != h->start_real_ns) {
        end(c, "it sent a frame of another process");
        return;
    }
    serve_trace_append(c->trace, h, &look, bytes, FRAME_HEADER_BYTES + (size_t)h->body_bytes);
}

/* Bytes of the frame at AT, of which N are here; 0: not known yet. */
static size_t frame_bytes(struct serve_client *c, const uint8_t *at, size_t n,
                          struct frame_header *h)
{
    enum frame_result r = frame_header_get(h, at, n);
    if (r == FRAME_SHORT)
        return 0;
    if (r == FRAME_OK && h->body_bytes <= ZSTD_COMPRESSBOUND(FRAME_RAW_MAX) &&
        h->raw_bytes <= FRAME_RAW_MAX)
        return FRAME_HEADER_BYTES + (size_t)h->body_bytes;
    end(c, r == FRAME_VERSION_NEW ? "its libmodprof.so is newer than this modprof"
                                  : "it sent something that is no frame");
    return 0;
}

/* Takes the whole frames out of the buffer. */
static void take(struct serve_client *c)
{
    size_t at = 0, whole = 0;
    struct frame_header h;
    if (!c->greeted)
        at = greet(c);
    while (!c->done && c->greeted && at < c->used) {
        whole = frame_bytes(c, c->buf + at, c->used - at, &h);
        if (!whole || c->used - at < whole)
            break;
        take_frame(c, &h, c->buf + at);
        at += whole;
    }
    if (c->done)
        return;
    memmove(c->buf, c->buf + at, c->used - at);
    c->used -= at;
    grow(c, whole);
}

/* ---- bytes ---- */

static void keep_fds(struct serve_client *c, struct msghdr *m)
{
    for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h; h = CMSG_NXTHDR(m, h)) {
        if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
            continue;
        size_t n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(h) + i * sizeof fd, sizeof fd);
            if (c->arena_fd < 0)
                c->arena_fd = fd;
            else
                close(fd);
        }
    }
}

/* Like read; until the first line is there also takes the descriptor that comes with it. */
static ssize_t receive(struct serve_client *c)
{
    union {
        char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec v = {c->buf + c->used, c->cap - c->used};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    if (!c->greeted && c->is_unix) {
        m.msg_control = control.bytes;
        m.msg_controllen = sizeof control.bytes;
    }
    ssize_t n = recvmsg(c->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n >= 0 && m.msg_controllen)
        keep_fds(c, &m);
    return n;
}

void serve_client_read(struct serve_client *c, int rounds)
{
    while (!c->done && rounds-- > 0) {
        ssize_t n = receive(c);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (n <= 0) {
            end(c, c->used && c->greeted ? "the connection ended within a frame" : "");
            return;
        }
        c->used += (size_t)n;
        take(c);
    }
}
