/* pattern: what `--filter` takes: a part of a name, or a glob where it holds *, ? or [. */
#ifndef COLLECTOR_UTIL_PATTERN_H
#define COLLECTOR_UTIL_PATTERN_H

/* 1 where NAME matches.  A NULL pattern matches everything.  Letter case counts. */
int pattern_match(const char *pattern, const char *name);

#endif
