/* moved: see moved.h. */
#include "shim/attach/moved.h"

#include <stdatomic.h>

#include "arena/layout.h"
#include "shim/platform.h"

enum { PAGES_MAX = ARENA_COPIES_MAX + 2 }; /* of copies of Lua, the loader, libffi */

/* Filled in order; a place that is free again is taken by the next. */
static struct {
    _Atomic(const struct moved_slot *) at; /* NULL: never used, nor are those behind it */
    _Atomic size_t bytes;                  /* 0: none now */
} page[PAGES_MAX];

void moved_remove(const struct moved_slot *at)
{
    for (int i = 0; i < PAGES_MAX; i++)
        if (page[i].at == at)
            page[i].bytes = 0;
}

void moved_add(const struct moved_slot *at, size_t n)
{
    int i = 0;
    moved_remove(at);
    while (i < PAGES_MAX && page[i].bytes != 0)
        i++;
    if (i == PAGES_MAX)
        return;
    page[i].at = at;
    page[i].bytes = n * sizeof *at;
}

/* OFFSET in the slot. */
static uint64_t origin_in(const struct moved_slot *s, size_t offset, uint64_t pc)
{
    if (offset < offsetof(struct moved_slot, code))
        return s->entry + s->keep_n;
    offset -= offsetof(struct moved_slot, code);
    for (int i = 0; i < s->step_n && i < ENTRY_STEPS_MAX; i++)
        if (s->step[i].code == offset)
            return s->entry + s->step[i].at;
    return pc; /* a call's jump, behind what was pushed for it */
}

uint64_t moved_origin(uint64_t pc)
{
    const struct moved_slot *at;
    for (int i = 0; i < PAGES_MAX && (at = page[i].at) != NULL; i++) {
        uint64_t offset = pc - (uint64_t)(uintptr_t)at;
        if (unlikely(offset < page[i].bytes))
            return origin_in(at + offset / sizeof *at, offset % sizeof *at, pc);
    }
    return pc;
}
