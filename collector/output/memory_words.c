/* memory_words: see memory_text.h. */
#include "collector/output/memory_words.h"

#include <inttypes.h>
#include <stdio.h>

char *memory_kinds_text(char out[MEMORY_KINDS_MAX], uint32_t kinds)
{
    int at = 0;
    *out = 0;
    for (unsigned k = 0; k < ALLOC_KIND_N; k++)
        if (kinds >> k & 1 && at < MEMORY_KINDS_MAX)
            at += snprintf(out + at, (size_t)(MEMORY_KINDS_MAX - at), "%s%s", at ? ", " : "",
                           alloc_kind_name(k));
    return out;
}

void memory_place_cell(struct table *t, unsigned column, const struct memory_row *r)
{
    if (r->is_lua && r->function && r->line)
        table_cellf(t, column, "%s:%" PRIu64, r->file, r->line);
    else
        table_cell(t, column, r->label);
}

const char *memory_function_text(const struct memory_row *r)
{
    return r->is_lua && r->function ? r->function : "";
}

const char *memory_why_none(const struct process *p)
{
    if (!p->heap.mode_seen || (!p->heap.mode.lua_mode && !p->heap.mode.c_mode))
        return "not recorded in this trace: run the program with MODPROF_ALLOC=sample or "
               "MODPROF_ALLOC=exact in its environment";
    return "nothing was drawn: the program allocated too little; MODPROF_ALLOC=exact in its "
           "environment records every allocation";
}
