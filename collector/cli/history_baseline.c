/* history_baseline: see history_baseline.h. */
#include "collector/cli/history_baseline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/cli/cli.h"
#include "collector/util/human.h"
#include "collector/util/nearest.h"
#include "collector/util/xalloc.h"

enum { NAMES_LOOKED_AT = 1000, NAMES_SHOWN = 8 };

int history_is_there(const char *path)
{
    char *found = path ? xstrdup(path) : store_path_find();
    int there = found && (!access(found, F_OK) || errno != ENOENT);
    free(found);
    return there;
}

static char *joined(const char *const *name, size_t n)
{
    char *text = xstrdup("; it has");
    for (size_t i = 0; i < n && i < NAMES_SHOWN; i++) {
        char *more = xformat("%s%s%s", text, i ? ", " : " ", name[i]);
        free(text);
        text = more;
    }
    if (n <= NAMES_SHOWN)
        return text;
    char *more = xformat("%s and others (`modprof history --baselines`)", text);
    free(text);
    return more;
}

char *history_baseline_names(struct store *s, const char *name)
{
    const char *known[NAMES_LOOKED_AT];
    long n = store_baseline_names(s, known, NAMES_LOOKED_AT, NULL);
    const char *nearest = n > 0 ? nearest_word(name, known, (size_t)n) : NULL;
    if (nearest && strcmp(nearest, name) != 0)
        return xformat("; did you mean `%s`?", nearest);
    return n > 0 ? joined(known, (size_t)n) : xstrdup("; it has no baselines");
}

char *history_run_words(const struct store_run *r, int elsewhere)
{
    char date[HUMAN_MAX];
    return xformat("of %s%s%.10s%s%s%s", human_date(date, (uint64_t)r->at_ns),
                   *r->commit ? ", commit " : "", r->commit, r->dirty ? " with changes" : "",
                   elsewhere ? ", machine " : "", elsewhere ? r->machine : "");
}

char *history_elsewhere(const char *name, const char *machine)
{
    return xformat(
        "the baseline %s is of another machine (%s); --any-machine compares all the same", name,
        machine);
}

void history_not_moved(const char *command, const char *baseline)
{
    cli_error(command,
              "the baseline %s stays what it was, since this run fails; the run is saved, and "
              "`modprof history --save-baseline %s -- PROGRAM` names it all the same",
              baseline, baseline);
}
