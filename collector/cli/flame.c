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
#include "collector/cli/cli.h"
#include "collector/cli/output_file.h"
#include "collector/cli/stack_load.h"
#include "collector/output/flame_folded.h"
#include "collector/output/flame_svg.h"
#include "collector/util/xalloc.h"
#include "collector/util/err.h"

static const struct stack_help help = {
    "usage: modprof flame [OPTION...] [FILE|DIR...]\n"
    "\n"
    "Shows where the time went, as stacks: Lua and C in their true order.\n"
    "Without a FILE: the newest trace (*.mprof) in the working directory, or in $TMPDIR.\n"
    "\n"
    "  -f, --format FORMAT      folded (lines `outer;inner WEIGHT`), svg or html;\n"
    "                           default: by the name of the output, else folded\n"
    "  -o, --output FILE        write there instead of standard output\n",
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

static char *title_of(const struct stack_load *l, const struct stack_settings *s)
{
    struct digest d = {.process = l->process[0]};
    if (s->title)
        return xstrdup(s->title);
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

static void write_out(struct stack_load *l, const struct stack_settings *s, FILE *out)
{
    if (s->format == FORMAT_FOLDED) {
        flame_folded(&l->tree, out);
        return;
    }
    char *title = title_of(l, s), *note = note_of(l);
    flame_svg(&l->tree, &(struct flame_page){title, note, s->format == FORMAT_HTML}, out);
    free(title);
    free(note);
}

static int output(struct stack_load *l, const struct stack_settings *s)
{
    FILE *out = output_file_open("flame", s->out);
    if (!out)
        return EXIT_ERROR;
    write_out(l, s, out);
    return output_file_close("flame", s->out, out, 0);
}

int cmd_flame(int argc, char **argv)
{
    struct stack_settings s = {.command = "flame"};
    struct stack_load l;
    int early = stack_settings_read(&s, argc, argv, &help, formats);
    if (early)
        return early - 1;
    format_choose(&s);
    signal(SIGPIPE, SIG_IGN);
    early = stack_load_read(&l, &s, argv + optind);
    if (!early)
        early = stack_load_tree(&l, &s);
    int status = early ? early - 1 : output(&l, &s);
    if (!status)
        status = traces_status(&l.traces);
    stack_load_release(&l);
    return status;
}
