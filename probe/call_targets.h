/* call_targets: where a piece of x86-64 code calls and jumps to directly, outside of itself.
 *
 * Bytes are looked at, not instructions: what looks like a call or jump counts from wherever it begins.  So a target may be
 * made up; whoever asks compares those of several functions, or looks whether a function begins there.
 *
 * Context: any; pure, no allocation. */
#ifndef PROBE_CALL_TARGETS_H
#define PROBE_CALL_TARGETS_H

#include <stddef.h>
#include <stdint.h>

struct code {
    const uint8_t *bytes;
    uint64_t n, address; /* how many, and where they run */
};

enum { CALL_TARGETS_MAX = 96 };

struct call_targets {
    uint64_t at[CALL_TARGETS_MAX]; /* each once */
    size_t n;
};

/* Adds those of C that lie within [lo, hi); what finds no room is left out. */
void call_targets_add(struct call_targets *t, const struct code *c, uint64_t lo, uint64_t hi);

int call_targets_has(const struct call_targets *t, uint64_t address);

/* The only one that is in all N sets; 0: there is none, or several. */
uint64_t call_targets_common(const struct call_targets *t, size_t n);

#endif
