/* diff_pairs: functions whose name is known on one side only.  See diff.h.
 *
 * Names are read in the source; where that has changed since a trace was made, functions of that trace
 * are known by file and line only.  Two rows of one file, one of each side, are taken for one function where
 *   they begin and end in the same lines, or
 *   both have the same number of lines, more than two, and no other such row of the file has. */
#include "collector/diff/diff.h"

#include <string.h>

static int only_on(const struct diff_row *r, int side)
{
    return r->side[side].sum > 0 && r->side[!side].sum <= 0;
}

static int may_pair(const struct diff_row *a, const struct diff_row *b)
{
    return only_on(a, SIDE_A) && only_on(b, SIDE_B) && (a->is_place || b->is_place) && a->defined &&
           b->defined && !strcmp(a->place, b->place);
}

static int same_lines(const struct diff_row *a, const struct diff_row *b)
{
    return a->defined == b->defined && a->last == b->last;
}

static int same_length(const struct diff_row *a, const struct diff_row *b)
{
    return a->last - a->defined == b->last - b->defined && a->last > a->defined + 1;
}

typedef int is_same(const struct diff_row *a, const struct diff_row *b);

/* The only row of SIDE that R may be put together with; NULL: none, or more than one. */
static struct diff_row *partner(const struct diff_section *s, const struct diff_row *r, int side,
                                is_same *same)
{
    struct diff_row *found = NULL;
    for (size_t i = 0; i < s->n; i++) {
        struct diff_row *other = &s->row[i];
        int yes = side == SIDE_B ? may_pair(r, other) && same(r, other)
                                 : may_pair(other, r) && same(other, r);
        if (yes && found)
            return NULL;
        found = yes ? other : found;
    }
    return found;
}

/* The row with the name takes the other's values; that is left empty. */
static void put_together(struct diff_row *a, struct diff_row *b)
{
    struct diff_row *named = a->is_place ? b : a, *other = a->is_place ? a : b;
    int side = other == a ? SIDE_A : SIDE_B;
    named->side[side] = other->side[side];
    named->is_paired = 1;
    memset(&other->side[side], 0, sizeof other->side[side]);
}

static void pairs_find(struct diff_section *s, is_same *same)
{
    for (size_t i = 0; i < s->n; i++) {
        struct diff_row *a = &s->row[i];
        struct diff_row *b = only_on(a, SIDE_A) ? partner(s, a, SIDE_B, same) : NULL;
        if (b && partner(s, b, SIDE_A, same) == a)
            put_together(a, b);
    }
}

static void empty_drop(struct diff_section *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->row[i].side[SIDE_A].sum > 0 || s->row[i].side[SIDE_B].sum > 0)
            s->row[n++] = s->row[i];
    s->n = n;
}

void diff_pairs(struct diff_section *s)
{
    pairs_find(s, same_lines);
    pairs_find(s, same_length);
    empty_drop(s);
}
