/* flame: `modprof flame`, stacks as text or as a picture.
 *
 * In: trace files.  Out: folded stacks, SVG or HTML on stdout or to a file; what was wrong on stderr. */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/analyse/digest.h"
#include "collector/analyse/stack_delta.h"
#include "collector/cli/cli.h"
#include "collector/cli/output_file.h"
#include "collector/cli/stack_load.h"
#include "collector/output/flame_folded.h"
#include "collector/output/flame_svg.h"
#include "collector/util/xalloc.h"
#include "collector/util/err.h"

static const struct stack_help help = {
    "usage: modprof flame [OPTION...] [FILE|DIR...]\n"
    "       modprof flame --diff OTHER [OPTION...] [FILE|DIR...]\n"
    "       modprof flame [OPTION...] FILE|DIR... --vs FILE|DIR...\n"
    "\n"
    "Shows where the time went, as stacks: Lua and C in their true order.\n"
    "Without a FILE: the newest trace (*.mprof) in the working directory, or in $TMPDIR.\n"
    "\n"
    "  -f, --format FORMAT      folded (lines `outer;inner WEIGHT`), svg or html;\n"
    "                           default: by the name of the output, else folded\n"
    "  -o, --output FILE        write there instead of standard output\n"
    "      --diff OTHER         what changed from FILE to OTHER (a file or folder): red is more,\n"
    "                           blue is less; folded: `outer;inner BEFORE AFTER`\n"
    "      --vs                 the same, with what follows; several traces are runs, whose means\n"
    "                           are compared\n"
    "      --compare WHAT       time (default; per run), or share of the whole: both sides are\n"
    "                           scaled to the same total\n",
    "      --title TEXT         title of the picture (default: the command line)\n"
    "  -h, --help               show this\n"
    "\n"
    "Weights are nanoseconds; those of crossings are calls.\n"
    "\n"
    "Exit status: 0 fine; 1 a file could not be read, or there is nothing to show; 2 usage;\n"
    "4 a trace is incomplete: what is intact was shown.\n"};

static const struct option_word formats[] = {
    {"folded", FORMAT_FOLDED}, {"svg", FORMAT_SVG}, {"html", FORMAT_HTML}, {NULL, 0}};

static int ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);
    return n >= m && !strcmp(name + n - m, end);
}

static void format_choose(struct stack_settings *s)
{
    if (s->format != FORMAT_NONE)
        return;
    s->format = FORMAT_FOLDED;
    if (s->out && ends_with(s->out, ".svg"))
        s->format = FORMAT_SVG;
    if (s->out && (ends_with(s->out, ".html") || ends_with(s->out, ".htm")))
        s->format = FORMAT_HTML;
}

static char *title_of_diff(const struct stack_load *l, const struct stack_settings *s,
                           const struct digest *d)
{
    char *more[2] = {xstrdup(""), xstrdup("")};
    size_t n[2] = {l->traces.paths.n, s->other.n};
    for (int i = 0; i < 2; i++)
        if (n[i] > 1) {
            free(more[i]);
            more[i] = xformat(" and %zu more", n[i] - 1);
        }
    char *title = xformat("%s: from %s%s to %s%s", digest_command(d), l->traces.paths.at[0],
                          more[0], s->other.at[0], more[1]);
    free(more[0]);
    free(more[1]);
    return title;
}

static char *title_of(const struct stack_load *l, const struct stack_settings *s)
{
    struct digest d = {.process = l->process[0]};
    if (s->title)
        return xstrdup(s->title);
    if (s->other.n)
        return title_of_diff(l, s, &d);
    if (l->process_n > 1)
        return xformat("%zu processes", l->process_n);
    return xformat("%s", digest_command(&d));
}

/* What is said about the figures in the picture itself. */
static char *note_of(const struct stack_load *l)
{
    const struct stack_quality *q = &l->quality;
    char *note = xformat("%s%s", l->traces.incomplete ? "INCOMPLETE trace" : "",
                         l->traces.incomplete && q->no_native_n ? "; " : "");
    if (!q->no_native_n)
        return note;
    char *more = xformat("%s%" PRIu64 " samples have no C stack", note, q->no_native_n);
    free(note);
    return more;
}

static void write_out(struct stack_load *l, const struct stack_settings *s, FILE *out,
                      const struct stack_delta *delta)
{
    const struct stack_tree *tree = delta ? &delta->tree : &l->tree;
    if (s->format == FORMAT_FOLDED) {
        if (delta)
            flame_folded_delta(delta, out);
        else
            flame_folded(tree, out);
        return;
    }
    char *title = title_of(l, s), *note = note_of(l);
    struct flame_page page = {title, note, s->format == FORMAT_HTML, delta};
    flame_svg(tree, &page, out);
    free(title);
    free(note);
}

static int output(struct stack_load *l, const struct stack_settings *s,
                  const struct stack_delta *delta)
{
    FILE *out = output_file_open("flame", s->out);
    if (!out)
        return EXIT_ERROR;
    write_out(l, s, out, delta);
    return output_file_close("flame", s->out, out, 0);
}

static int exit_status(const struct stack_load *l, int status)
{
    return status ? status : traces_status(&l->traces);
}

/* What changed from L to the traces that --diff names. */
static int output_diff(struct stack_load *l, const struct stack_settings *s)
{
    struct stack_load other;
    struct stack_settings same = *s;
    same.metric = (int)stack_metric_id_of(l->tree.metric);
    same.pid = 0;
    int early = stack_load_read(&other, &same, &s->other);
    if (!early)
        early = stack_load_tree(&other, &same);
    int status = early ? early - 1 : 0;
    if (!early) {
        struct stack_delta delta;
        stack_delta_build(&delta,
                          (const struct delta_side[]){{&l->tree, stack_load_runs(l)},
                                                      {&other.tree, stack_load_runs(&other)}},
                          s->shares);
        l->traces.incomplete |= other.traces.incomplete;
        l->quality.no_native_n += other.quality.no_native_n;
        status = exit_status(&other, output(l, s, &delta));
        stack_delta_release(&delta);
    }
    stack_load_release(&other);
    return status;
}

static int show(const struct stack_settings *s)
{
    struct stack_load l;
    signal(SIGPIPE, SIG_IGN);
    int early = stack_load_read(&l, s, &s->files);
    if (!early)
        early = stack_load_tree(&l, s);
    int status = early ? early - 1 : s->other.n ? output_diff(&l, s) : output(&l, s, NULL);
    status = exit_status(&l, status);
    stack_load_release(&l);
    return status;
}

int cmd_flame(int argc, char **argv)
{
    struct stack_settings s = {.command = "flame"};
    int early = stack_settings_read(&s, argc, argv, &help, formats);
    if (!early)
        format_choose(&s);
    int status = early ? early - 1 : show(&s);
    stack_settings_release(&s);
    return status;
}
