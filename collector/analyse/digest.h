/* digest: everything that a report says about one process, added up once for all formats. */
#ifndef COLLECTOR_ANALYSE_DIGEST_H
#define COLLECTOR_ANALYSE_DIGEST_H

#include "collector/analyse/crossing_rows.h"
#include "collector/analyse/module_size.h"
#include "collector/analyse/span_tree.h"
#include "collector/analyse/totals.h"
#include "collector/analyse/trust.h"
#include "collector/model/model.h"

struct digest {
    struct model *model;     /* not owned */
    struct process *process; /* not owned */
    struct symbols *symbols; /* not owned */
    struct span_tree spans;
    struct module_totals modules;
    struct lua_totals lua;
    struct c_totals c;
    struct crossing_rows crossings;
    struct sentences incomplete, covered, uncovered, losses;
    struct module_sizes *sizes; /* NULL until digest_sizes */
};

void digest_build(struct digest *d, struct model *m, struct process *p, struct symbols *symbols);
void digest_release(struct digest *d);

/* Sizes of the modules, worked out (from their files) when they are first asked for. */
const struct module_sizes *digest_sizes(struct digest *d);

/* 0 where nothing that Lua did is recorded (not covered, or lost): its sums of zero mean nothing. */
int digest_has_lua(const struct digest *d);
/* Command line of the process for people, or its executable; in the process's pool. */
const char *digest_command(const struct digest *d);
/* How long it ran, for people: "56.3 ms", "at least 56.3 ms"; in the process's pool. */
const char *digest_ran(const struct digest *d);
/* How it ended, for people: "exit status 0", "killed", "still running". */
const char *digest_ending(const struct digest *d);

#endif
