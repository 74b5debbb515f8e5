/* fake_exact: the side of exact figures, likewise (fake_alloc.h).  Included once by a test. */
#ifndef TESTS_UNIT_FAKE_EXACT_H
#define TESTS_UNIT_FAKE_EXACT_H

#include "shim/hooks/alloc_exact.h"
#include "shim/hooks/alloc_tag.h"
#include "shim/real.h"
#include "tests/unit/fake_alloc.h"

int alloc_is_exact(const struct arena_state *s)
{
    (void)s;
    return fake_alloc.exact;
}

void alloc_exact_made(const struct arena_state *s)
{
    (void)s;
}

void *alloc_exact_new(struct arena_state *s, void *p, size_t kind, size_t n)
{
    fake_alloc.block = p;
    fake_alloc.kind = kind;
    fake_alloc.bytes = n;
    alloc_tag_keep(s, p, n, (uint32_t)++fake_alloc.new_n);
    return p;
}

void alloc_exact_resized(struct arena_state *s, uint32_t site, size_t before, size_t after)
{
    (void)s;
    fake_alloc.site = site;
    fake_alloc.before = before;
    fake_alloc.after = after;
}

void alloc_exact_gone(struct arena_state *s, const void *p, uint32_t site, size_t n)
{
    (void)s;
    fake_alloc.block = p;
    fake_alloc.site = site;
    fake_alloc.bytes = n;
    fake_alloc.gone_n++;
}

void *alloc_exact_free(struct arena_state *s, void *p, uint32_t site, size_t n)
{
    alloc_exact_gone(s, p, site, n);
    real.free(p);
    return NULL;
}

#endif
