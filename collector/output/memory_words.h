/* memory_words: words that the memory sections share. */
#ifndef COLLECTOR_OUTPUT_MEMORY_WORDS_H
#define COLLECTOR_OUTPUT_MEMORY_WORDS_H

#include <stdint.h>

#include "collector/analyse/memory_rows.h"
#include "collector/output/table.h"

enum { MEMORY_KINDS_MAX = 200 };

/* "table, string" of bits by enum alloc_kind.  Returns OUT. */
char *memory_kinds_text(char out[MEMORY_KINDS_MAX], uint32_t kinds);

/* "dir/file.lua:12" for a line of Lua code, else the label. */
void memory_place_cell(struct table *t, unsigned column, const struct memory_row *r);
/* What a line belongs to; "" where the label says all. */
const char *memory_function_text(const struct memory_row *r);

/* How to record more of what P did; "" where all was. */
const char *memory_more(const struct process *p);
/* Why a trace has no stacks of allocations, and which option is needed. */
const char *memory_why_none(const struct process *p);

#endif
