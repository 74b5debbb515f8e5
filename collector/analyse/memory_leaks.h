/* memory_leaks: which places keep what they allocate, and which of these keep more and more of it.
 *
 * Everything made at one line is one finding for each heap, whatever kinds of blocks it was and however
 * often they grew.  A finding is *accused* where what it holds has risen from check to check: each check is made at
 * the end of a collection, so garbage does not count, and comes when twice as much was allocated as at the one
 * before.  What is made once and kept, a cache with a bound, a buffer that has its size does not
 * rise; it is listed as kept, not accused. */
#ifndef COLLECTOR_ANALYSE_MEMORY_LEAKS_H
#define COLLECTOR_ANALYSE_MEMORY_LEAKS_H

#include "collector/analyse/memory_rows.h"

enum leak_verdict {
    LEAK_RISES,   /* accused */
    LEAK_STOPPED, /* rose, but no longer in the last part of the run */
    LEAK_UNSURE, /* nothing of it was released, but there were too few collections, or samples, to see it rise */
    LEAK_KEPT, /* held, but it does not rise */
    LEAK_VERDICT_N
};
const char *leak_verdict_name(enum leak_verdict v); /* "rises" ... */

struct leak {
    struct memory_row row; /* of one heap */
    unsigned heap;         /* enum alloc_heap */
    const char *library;   /* C memory: path of what called malloc for most of it; else "" */
    enum leak_verdict verdict;
    int few; /* 1: kept for all that is known, but of too few samples to see it rise */
    const char *suppressed; /* pattern that covers it; NULL: none */
};

struct leaks {
    struct leak *at; /* accused first, then most bytes held */
    size_t n;
    size_t verdict_n[LEAK_VERDICT_N]; /* without suppressed ones */
    uint64_t verdict_bytes[LEAK_VERDICT_N];
    size_t suppressed_n;
    size_t few_n;     /* of those kept, without suppressed ones: of too few samples */
    unsigned check_n; /* checks there were */
};

/* Which findings are not to be told of: the pattern that covers one, or NULL.  CTX is the caller's. */
struct leak_filter {
    const char *(*covers)(void *ctx, const struct leak *l);
    void *ctx;
};

void leaks_build(struct leaks *l, struct process *p, struct symbols *symbols,
                 const struct leak_filter *filter);
void leaks_release(struct leaks *l);

/* A leak of fewer bytes has too few samples to be seen, in the heap where these are larger; 0: all is recorded. */
uint64_t leaks_least_bytes(const struct process *p);

/* How bytes held went from check to check: [n - 1] is the newest, behind it LAST at the end. */
struct leak_course {
    const struct memory_sums *sums;
    unsigned check_n;   /* that there were */
    double clock_end;   /* bytes that Lua had allocated by the end */
    double clock_ratio; /* that, over what was by the newest check; at least 1 */
    double look_ratio;  /* likewise, by the last look; at most 1: there was none since that check */
    double heap_bytes;  /* that all of Lua held at the newest check */
    double look_clock;  /* bytes that Lua had allocated by the last look */
    double check_clock[MEMORY_CHECKS], late_clock[MEMORY_LATE],
        since_clock[MEMORY_PAST]; /* by those moments; 0: there was none */
    int nobodys;                  /* 1: Lua's own memory, made by no Lua code */
};
enum leak_verdict leak_judge(const struct leak_course *c);

/* 0: what is left of an estimate is less than any block, and no finding. */
int leak_is_held(const struct memory_amount *live);

#endif
