/* view_document: the documents that `modprof view` serves, compressed, made when they are asked for and kept until
 * the trace changes. */
#ifndef COLLECTOR_CLI_VIEW_DOCUMENT_H
#define COLLECTOR_CLI_VIEW_DOCUMENT_H

#include "collector/cli/page_load.h"

struct view_document {
    char *gzip; /* NULL: not made yet */
    size_t n;
    int running; /* 1: a process of it was running: reading it anew may find that it is not any more */
    char tag[64]; /* of the file as it was read; for ETag, without quotes */
};
void view_document_release(struct view_document *d);

/* What a document is made of. */
struct view_wanted {
    const char *path;
    const struct page_settings *settings;
    const struct page_budget *budget;
};

/* 1 where D is still what the file at PATH says. */
int view_document_is_current(const struct view_document *d, const char *path);

/* Makes the document of a trace.  Returns 0, or -1 with ERR. */
int view_document_trace(struct view_document *d, const struct view_wanted *w, struct err *err);

/* The list of all traces, each to be had at trace/NUMBER.  Returns 0, or -1 with ERR. */
int view_document_list(struct view_document *d, const struct paths *paths,
                       const struct page_settings *s, struct err *err);

#endif
