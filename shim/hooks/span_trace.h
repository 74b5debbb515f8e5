/* span_trace: what the trace gets of a span: its begin and its end (span_tries.c: the files it tried).
 *
 * Begins are written late, when something happened inside (span_touch), so that parents always
 * stand before their children.  Of spans of one kind and name the first SPAN_KEEP (span_quota.h)
 * are written, the rest only where something nested in them is.
 *
 * Context: host threads; signal handlers that jump. */
#ifndef SHIM_HOOKS_SPAN_TRACE_H
#define SHIM_HOOKS_SPAN_TRACE_H

#include "shim/hooks/spans.h"

enum { SPAN_TRIES = 64, SPAN_ERRORS_ALL = 512 };

/* Something happens in S: notes name, caller and memory, once, and writes the begins of S and of
 * what it is in. */
void span_touch(struct span *s);

/* The same for the notes alone: nothing is written before the end, or before a nested span is. */
void span_note(struct span *s);

/* The same where the string id of its name is known already. */
void span_note_named(struct span *s, uint32_t name);

/* The loader is about to be called: what is not another phase's was resolving. */
void span_resolved(struct span *s, uint64_t now);

/* Completes the phases and writes the end. S must be touched. */
void span_write_end(struct span *s, enum span_status status, uint64_t end_ns);

/* String id of the value at the top of S's Lua stack where that is a string, cut; else 0.  Only
 * where Lua has just left an error message there. */
uint32_t span_error_text(const struct span *s);

/* S ends by a yield: says so in its error text. S must be touched. */
void span_yielded(struct span *s);

/* Hash by which texts and paths are known again; never 0. */
uint64_t span_hash(const char *bytes, size_t n);

#endif
