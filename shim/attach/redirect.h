/* redirect: sends functions of one object to hooks: plans the move of every entry, writes
 * detours and moved code into a page nearby, then the jumps; a group whole or not at all.
 *
 * Context: constructor or loader callback, one thread at a time. */
#ifndef SHIM_ATTACH_REDIRECT_H
#define SHIM_ATTACH_REDIRECT_H

#include "probe/entry_x86_64.h"
#include "shim/attach/image.h"

/* One function. */
struct redirect {
    const char *name;
    const char *group;   /* functions of one group go together */
    struct symbol entry; /* address 0: the object lacks it */
    const void *copy;    /* for copy_now; NULL: left alone */
    const void *hook;
    /* results */
    int done;             /* 1: redirected */
    const void *original; /* runs the original: the moved code, or the entry itself */
    const char *reason;   /* why it could not be, NULL: it can (but others of its group not) */
    uint8_t keep_n, saved[ENTRY_JUMP_BYTES];
};

/* The page of detours of one object; kept for as long as that object may be called. */
struct redirect_page {
    void *at;
    size_t n;
};

/* Plans all N, fills in `original` and `reason`, and makes the page ready.  Nothing is redirected
 * yet.  PAGE may hold a page of an unloaded object: it is used again where it is in reach. */
void redirect_plan(const struct image *im, struct redirect *r, size_t n,
                   struct redirect_page *page);

/* Writes the jumps of all groups without a reason against them. */
void redirect_install(const struct image *im, struct redirect *r, size_t n);

#endif
