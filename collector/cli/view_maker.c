/* view_maker: see view_maker.h.
 *
 * The child writes a head and then the document, or the sentence, into a pipe. */
#include "collector/cli/view_maker.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/util/xalloc.h"

struct head {
    int failed, running;
    char tag[64];
    size_t n; /* bytes that follow */
};

struct view_maker {
    struct view_document *document;
    struct bufferevent *in;
    pid_t child;
    view_made *made;
    void *ctx;
};

enum { OUT = 3 };

/* ---- the child ---- */

static void put(const void *at, size_t n)
{
    for (ssize_t did; n; at = (const char *)at + did, n -= (size_t)did)
        if ((did = write(OUT, at, n)) <= 0)
            _exit(1);
}

static void child(const struct view_wanted *w, int pipe, pid_t parent)
{
    struct view_document d = {0};
    struct err err = {""};
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* The browser's connections are the parent's alone. */
    if (getppid() != parent || (pipe != OUT && dup2(pipe, OUT) < 0))
        _exit(1);
    closefrom(OUT + 1);
    struct head h = {.failed = view_document_trace(&d, w, &err)};
    h.running = d.running;
    memcpy(h.tag, d.tag, sizeof h.tag);
    h.n = h.failed ? strlen(err.text) : d.n;
    put(&h, sizeof h);
    put(h.failed ? err.text : d.gzip, h.n);
    _exit(0);
}

/* ---- the parent ---- */

static void maker_free(struct view_maker *m)
{
    if (m->in)
        bufferevent_free(m->in);
    while (m->child > 0 && waitpid(m->child, NULL, 0) < 0 && errno == EINTR)
        ;
    free(m);
}

void view_maker_stop(struct view_maker *m)
{
    if (!m)
        return;
    if (m->child > 0)
        kill(m->child, SIGKILL);
    maker_free(m);
}

/* Takes what came.  NULL, or a sentence for the caller to free. */
static char *take(struct view_maker *m)
{
    struct evbuffer *in = bufferevent_get_input(m->in);
    struct head h;
    if (evbuffer_remove(in, &h, sizeof h) != sizeof h || evbuffer_get_length(in) != h.n)
        return xstrdup("the trace could not be read: what reads it ended early");
    char *body = xcalloc(h.n + 1, 1);
    evbuffer_remove(in, body, h.n);
    if (h.failed)
        return body;
    view_document_release(m->document);
    *m->document = (struct view_document){.gzip = body, .n = h.n, .running = h.running};
    memcpy(m->document->tag, h.tag, sizeof h.tag);
    return NULL;
}

static void on_end(struct bufferevent *in, short what, void *ctx)
{
    struct view_maker *m = ctx;
    view_made *made = m->made;
    void *made_ctx = m->ctx;
    (void)in;
    (void)what; /* end of file, or an error: what came tells */
    char *why = take(m);
    maker_free(m);
    made(made_ctx, why);
    free(why);
}

struct view_maker *view_maker_start(struct event_base *base, struct view_document *d,
                                    const struct view_wanted *w, view_made *made, void *ctx,
                                    struct err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK)) {
        err_set(err, "the trace can not be read: %s", strerror(errno));
        return NULL;
    }
    struct view_maker *m = xcalloc(1, sizeof *m);
    pid_t parent = getpid();
    *m = (struct view_maker){d, bufferevent_socket_new(base, ends[0], BEV_OPT_CLOSE_ON_FREE), -1,
                             made, ctx};
    if (m->in && (m->child = fork()) == 0) {
        fcntl(ends[1], F_SETFL, 0); /* it may wait for its reader */
        child(w, ends[1], parent);
    }
    close(ends[1]);
    if (m->child > 0) {
        bufferevent_setcb(m->in, NULL, NULL, on_end, m);
        bufferevent_enable(m->in, EV_READ);
        return m;
    }
    if (!m->in)
        close(ends[0]);
    maker_free(m);
    err_set(err, "the trace can not be read: there is no memory");
    return NULL;
}
