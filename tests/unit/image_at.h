/* image_at: the loaded object that holds an address of this program, for tests that change its code. */
#ifndef TESTS_UNIT_IMAGE_AT_H
#define TESTS_UNIT_IMAGE_AT_H

#include <link.h>

#include "shim/attach/image.h"
#include "tests/unit/unit.h"

struct image_here {
    struct image im;
    uint64_t address;
};

static int image_find_here(struct dl_phdr_info *info, size_t size, void *ctx)
{
    struct image_here *h = ctx;
    (void)size;
    image_read(&h->im, info);
    return image_text(&h->im, h->address) != NULL;
}

/* There is one. */
static inline struct image image_at(uint64_t address)
{
    struct image_here h = {.address = address};
    assert_true(dl_iterate_phdr(image_find_here, &h));
    return h.im;
}

#endif
