/* view_maker: makes the document of one trace in a child, since a large trace takes seconds, and the server has to
 * answer, and to end, meanwhile. */
#ifndef COLLECTOR_CLI_VIEW_MAKER_H
#define COLLECTOR_CLI_VIEW_MAKER_H

#include <event2/event.h>

#include "collector/cli/view_document.h"

struct view_maker;

/* WHY: NULL where D has been made; else a sentence, and D is as it was.  The maker is gone by then. */
typedef void view_made(void *ctx, const char *why);

/* Makes D, which is to stay valid, of the trace at PATH.  NULL with ERR: it could not be begun, and MADE is not called. */
struct view_maker *view_maker_start(struct event_base *base, struct view_document *d,
                                    const struct view_wanted *w, view_made *made, void *ctx,
                                    struct err *err);
/* Ends the child at once; MADE is not called.  NULL is fine. */
void view_maker_stop(struct view_maker *m);

#endif
