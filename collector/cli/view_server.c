/* view_server: see view_server.h. */
#include "collector/cli/view_server.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "collector/cli/view_maker.h"
#include "collector/output/page_html.h"
#include "collector/util/xalloc.h"

enum { TOKEN_BYTES = 16, HOST_MAX = 64, URL_MAX = 128, SECONDS_MAX = 30, BYTES_MAX = 16 << 10 };

/* Who has asked for a trace that is being made. */
struct waiting {
    struct evhttp_request *request;
    struct waiting *next;
};

struct served_trace {
    struct view_server *server;
    struct view_wanted wanted;
    struct view_document document;
    struct view_maker *maker; /* NULL: none is at work */
    struct waiting *waiting;
    view_made *made; /* of the first one: who began it; or NULL */
    void *ctx;
};

struct view_server {
    const struct page_settings *settings;
    const struct paths *paths;
    struct view_document list;
    struct served_trace *trace; /* by path */
    struct evhttp *http;
    struct event_base *base;
    struct event *idle; /* NULL: it may be idle for ever */
    char token[2 * TOKEN_BYTES + 1];
    char url[URL_MAX];
    unsigned port;
};

/* ---- answers ---- */

static void header(struct evhttp_request *r, const char *name, const char *value)
{
    evhttp_add_header(evhttp_request_get_output_headers(r), name, value);
}

static void policy_send(struct evhttp_request *r)
{
    size_t n = 0;
    const char *policy = page_html_policy(&n);
    char *whole = policy ? xformat("%.*s; frame-ancestors 'none'", (int)n, policy)
                         : xstrdup("default-src 'none'; frame-ancestors 'none'");
    header(r, "Content-Security-Policy", whole);
    free(whole);
}

static void headers_send(struct evhttp_request *r, const char *type)
{
    header(r, "Content-Type", type);
    policy_send(r);
    header(r, "X-Content-Type-Options", "nosniff");
    header(r, "X-Frame-Options", "DENY");
    header(r, "Referrer-Policy", "no-referrer");
    header(r, "Cross-Origin-Resource-Policy", "same-origin");
    header(r, "Cross-Origin-Opener-Policy", "same-origin");
    header(r, "Cache-Control", "no-cache, private");
}

/* Sends the N bytes at AT, which are copied. */
static void reply(struct evhttp_request *r, int code, const char *reason, const void *at, size_t n)
{
    struct evbuffer *body = evbuffer_new();
    if (body && n)
        evbuffer_add(body, at, n);
    evhttp_send_reply(r, code, reason, body);
    if (body)
        evbuffer_free(body);
}

static void refuse(struct evhttp_request *r, int code, const char *reason, const char *sentence)
{
    char *text = xformat("%s\n", sentence);
    headers_send(r, "text/plain; charset=utf-8");
    reply(r, code, reason, text, strlen(text));
    free(text);
}

static void page_send(struct evhttp_request *r)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    if (!out) {
        refuse(r, HTTP_INTERNAL, "Internal Server Error", "there is no memory for the page");
        return;
    }
    page_html_served("page.json", out);
    fclose(out);
    headers_send(r, "text/html; charset=utf-8");
    reply(r, HTTP_OK, "OK", text, n);
    free(text);
}

static void document_send(struct evhttp_request *r, const struct view_document *d)
{
    const char *known = evhttp_find_header(evhttp_request_get_input_headers(r), "If-None-Match");
    headers_send(r, "application/json");
    if (*d->tag) {
        char *tag = xformat("\"%s\"", d->tag);
        int is_known = known && !strcmp(known, tag);
        header(r, "ETag", tag);
        free(tag);
        if (is_known) {
            reply(r, HTTP_NOTMODIFIED, "Not Modified", NULL, 0);
            return;
        }
    }
    header(r, "Content-Encoding", "gzip");
    reply(r, HTTP_OK, "OK", d->gzip, d->n);
}

/* ---- traces ---- */

static void idle_begin(struct view_server *v)
{
    struct timeval t = {.tv_sec = (time_t)v->settings->idle_s};
    if (v->idle)
        event_add(v->idle, &t);
}

static void trace_answer(struct served_trace *t, struct evhttp_request *r, const char *why)
{
    if (why)
        refuse(r, HTTP_INTERNAL, "Internal Server Error", why);
    else
        document_send(r, &t->document);
}

static void on_made(void *ctx, const char *why)
{
    struct served_trace *t = ctx;
    view_made *made = t->made;
    t->maker = NULL;
    t->made = NULL;
    while (t->waiting) {
        struct waiting *w = t->waiting;
        t->waiting = w->next;
        trace_answer(t, w->request, why);
        free(w);
    }
    idle_begin(t->server);
    if (made)
        made(t->ctx, why);
}

static int trace_make(struct served_trace *t, struct err *err)
{
    if (!t->maker)
        t->maker = view_maker_start(t->server->base, &t->document, &t->wanted, on_made, t, err);
    return t->maker ? 0 : -1;
}

/* Who is gone gets no answer. */
static void on_closed(struct evhttp_connection *c, void *ctx)
{
    struct served_trace *t = ctx;
    for (struct waiting **at = &t->waiting; *at;) {
        struct waiting *w = *at;
        if (evhttp_request_get_connection(w->request) != c) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        free(w);
    }
}

static void trace_wait(struct served_trace *t, struct evhttp_request *r)
{
    struct waiting *w = xcalloc(1, sizeof *w);
    *w = (struct waiting){r, t->waiting};
    t->waiting = w;
    evhttp_connection_set_closecb(evhttp_request_get_connection(r), on_closed, t);
}

/* ---- questions ---- */

static void trace_ask(struct view_server *v, struct evhttp_request *r, const char *number)
{
    struct err err = {""};
    char *end;
    unsigned long i = strtoul(number, &end, 10);
    if (*number < '0' || *number > '9' || *end || i >= v->paths->n) {
        refuse(r, HTTP_NOTFOUND, "Not Found", "there is no such trace");
        return;
    }
    struct served_trace *t = &v->trace[i];
    if (!t->maker && view_document_is_current(&t->document, t->wanted.path))
        document_send(r, &t->document);
    else if (trace_make(t, &err))
        trace_answer(t, r, err.text);
    else
        trace_wait(t, r);
}

static void answer(struct view_server *v, struct evhttp_request *r, const char *path)
{
    static const char traces[] = "trace/";
    if (!*path)
        page_send(r);
    else if (!strcmp(path, "page.json"))
        document_send(r, &v->list);
    else if (!strncmp(path, traces, sizeof traces - 1))
        trace_ask(v, r, path + sizeof traces - 1);
    else
        refuse(r, HTTP_NOTFOUND, "Not Found", "there is no such page");
}

static int is_own_host(const struct view_server *v, struct evhttp_request *r)
{
    char ip[HOST_MAX], name[HOST_MAX];
    const char *host = evhttp_find_header(evhttp_request_get_input_headers(r), "Host");
    snprintf(ip, sizeof ip, "127.0.0.1:%u", v->port);
    snprintf(name, sizeof name, "localhost:%u", v->port);
    return host && (!strcmp(host, ip) || !strcasecmp(host, name));
}

/* How long it takes says nothing about how much of the token is right. */
static const char *behind_token(const struct view_server *v, const char *uri)
{
    size_t n = sizeof v->token - 1;
    unsigned wrong = 0;
    if (*uri != '/' || strnlen(uri, n + 2) < n + 2 || uri[n + 1] != '/')
        return NULL;
    for (size_t i = 0; i < n; i++)
        wrong |= (unsigned)(uri[i + 1] ^ v->token[i]);
    return wrong ? NULL : uri + n + 2;
}

static void on_request(struct evhttp_request *r, void *ctx)
{
    struct view_server *v = ctx;
    enum evhttp_cmd_type method = evhttp_request_get_command(r);
    if (!is_own_host(v, r)) {
        refuse(r, 403, "Forbidden", "this server is only for the URL that `modprof view` printed");
        return;
    }
    if (method != EVHTTP_REQ_GET && method != EVHTTP_REQ_HEAD) {
        header(r, "Allow", "GET, HEAD");
        refuse(r, HTTP_BADMETHOD, "Method Not Allowed", "nothing can be changed here");
        return;
    }
    const char *path = behind_token(v, evhttp_request_get_uri(r));
    if (!path) {
        refuse(r, 403, "Forbidden",
               "the token in the URL is missing or wrong: use the one that `modprof view` printed");
        return;
    }
    idle_begin(v);
    answer(v, r, path);
}

static void on_idle(evutil_socket_t fd, short what, void *ctx)
{
    struct view_server *v = ctx;
    (void)fd;
    (void)what;
    for (size_t i = 0; i < v->paths->n; i++)
        if (v->trace[i].maker) { /* somebody waits */
            idle_begin(v);
            return;
        }
    event_base_loopbreak(v->base);
}

/* ---- life ---- */

static int token_make(struct view_server *v, struct err *err)
{
    unsigned char random[TOKEN_BYTES];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return err_set(err, "no random numbers for the token: %s", strerror(errno));
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(v->token + 2 * i, 3, "%02x", random[i]);
    return 0;
}

static int port_bind(struct view_server *v, struct err *err)
{
    struct sockaddr_in at = {0};
    socklen_t n = sizeof at;
    unsigned short asked = (unsigned short)v->settings->port;
    struct evhttp_bound_socket *s = evhttp_bind_socket_with_handle(v->http, "127.0.0.1", asked);
    if (!s)
        return err_set(err, "port %u on 127.0.0.1 can not be used: %s", asked, strerror(errno));
    if (getsockname(evhttp_bound_socket_get_fd(s), (struct sockaddr *)&at, &n))
        return err_set(err, "the port is not known: %s", strerror(errno));
    v->port = ntohs(at.sin_port);
    snprintf(v->url, sizeof v->url, "http://127.0.0.1:%u/%s/", v->port, v->token);
    return 0;
}

static int start(struct view_server *v, struct err *err)
{
    if (token_make(v, err) || view_document_list(&v->list, v->paths, v->settings, err))
        return -1;
    v->http = evhttp_new(v->base);
    if (!v->http)
        return err_set(err, "no HTTP server: %s", strerror(errno));
    /* All methods come to us: what is not allowed gets 405, not 501. */
    evhttp_set_allowed_methods(v->http, 0xffff);
    evhttp_set_max_headers_size(v->http, BYTES_MAX);
    evhttp_set_max_body_size(v->http, BYTES_MAX);
    evhttp_set_timeout(v->http, SECONDS_MAX);
    evhttp_set_gencb(v->http, on_request, v);
    if (port_bind(v, err))
        return -1;
    if (v->settings->idle_s)
        v->idle = evtimer_new(v->base, on_idle, v);
    idle_begin(v);
    return 0;
}

struct view_server *view_server_new(struct event_base *base, const struct page_settings *s,
                                    const struct paths *paths, const struct page_budget *budget,
                                    struct err *err)
{
    struct view_server *v = xcalloc(1, sizeof *v);
    v->base = base;
    v->settings = s;
    v->paths = paths;
    v->trace = xcalloc(paths->n, sizeof *v->trace);
    for (size_t i = 0; i < paths->n; i++)
        v->trace[i] = (struct served_trace){.server = v, .wanted = {paths->at[i], s, budget}};
    if (!start(v, err))
        return v;
    view_server_free(v);
    return NULL;
}

static void trace_release(struct served_trace *t)
{
    view_maker_stop(t->maker);
    view_document_release(&t->document);
    while (t->waiting) { /* its request is its connection's */
        struct waiting *w = t->waiting;
        t->waiting = w->next;
        free(w);
    }
}

void view_server_free(struct view_server *v)
{
    if (!v)
        return;
    for (size_t i = 0; i < v->paths->n; i++)
        trace_release(&v->trace[i]);
    view_document_release(&v->list);
    if (v->http)
        evhttp_free(v->http);
    if (v->idle)
        event_free(v->idle);
    free(v->trace);
    free(v);
}

int view_server_begin(struct view_server *v, view_made *made, void *ctx, struct err *err)
{
    v->trace[0].made = made;
    v->trace[0].ctx = ctx;
    return trace_make(&v->trace[0], err);
}

const char *view_server_url(const struct view_server *v)
{
    return v->url;
}
