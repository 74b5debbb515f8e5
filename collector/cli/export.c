/* export: `modprof export`, traces in the formats of other programs.
 *
 * In: trace files.  Out: one file; what was wrong on stderr. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/analyse/digest.h"
#include "collector/cli/cli.h"
#include "collector/cli/export_page.h"
#include "collector/cli/output_file.h"
#include "collector/cli/stack_load.h"
#include "collector/output/flame_export.h"
#include "collector/output/flame_folded.h"
#include "collector/util/err.h"
#include "collector/util/xalloc.h"

static const struct stack_help help = {
    "usage: modprof export --format FORMAT [OPTION...] [FILE|DIR...]\n"
    "\n"
    "Writes traces for other programs.\n"
    "Without a FILE: the newest trace (*.mprof) in the working directory, or in $TMPDIR.\n"
    "\n"
    "  -f, --format FORMAT      folded: stacks as lines of text, for flamegraph.pl and others\n"
    "                           pprof: for `go tool pprof` (gzip)\n"
    "                           speedscope: for https://www.speedscope.app (JSON)\n"
    "                           chrome: module loads over time as trace events, for\n"
    "                           chrome://tracing and Perfetto (JSON)\n"
    "                           html: the page of `modprof view` in one file, for a browser\n"
    "                           page-json: the data of that page (docs/PAGE.md); the options of\n"
    "                           these two: modprof export --format html --help\n"
    "  -o, --output FILE        write there instead of standard output\n",
    "      --title TEXT         name of the profile (default: the command line)\n"
    "  -h, --help               show this\n"
    "\n"
    "Exit status: 0 fine; 1 a file could not be read, or there is nothing to write; 2 usage;\n"
    "4 a trace is incomplete: what is intact was written.\n"};

static const struct option_word formats[] = {{"folded", FORMAT_FOLDED},
                                             {"pprof", FORMAT_PPROF},
                                             {"speedscope", FORMAT_SPEEDSCOPE},
                                             {"chrome", FORMAT_CHROME},
                                             {"html", FORMAT_HTML},
                                             {"page-json", FORMAT_HTML},
                                             {NULL, 0}};

static struct export_about about_of(const struct stack_load *l, const struct stack_settings *s,
                                    char **title)
{
    struct process *p = l->process[0];
    struct digest d = {.process = p};
    *title = s->title           ? xstrdup(s->title)
             : l->process_n > 1 ? xformat("%zu processes", l->process_n)
                                : xstrdup(digest_command(&d));
    return (struct export_about){*title, process_bytes_display(p, p->about.exe), p->start_real_ns,
                                 process_since_start(p, process_end_ns(p)),
                                 l->tree.samples_n ? stack_distance_ns(p) : 0};
}

static int write_out(struct stack_load *l, const struct stack_settings *s, FILE *out)
{
    char *title;
    struct export_about about = about_of(l, s, &title);
    int bad = 0;
    if (s->format == FORMAT_PPROF)
        bad = flame_pprof(&l->tree, &about, out);
    else if (s->format == FORMAT_SPEEDSCOPE)
        flame_speedscope(&l->tree, &about, out);
    else if (s->format == FORMAT_CHROME)
        flame_chrome(l->process, l->process_n, out);
    else
        flame_folded(&l->tree, out);
    free(title);
    return bad;
}

static int output(struct stack_load *l, const struct stack_settings *s)
{
    FILE *out = output_file_open("export", s->out);
    if (!out)
        return EXIT_ERROR;
    return output_file_close("export", s->out, out, write_out(l, s, out));
}

static int is_usable(const struct stack_settings *s)
{
    if (s->format == FORMAT_NONE) {
        cli_usage_error("export", "--format is needed: folded, pprof, speedscope, chrome, html or "
                                  "page-json");
        return 0;
    }
    if (s->shape.invert && s->format != FORMAT_FOLDED) {
        cli_usage_error("export", "--invert is for folded stacks only: other programs can turn "
                                  "stacks around themselves");
        return 0;
    }
    if (s->other.n) {
        cli_usage_error("export",
                        "--diff is for --format html and page-json; `modprof flame --diff` "
                        "writes the stacks of two traces");
        return 0;
    }
    if (s->format == FORMAT_PPROF && !s->out && isatty(STDOUT_FILENO)) {
        cli_usage_error("export", "pprof profiles are binary: name a file with -o");
        return 0;
    }
    return 1;
}

static int show(const struct stack_settings *s)
{
    struct stack_load l;
    signal(SIGPIPE, SIG_IGN);
    int early = stack_load_read(&l, s, &s->files);
    if (!early && s->format != FORMAT_CHROME)
        early = stack_load_tree(&l, s);
    int status = early ? early - 1 : output(&l, s);
    if (!status)
        status = traces_status(&l.traces);
    stack_load_release(&l);
    return status;
}

int cmd_export(int argc, char **argv)
{
    struct stack_settings s = {.command = "export"};
    if (export_page_is_wanted(argc, argv))
        return export_page(argc, argv);
    int early = stack_settings_read(&s, argc, argv, &help, formats);
    int status = early ? early - 1 : is_usable(&s) ? show(&s) : EXIT_USAGE;
    stack_settings_release(&s);
    return status;
}
