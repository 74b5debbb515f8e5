/* bench: `modprof bench`: runs a program many times, says what it costs, and whether that is more than another
 * command or an earlier run.
 *
 * In: the command line, the history.  Out: the result on stdout or in a file, and as exit status; progress on
 * stderr, on a terminal; a run in the history. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/bench/bench_measure.h"
#include "collector/budget/metric.h"
#include "collector/cli/bench_history.h"
#include "collector/cli/bench_settings.h"
#include "collector/cli/cli.h"
#include "collector/cli/output_file.h"
#include "collector/cli/private_dir.h"
#include "collector/cli/shim_path.h"
#include "collector/output/bench_output.h"
#include "collector/util/terminal.h"

struct benching {
    struct bench_settings set;
    struct bench bench;
    struct bench_history history;
    struct private_dir dir;
    int shows; /* progress is on the screen */
};

/* ---- while it runs ---- */

static void progress_clear(struct benching *b)
{
    if (b->shows)
        fputs("\r\033[K", stderr);
    b->shows = 0;
}

static void on_progress(void *ctx, const struct bench_progress *p)
{
    struct benching *b = ctx;
    char left[HUMAN_MAX];
    if (!isatty(STDERR_FILENO) || b->bench.plan.show_output)
        return;
    fprintf(stderr, "\r\033[K%s %zu", p->doing, p->done + 1);
    if (p->wanted)
        fprintf(stderr, " of %zu", p->wanted);
    if (p->left_s >= 0)
        fprintf(stderr, ", about %s left", human_ns(left, p->left_s * 1e9));
    fflush(stderr);
    b->shows = 1;
}

static void on_failed(void *ctx, const struct bench_failure *f)
{
    struct benching *b = ctx;
    const struct bench *bench = &b->bench;
    const struct bench_command *c =
        f->prepare ? &bench->plan.prepare : &bench->filled[f->side][f->value];
    char why[128];
    if (bench->plan.ignore_failure && f->outcome != BENCH_NOT_STARTED)
        return;
    progress_clear(b);
    cli_error("bench", "%s %s%s", c->text,
              bench_outcome_say(why, sizeof why, f->outcome, f->number),
              f->outcome == BENCH_NOT_STARTED || f->prepare
                  ? ""
                  : "; --show-output shows what it says, --ignore-failure goes on");
}

static int shim_find(struct benching *b, char *path, const char **shim, struct err *err)
{
    *shim = NULL;
    for (size_t i = 0; i < b->bench.metric_n; i++)
        if (b->bench.metric[i].source == SOURCE_TRACE && !*shim) {
            if (shim_path_find(path, err))
                return -1;
            *shim = private_dir_preloadable(&b->dir, path, err);
            if (!*shim)
                return -1;
        }
    return 0;
}

static int measure(struct benching *b)
{
    struct err err = {""};
    char shim[PATH_MAX];
    struct bench_measure m = {
        .bench = &b->bench, .tell = on_progress, .failed = on_failed, .ctx = b};
    if (private_dir_make(&b->dir, 0, &err) || shim_find(b, shim, &m.shim, &err))
        return cli_error("bench", "%s", err.text);
    m.dir = b->dir.path;
    bench_process_begin();
    int bad = bench_measure(&m, &err);
    progress_clear(b);
    return bad ? cli_error("bench", "%s", err.text) : 0;
}

/* ---- what came of it ---- */

static int metric_missing(const struct bench_judgement *j)
{
    for (size_t i = 0; i < j->row_n; i++)
        if (j->row[i].metric->judged && !j->row[i].side[SIDE_APP].d.n)
            return 1;
    return 0;
}

static int status_of(const struct benching *b, const struct bench_judgement *j)
{
    if (b->bench.stopped)
        return EXIT_ERROR;
    if (j->verdict == BENCH_REGRESSED)
        return EXIT_OVER;
    if (b->bench.interrupted)
        return EXIT_NO_VERDICT;
    int none = j->verdict == BENCH_NO_VERDICT || b->history.missing || metric_missing(j);
    return none && !b->set.lenient ? EXIT_NO_VERDICT : EXIT_FINE;
}

enum { WIDTH_PLAIN = 200 };

static void text_write(const struct benching *b, const struct bench_report *r, FILE *out)
{
    int fd = fileno(out);
    struct canvas c = {out, terminal_width(fd), 0,
                       terminal_color(fd, (enum terminal_color)b->set.color)};
    c.cut = c.width != 0;
    if (!c.width)
        c.width = WIDTH_PLAIN;
    bench_text(r, &c);
}

static int report(struct benching *b)
{
    struct bench_judgement j;
    bench_judge(&j, &b->bench);
    struct bench_report r = {.judgement = &j,
                             .machine = b->history.machine,
                             .commit = b->history.revision.commit,
                             .dirty = b->history.revision.dirty,
                             .baseline = b->history.baseline_text ? b->set.baseline : NULL,
                             .baseline_text = b->history.baseline_text,
                             .missing = b->history.missing,
                             .status = status_of(b, &j)};
    FILE *out = output_file_open("bench", b->set.output);
    int status = r.status, bad = !out;
    if (out) {
        if (b->set.json)
            bench_json(&r, out);
        else
            text_write(b, &r, out);
        bad = output_file_close("bench", b->set.output, out, 0);
    }
    bench_judgement_release(&j);
    return bad ? EXIT_ERROR : status;
}

static int metrics_list(void)
{
    static const char *const outside[] = {"wall", "cpu", "user", "system", "rss"};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
        printf("%-22s of the program as it is, without the profiler\n", outside[i]);
    puts("op.NAME.p50            of operations that the program reports; also p95, p99, rate");
    puts("value.NAME             a value that the program reports");
    for (int i = 0; i < METRIC_N; i++)
        printf("%-22s %s\n", metric_at((enum metric_id)i)->name,
               metric_at((enum metric_id)i)->summary);
    return fflush(stdout) ? EXIT_ERROR : EXIT_FINE;
}

static int bench(struct benching *b)
{
    int status = bench_history_begin(&b->history, &b->set, &b->bench);
    if (!status)
        status = measure(b);
    if (status || (b->bench.stopped && !b->bench.rounds && !b->bench.traced_rounds))
        return EXIT_ERROR;
    status = report(b);
    if (!b->bench.stopped && !b->bench.interrupted &&
        bench_history_end(&b->history, &b->set, &b->bench, status == EXIT_OVER))
        return EXIT_ERROR;
    return status;
}

int cmd_bench(int argc, char **argv)
{
    struct benching b;
    memset(&b, 0, sizeof b);
    int status = bench_settings_read(&b.set, &b.bench, argc, argv);
    if (status)
        status--;
    else if (b.set.metrics)
        status = metrics_list();
    else {
        signal(SIGPIPE, SIG_IGN);
        signal(SIGXFSZ, SIG_IGN); /* a full file is told */
        status = bench(&b);
    }
    bench_history_release(&b.history);
    private_dir_remove(&b.dir);
    bench_release(&b.bench);
    return status;
}
