/* scan: compares the list of loaded objects with the last one.  See scan.h.
 *
 * The loader appends new objects to its list and keeps the order of the others, so both lists are
 * walked side by side. */
#include "shim/attach/scan.h"

#include <string.h>

#include "shim/platform.h"

enum { SEEN_MAX = 2048 };

/* An object that is done with.  The dynamic section's address tells it from others. */
struct seen {
    const void *dynamic;
    uint64_t lo, hi;
    uint32_t pass;
};

static SHIM_TABLE struct seen seen[SEEN_MAX];
static uint32_t seen_n, pass, overflow;

struct walk {
    scan_came *came;
    void *ctx;
    uint32_t cursor;
};

static int is_same(const struct seen *s, const struct image *im)
{
    return s->dynamic == im->dynamic && s->lo == im->lo && s->hi == im->hi;
}

static struct seen *find_seen(struct walk *w, const struct image *im)
{
    for (uint32_t k = 0; k < seen_n; k++) {
        uint32_t i = w->cursor + k < seen_n ? w->cursor + k : w->cursor + k - seen_n;
        if (is_same(&seen[i], im)) {
            w->cursor = i + 1 < seen_n ? i + 1 : 0;
            return &seen[i];
        }
    }
    return NULL;
}

static int visit(struct dl_phdr_info *info, size_t size, void *ctx)
{
    struct walk *w = ctx;
    struct image im;
    (void)size;
    image_locate(&im, info);
    if (im.hi == 0)
        return 0;
    struct seen *s = find_seen(w, &im);
    if (s != NULL) {
        s->pass = pass;
        return 0;
    }
    if (seen_n == SEEN_MAX) {
        overflow++;
        return 0;
    }
    image_read(&im, info);
    w->came(w->ctx, &im);
    seen[seen_n++] = (struct seen){im.dynamic, im.lo, im.hi, pass};
    return 0;
}

/* Compacts the list, keeping its order. */
static void drop_gone(scan_went *went, void *ctx)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < seen_n; i++) {
        if (seen[i].pass == pass)
            seen[kept++] = seen[i];
        else
            went(ctx, seen[i].lo, seen[i].hi);
    }
    seen_n = kept;
}

void scan_objects(scan_came *came, scan_went *went, void *ctx)
{
    struct walk w = {came, ctx, 0};
    pass++;
    dl_iterate_phdr(visit, &w);
    drop_gone(went, ctx);
}

uint32_t scan_overflow(void)
{
    return overflow;
}
