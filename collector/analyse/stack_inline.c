/* stack_inline: see stack_inline.h. */
#include "collector/analyse/stack_inline.h"

#include <stdlib.h>
#include <string.h>

#include "collector/util/escape.h"
#include "collector/util/xalloc.h"

enum { CHAIN_MAX = 64 };

static const char *keep(struct frames *f, const char *text)
{
    char *escaped = escape_text(text, strlen(text));
    const char *kept = pool_copy(&f->process->pool, escaped, strlen(escaped));
    free(escaped);
    return kept;
}

static void line_put(struct frames *f, const struct inline_frame *from, struct frame *wanted)
{
    if (f->by != BY_LINE || from->line <= 0 || !*from->file)
        return;
    wanted->function = wanted->label;
    wanted->file = keep(f, from->file);
    wanted->line = (uint64_t)from->line;
    wanted->label = pool_format(&f->process->pool, "%s %s:%d", wanted->label,
                                stack_file_short(wanted->file), from->line);
}

static void inlined_add(struct frames *f, const struct inline_frame *from,
                        const struct frame *around)
{
    struct frame wanted = *around;
    wanted.label = from->function ? keep(f, from->function) : "<inlined>";
    line_put(f, from, &wanted);
    f->inlined = xgrow(f->inlined, f->inlined_n, &f->inlined_cap, sizeof *f->inlined);
    f->inlined[f->inlined_n++] = frames_put(f, &wanted);
}

void frames_inline(struct frames *f, const struct symbol_query *q, struct place *place,
                   struct frame *wanted)
{
    struct inline_frame chain[CHAIN_MAX];
    size_t n = f->by == BY_MODULE ? 0 : symbol_inlines(f->symbols, q, chain, CHAIN_MAX);
    if (!n)
        return;
    place->inlined = (uint32_t)f->inlined_n;
    for (size_t i = 0; i + 1 < n; i++)
        inlined_add(f, &chain[i], wanted);
    place->inlined_n = (uint32_t)(n - 1);
    if (*wanted->label == '[' && chain[n - 1].function)
        wanted->label = keep(f, chain[n - 1].function);
    line_put(f, &chain[n - 1], wanted);
}
