/* span_tries: the files that are tried while require searches.
 *
 * In: every fopen during a search (files.c).  Out: span_try records, bounded by span and in all.
 * Context: host threads. */
#include <string.h>

#include "shim/attach/loader.h"
#include "shim/hooks/observe.h"
#include "shim/hooks/span_trace.h"

enum { TRIES_ALL = 4096 };

static _Atomic uint32_t tries_all;

static int try_fits(const struct span *s)
{
    if (s->d.tries_n > SPAN_TRIES)
        return 0;
    return atomic_fetch_add_explicit(&tries_all, 1, memory_order_relaxed) < TRIES_ALL;
}

static void write_try(struct span *s, const char *path, int err, uint64_t begin_ns, uint64_t end_ns)
{
    s->d.tries_n++;
    if (!s->d.id)
        return; /* a span that is not written is a loss of its own */
    if (!try_fits(s)) {
        loss_count(LOSS_TRIES, 1);
        return;
    }
    struct rec_span_try r = {.span = s->d.id,
                             .path = intern_z(path),
                             .err = (uint64_t)err,
                             .at_ns = begin_ns,
                             .dur_ns = end_ns - begin_ns};
    RECORD_PUSH(span_try, &r);
}

/* A path that was found is opened again to be read: that is not another try.  Files that a library's
 * constructors open are none at all. */
COLD void observe_open(const char *path, int err, uint64_t begin_ns, uint64_t end_ns)
{
    struct span *s = span_top(SPAN_FRAME());
    if (!s || s->kind != SPAN_REQUIRE || s->step != SPAN_LOADING || loader_times.begin_ns)
        return;
    uint64_t hash = err ? 0 : span_hash(path, strlen(path));
    if (hash && hash == s->d.opened_hash)
        return;
    if (hash) {
        s->d.opened_hash = hash;
        s->d.opened = intern_z(path);
    }
    write_try(s, path, err, begin_ns, end_ns);
}
