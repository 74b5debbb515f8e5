/* revision: which commit is being measured. */
#ifndef COLLECTOR_HISTORY_REVISION_H
#define COLLECTOR_HISTORY_REVISION_H

enum { REVISION_MAX = 80 };

struct revision {
    char commit[REVISION_MAX]; /* full; "" unknown */
    int dirty;                 /* 1: files that git knows were changed since */
};

/* What git says of the working directory; where it says nothing, GITHUB_SHA or CI_COMMIT_SHA. */
void revision_find(struct revision *r);

#endif
