/* alloc_tag: see alloc_tag.h.  What is seldom. */
#include "shim/hooks/alloc_tag.h"

#include "shim/record/record_api.h"

COLD void alloc_tag_to_table(struct arena_state *s, const void *p, uint32_t site)
{
    struct tracked e = {.site = site, .n = 1};
    if (site != 0 && track_add(TRACK_LUA, p, &e) == 0)
        return;
    s->tags_unsure = 1;
    if (site != 0)
        loss_count(LOSS_TRACK_FULL, 1);
}

COLD uint32_t alloc_tag_from_table(const void *p)
{
    struct tracked e;
    return track_take(TRACK_LUA, p, &e) ? e.site | ALLOC_TAG_IN_TABLE : 0;
}

COLD uint32_t alloc_tag_damaged(void)
{
    loss_count(LOSS_TRACK_FULL, 1);
    return 0;
}
