/* view_server: serves the page of some traces on loopback, and nothing else.
 *
 * Every URL begins with a random token, so that neither other users nor other pages in the browser
 * can read a trace; the Host header must name this server (a name that someone points at 127.0.0.1 does not).
 * Only GET and HEAD; nothing is served from disk by name. */
#ifndef COLLECTOR_CLI_VIEW_SERVER_H
#define COLLECTOR_CLI_VIEW_SERVER_H

#include <event2/event.h>

#include "collector/cli/view_maker.h"

struct view_server;

/* PATHS and BUDGET stay the caller's and are to be valid as long as the server.  NULL with ERR. */
struct view_server *view_server_new(struct event_base *base, const struct page_settings *s,
                                    const struct paths *paths, const struct page_budget *budget,
                                    struct err *err);
void view_server_free(struct view_server *v);

/* Begins to read the first trace, so that errors in it are told at once: to MADE, while the loop runs.  Returns 0, or
 * -1 with ERR. */
int view_server_begin(struct view_server *v, view_made *made, void *ctx, struct err *err);

/* http://127.0.0.1:PORT/TOKEN/ */
const char *view_server_url(const struct view_server *v);

#endif
