/* memory_words: words that the memory sections share. */
#ifndef COLLECTOR_OUTPUT_MEMORY_WORDS_H
#define COLLECTOR_OUTPUT_MEMORY_WORDS_H

#include <stdint.h>

#include "collector/model/model.h"

enum { MEMORY_KINDS_MAX = 200 };

/* "table, string" of bits by enum alloc_kind.  Returns OUT. */
char *memory_kinds_text(char out[MEMORY_KINDS_MAX], uint32_t kinds);

/* Why a trace has no stacks of allocations, and which option is needed. */
const char *memory_why_none(const struct process *p);

#endif
