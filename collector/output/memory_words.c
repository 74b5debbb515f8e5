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

static int is_finer_sampled(unsigned mode, uint64_t interval)
{
    enum { FINE = 16 << 10 };
    return mode == ALLOC_SAMPLED && interval <= FINE;
}

const char *memory_more(const struct process *p)
{
    const struct rec_alloc_mode *m = &p->heap.mode;
    if (m->lua_mode != ALLOC_SAMPLED && m->c_mode != ALLOC_SAMPLED)
        return "";
    if (m->lua_mode == ALLOC_EXACT)
        return "MODPROF_ALLOC=exact,c-exact takes all of C's, too";
    if (is_finer_sampled((unsigned)m->lua_mode, m->lua_interval))
        return "MODPROF_ALLOC=exact takes all of Lua's";
    return "MODPROF_ALLOC=sample:16k takes more";
}
