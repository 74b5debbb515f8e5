/* diff_command: `modprof diff`, two sets of traces compared.
 *
 * In: trace files.  Out: the comparison; what was wrong on stderr. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "collector/cli/cli.h"
#include "collector/cli/diff_settings.h"
#include "collector/cli/output_file.h"
#include "collector/cli/traces.h"
#include "collector/output/diff_output.h"
#include "collector/util/err.h"
#include "collector/util/terminal.h"
#include "collector/util/xalloc.h"

enum { WIDTH_UNKNOWN = 140 };

struct sides {
    struct traces traces[SIDE_N];
    struct digest *digest[SIDE_N]; /* of each process that was chosen */
    struct diff_side side[SIDE_N];
    struct symbols *symbols;
};

static void run_add(struct diff_side *side, struct model *m)
{
    side->run = xgrow(side->run, side->n, &side->cap, sizeof *side->run);
    side->run[side->n++] = (struct diff_run){.path = m->path};
}

static void digest_add(struct diff_run *run, struct digest *d)
{
    run->digest = xrealloc(run->digest, run->n + 1, sizeof *run->digest);
    run->digest[run->n++] = d;
}

static void side_digest(struct sides *s, int side)
{
    struct traces *t = &s->traces[side];
    s->digest[side] = xcalloc(t->n, sizeof *s->digest[side]);
    for (size_t i = 0; i < t->n; i++) {
        struct digest *d = &s->digest[side][i];
        digest_build(d, t->at[i].model, t->at[i].process, s->symbols);
        if (!i || t->at[i].model != t->at[i - 1].model)
            run_add(&s->side[side], t->at[i].model);
        digest_add(&s->side[side].run[s->side[side].n - 1], d);
    }
}

/* Returns 0, or an exit status + 1. */
static int sides_read(struct sides *s, const struct diff_settings *set)
{
    s->symbols = options_symbols(&set->symbols);
    for (int i = 0; i < SIDE_N; i++) {
        s->traces[i] = (struct traces){.command = "diff", .pid = set->pid, .window = set->window};
        int status = traces_read(&s->traces[i], set->side[i], set->n[i]);
        if (status)
            return status;
        side_digest(s, i);
    }
    return 0;
}

static void sides_release(struct sides *s)
{
    for (int i = 0; i < SIDE_N; i++) {
        for (size_t k = 0; s->digest[i] && k < s->traces[i].n; k++)
            digest_release(&s->digest[i][k]);
        for (size_t k = 0; k < s->side[i].n; k++)
            free(s->side[i].run[k].digest);
        free(s->digest[i]);
        free(s->side[i].run);
        traces_release(&s->traces[i]);
    }
    symbols_free(s->symbols);
}

static int output(const struct diff_settings *set, const struct diff_report *r)
{
    FILE *out = output_file_open("diff", set->out);
    if (!out)
        return EXIT_ERROR;
    if (set->json) {
        diff_json(r, out);
    } else {
        int fd = fileno(out);
        struct canvas c = {out, terminal_width(fd), 0,
                           terminal_color(fd, (enum terminal_color)set->color)};
        c.cut = c.width != 0;
        c.width = c.width ? c.width : WIDTH_UNKNOWN;
        diff_text(r, &c);
    }
    return output_file_close("diff", set->out, out, 0);
}

static int is_worse(const struct diff_report *r)
{
    for (size_t i = 0; i < r->diff->n; i++) {
        const struct diff_section *s = &r->diff->section[i];
        if (diff_shows(r, s) && s->verdict_n[DIFF_MORE] + s->verdict_n[DIFF_NEW])
            return 1;
    }
    return 0;
}

static int section_is_there(const struct diff_report *r)
{
    for (size_t i = 0; i < r->diff->n; i++)
        if (diff_shows(r, &r->diff->section[i]))
            return 1;
    return 0;
}

static int compare(struct sides *s, const struct diff_settings *set)
{
    struct diff d;
    struct diff_report r = {&d,           s->side,  &set->options,
                            set->section, set->top, set->all || set->json};
    diff_build(&d, s->side, &set->options, s->symbols);
    int status =
        section_is_there(&r)
            ? output(set, &r)
            : cli_error("diff", "there is no section `%s` in these traces%s%s", set->section,
                        d.clock_doubt ? ": " : "", d.clock_doubt ? d.clock_doubt : "");
    if (!status && set->exit_code && is_worse(&r))
        status = EXIT_OVER;
    diff_release(&d);
    return status;
}

int cmd_diff(int argc, char **argv)
{
    struct diff_settings set;
    struct sides s = {0};
    int status = diff_settings_read(&set, argc, argv);
    if (!status) {
        signal(SIGPIPE, SIG_IGN);
        status = sides_read(&s, &set);
        if (!status)
            status = compare(&s, &set) + 1;
        for (int i = 0; i < SIDE_N && status == EXIT_FINE + 1; i++)
            status = traces_status(&s.traces[i]) + 1;
    }
    sides_release(&s);
    diff_settings_release(&set);
    return status - 1;
}
