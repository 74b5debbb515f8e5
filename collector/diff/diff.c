/* diff: sections and their rows.  See diff.h. */
#include "collector/diff/diff.h"

#include <stdlib.h>
#include <string.h>

#include "collector/util/xalloc.h"

struct diff_section *diff_section_new(struct diff *d, const struct diff_section *like,
                                      const struct diff_side side[SIDE_N])
{
    d->section = xgrow(d->section, d->n, &d->cap, sizeof *d->section);
    struct diff_section *s = &d->section[d->n++];
    *s = *like;
    rowset_init(&s->by_text, sizeof(uint32_t));
    for (int i = 0; i < SIDE_N; i++)
        s->run_n[i] = side[i].n;
    return s;
}

void diff_section_release(struct diff_section *s)
{
    rowset_release(&s->by_text);
    free(s->row);
    memset(s, 0, sizeof *s);
}

static uint64_t hash(uint64_t h, const char *z)
{
    for (; *z; z++)
        h = (h ^ (unsigned char)*z) * UINT64_C(0x100000001b3);
    return h;
}

struct diff_row *diff_row(struct diff_section *s, const struct diff_row *like)
{
    uint64_t key = hash(hash(UINT64_C(0xcbf29ce484222325), like->kind) ^ 0xff, like->label);
    uint32_t *number;
    while (*(number = rowset_put(&s->by_text, key))) {
        struct diff_row *there = &s->row[*number - 1];
        if (!strcmp(there->label, like->label) && !strcmp(there->kind, like->kind))
            return there;
        key++;
    }
    s->row = xgrow(s->row, s->n, &s->cap, sizeof *s->row);
    s->row[s->n] = *like;
    *number = (uint32_t)++s->n;
    return &s->row[s->n - 1];
}

void diff_build(struct diff *d, const struct diff_side side[SIDE_N], const struct diff_options *o,
                struct symbols *symbols)
{
    memset(d, 0, sizeof *d);
    diff_samples(d, side, o, symbols);
    diff_metrics(d, side, o);
    for (size_t i = 0; i < d->n; i++)
        diff_judge(&d->section[i], o);
}

void diff_release(struct diff *d)
{
    for (size_t i = 0; i < d->n; i++)
        diff_section_release(&d->section[i]);
    free(d->section);
    memset(d, 0, sizeof *d);
}

const char *diff_verdict_name(enum diff_verdict v, enum quantity q)
{
    static const char *const time[] = {"same", "slower", "faster", "new", "gone", "unknown"};
    static const char *const amount[] = {"same", "more", "less", "new", "gone", "unknown"};
    return q == QUANTITY_TIME ? time[v] : amount[v];
}
