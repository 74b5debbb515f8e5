/* run_group: see run_group.h. */
#include "collector/budget/run_group.h"

#include <stdlib.h>
#include <string.h>

#include "collector/util/xalloc.h"

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static const char *program_name(const struct run_group *g)
{
    struct process *p = g->d[0]->process;
    return last_part(process_bytes_display(p, p->about.exe));
}

/* The first argument's last part; "" where there is none. */
static const char *script_name(const struct run_group *g)
{
    struct process *p = g->d[0]->process;
    struct rec_bytes argv = p->about.argv;
    const uint8_t *end = argv.n ? memchr(argv.at, 0, argv.n) : NULL;
    if (!end || (size_t)(end + 1 - argv.at) >= argv.n)
        return "";
    struct rec_bytes script = {
        end + 1, strnlen((const char *)end + 1, argv.n - (size_t)(end + 1 - argv.at))};
    return last_part(process_bytes_display(p, script));
}

static struct run_group *group_of(struct run_groups *g, struct digest *d, const char *command)
{
    int forked = d->process->about.forked_from != 0;
    for (size_t i = 0; d->process->about_seen && i < g->n; i++)
        if (g->at[i].forked == forked && !strcmp(g->at[i].command, command))
            return &g->at[i];
    g->at = xgrow(g->at, g->n, &g->cap, sizeof *g->at);
    g->at[g->n] = (struct run_group){.command = command, .forked = forked};
    return &g->at[g->n++];
}

void run_groups_make(struct run_groups *g, struct digest *const *d, size_t n)
{
    memset(g, 0, sizeof *g);
    for (size_t i = 0; i < n; i++) {
        const char *command = digest_command(d[i]);
        struct run_group *one = group_of(g, d[i], command);
        one->d = xgrow(one->d, one->n, &one->cap, sizeof *one->d);
        one->d[one->n++] = d[i];
    }
}

void run_groups_release(struct run_groups *g)
{
    for (size_t i = 0; i < g->n; i++)
        free(g->at[i].d);
    free(g->at);
    memset(g, 0, sizeof *g);
}

int run_group_wanted(const struct run_group *g, const struct rule *r)
{
    const char *script = r->process.n ? script_name(g) : "";
    return !r->process.n || name_set_holds(&r->process, g->command) ||
           name_set_holds(&r->process, program_name(g)) ||
           (*script && name_set_holds(&r->process, script));
}

/* An option is no script. */
const char *run_group_name(const struct run_group *g)
{
    const char *script = script_name(g);
    return *script && *script != '-' ? script : program_name(g);
}

const struct run_group *run_group_like(const struct run_groups *others, const struct run_group *g)
{
    for (size_t i = 0; i < others->n; i++)
        if (others->at[i].forked == g->forked && !strcmp(others->at[i].command, g->command))
            return &others->at[i];
    for (size_t i = 0; i < others->n; i++)
        if (others->at[i].forked == g->forked &&
            !strcmp(program_name(&others->at[i]), program_name(g)) &&
            !strcmp(script_name(&others->at[i]), script_name(g)))
            return &others->at[i];
    return NULL;
}
