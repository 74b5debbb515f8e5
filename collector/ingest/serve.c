/* serve: accepts connections, and frees what has ended.  See serve.h. */
#include "collector/ingest/serve.h"

#include <errno.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zstd.h>

#include "collector/ingest/serve_parts.h"
#include "collector/util/xalloc.h"

enum { ACCEPTS_A_TURN = 64, DRAIN_ROUNDS = 4096, TEXT_MAX = 1400 };

void serve_trouble(struct serve *s, const char *format, ...)
{
    char text[TEXT_MAX];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    if (s->o.trouble)
        s->o.trouble(s->o.ctx, text);
}

/* What has ended is only marked where that happens, and freed when no function uses it any more. */
void serve_reap(struct serve *s)
{
    struct serve_client *c = LIST_FIRST(&s->clients), *next_c;
    struct serve_trace *t = LIST_FIRST(&s->traces), *next_t;
    for (; c; c = next_c) {
        next_c = LIST_NEXT(c, link);
        if (c->done)
            serve_client_free(c);
    }
    for (; t; t = next_t) {
        next_t = LIST_NEXT(t, link);
        if (t->done)
            serve_trace_free(t);
    }
}

static void on_resume(evutil_socket_t fd, short what, void *ctx)
{
    struct serve *s = ctx;
    (void)fd;
    (void)what;
    for (int i = 0; i < s->listener_n; i++)
        event_add(s->listeners[i], NULL);
}

/* Out of descriptors: connections wait in the queue until some were closed. */
static void pause_accepting(struct serve *s)
{
    static const struct timeval a_while = {.tv_usec = 200 * 1000};
    for (int i = 0; i < s->listener_n; i++)
        event_del(s->listeners[i]);
    event_add(s->resume, &a_while);
}

enum { ALLOWED, STRANGER };

static int peer_is(int fd)
{
    struct ucred who;
    socklen_t n = sizeof who;
    if (!getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) && n == sizeof who &&
        (who.uid == geteuid() || who.uid == 0))
        return ALLOWED;
    return STRANGER;
}

static void refuse(struct serve *s, int fd, const char *why)
{
    close(fd);
    if (!s->refused_said)
        serve_trouble(s, "a connection was refused: %s (said once)", why);
    s->refused_said = 1;
}

/* Returns 1 where one was taken from the queue. */
static int accept_one(struct serve *s, int i)
{
    int fd = accept4(event_get_fd(s->listeners[i]), NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            pause_accepting(s);
        return errno == ECONNABORTED || errno == EINTR;
    }
    int stranger = s->is_unix[i] && peer_is(fd) == STRANGER;
    int wants_token = s->o.token && (stranger || !s->is_unix[i]);
    if (stranger && !(s->o.strangers && s->o.token))
        refuse(s, fd, "it belongs to another user");
    else if (serve_client_new(s, fd, s->is_unix[i], wants_token))
        refuse(s, fd, "there are too many (--max-clients)");
    return 1;
}

static void on_connection(evutil_socket_t fd, short what, void *ctx)
{
    struct serve *s = ctx;
    (void)what;
    for (int i = 0; i < s->listener_n; i++)
        for (int n = 0; event_get_fd(s->listeners[i]) == fd && n < ACCEPTS_A_TURN; n++)
            if (!accept_one(s, i))
                break;
    serve_reap(s);
}

int serve_listen(struct serve *s, int fd, int is_unix)
{
    struct event *e;
    if (s->listener_n == SERVE_LISTENERS_MAX)
        return -1;
    e = event_new(s->base, fd, EV_READ | EV_PERSIST, on_connection, s);
    if (!e || event_add(e, NULL))
        return -1;
    s->is_unix[s->listener_n] = is_unix;
    s->listeners[s->listener_n++] = e;
    return 0;
}

struct serve *serve_new(struct event_base *base, const struct serve_options *o)
{
    struct serve *s = xcalloc(1, sizeof *s);
    s->base = base;
    s->o = *o;
    LIST_INIT(&s->clients);
    LIST_INIT(&s->traces);
    s->resume = evtimer_new(base, on_resume, s);
    s->raw = xmalloc(FRAME_RAW_MAX);
    s->zstd = ZSTD_createDCtx();
    return s;
}

static void accept_all(struct serve *s)
{
    for (int i = 0; i < s->listener_n; i++)
        for (int n = 0; n < DRAIN_ROUNDS && accept_one(s, i); n++)
            ;
}

void serve_take_arrivals(struct serve *s, pid_t peer)
{
    struct serve_client *c;
    accept_all(s);
    LIST_FOREACH(c, &s->clients, link)
    if (peer && c->peer_pid == peer && !c->trace && !c->done)
        serve_client_read(c, DRAIN_ROUNDS);
}

void serve_drain(struct serve *s)
{
    struct serve_client *c;
    struct serve_trace *t;
    accept_all(s);
    LIST_FOREACH(c, &s->clients, link)
    serve_client_read(c, DRAIN_ROUNDS);
    serve_reap(s);
    LIST_FOREACH(t, &s->traces, link)
    if (!t->done && serve_trace_is_gone(t))
        serve_trace_gone(t);
    serve_reap(s);
}

void serve_more_descriptors(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r))
        return;
    r.rlim_cur = r.rlim_max;
    setrlimit(RLIMIT_NOFILE, &r);
}

unsigned serve_open_n(const struct serve *s)
{
    unsigned n = s->traces_n;
    struct serve_client *c;
    LIST_FOREACH(c, &s->clients, link)
    n += !c->trace;
    return n;
}

void serve_free(struct serve *s)
{
    struct serve_trace *t;
    struct serve_client *c;
    LIST_FOREACH(t, &s->traces, link)
    if (!t->done)
        serve_trace_still_runs(t);
    LIST_FOREACH(c, &s->clients, link)
    c->done = 1;
    serve_reap(s);
    for (int i = 0; i < s->listener_n; i++) {
        close(event_get_fd(s->listeners[i]));
        event_free(s->listeners[i]);
    }
    event_free(s->resume);
    ZSTD_freeDCtx(s->zstd);
    free(s->raw);
    free(s);
}
