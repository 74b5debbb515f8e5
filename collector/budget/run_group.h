/* run_group: which processes are repeated runs of one thing.
 *
 * Processes with the same command line are runs of the same program.  Those that were forked from another
 * are kept apart: workers of a server have one command line and do different work. */
#ifndef COLLECTOR_BUDGET_RUN_GROUP_H
#define COLLECTOR_BUDGET_RUN_GROUP_H

#include "collector/analyse/digest.h"
#include "collector/budget/budget.h"

struct run_group {
    const char *command; /* in a process's pool */
    struct digest **d;
    size_t n, cap;
    int forked; /* 1: workers, of which each counts by itself; 0: repeated runs */
};

struct run_groups {
    struct run_group *at; /* in order of appearance */
    size_t n, cap;
};

void run_groups_make(struct run_groups *g, struct digest *const *d, size_t n);
void run_groups_release(struct run_groups *g);

/* 1 where the rule's `process` names it: by the program's name, its script's name (the first argument),
 * or the whole command line. */
int run_group_wanted(const struct run_group *g, const struct rule *r);

/* What people call it: its script's name, or the program's where there is none. */
const char *run_group_name(const struct run_group *g);

/* The group of OTHERS that runs what G runs: the same command line, else the same program and script;
 * NULL where there is none. */
const struct run_group *run_group_like(const struct run_groups *others, const struct run_group *g);

#endif
