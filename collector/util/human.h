/* human: numbers as people read them: 1.23 ms, 45.6 KiB, 12,345. */
#ifndef COLLECTOR_UTIL_HUMAN_H
#define COLLECTOR_UTIL_HUMAN_H

#include <stdint.h>

enum { HUMAN_MAX = 40, HUMAN_NOUN_MAX = 80 };

/* Each writes at most HUMAN_MAX bytes (with NUL) to OUT and returns OUT. */
char *human_ns(char *out, double ns);       /* "0 ns", "12.3 us", "1.23 s", "4m 05s" */
char *human_bytes(char *out, double bytes); /* "12 B", "1.5 KiB"; negative numbers too */
char *human_count(char *out, uint64_t n);   /* "1,234,567" */
/* "1 module", "1,234 modules": writes at most HUMAN_NOUN_MAX bytes. */
char *human_nouns(char *out, uint64_t n, const char *one, const char *many);
char *human_share(char *out, double part, double whole); /* "12.3%"; "" where WHOLE is 0 */
char *human_date(char *out, uint64_t real_ns);           /* local time, "2024-05-01 12:34:56" */

#endif
