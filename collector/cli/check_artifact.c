/* check_artifact: see check_artifact.h. */
#include "collector/cli/check_artifact.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "collector/cli/check_write.h"
#include "collector/cli/cli.h"
#include "collector/cli/self_run.h"
#include "collector/util/empty_dir.h"
#include "collector/util/terminal.h"
#include "collector/util/xalloc.h"

/* Says that a folder is ours to replace. */
#define MARKER "modprof-artifact"
enum { EXCHANGE = 2 /* RENAME_EXCHANGE */, DEPTH = 4, GITHUB_SUMMARY = 1 << 20 };
enum { PAGE_TRACES_MAX = 10 }; /* more would make the page slow to open, and tell little */

struct artifact {
    const char *dir; /* as the user named it */
    char *made;      /* where it is written */
    const struct check_report *report;
    const struct check_traces *traces;
};

static int said(const char *path)
{
    return cli_error("check", "%s can not be written: %s", path, strerror(errno)), -1;
}

/* ---- files ---- */

static int copy(const char *from, const char *to)
{
    char bytes[1 << 16];
    ssize_t n = -1;
    int in = open(from, O_RDONLY | O_CLOEXEC), bad = in < 0;
    int out = bad ? -1 : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    bad |= out < 0;
    while (!bad && (n = read(in, bytes, sizeof bytes)) > 0)
        bad = write(out, bytes, (size_t)n) != n;
    bad |= n < 0;
    int error = errno;
    if (in >= 0)
        close(in);
    if (out >= 0 && close(out))
        bad = 1;
    errno = error;
    return bad ? -1 : 0;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* What the copy of trace I is called within the artifact, for the caller to free; NULL: it was read as it came, and
 * there is none.  Traces from two folders may have one name: they are numbered. */
static char *name_of(const struct artifact *a, size_t i)
{
    const char *from = a->traces->paths.at[i];
    if (!strcmp(from, LOCATE_STDIN))
        return NULL;
    return a->traces->paths.n == 1 ? xformat("traces/%s", last_part(from))
                                   : xformat("traces/%03zu-%s", i + 1, last_part(from));
}

/* Where that copy stands. */
static char *copy_of(const struct artifact *a, size_t i)
{
    char *name = name_of(a, i);
    char *path = name ? xformat("%s/%s", a->made, name) : NULL;
    free(name);
    return path;
}

static int traces_write(const struct artifact *a)
{
    char *dir = xformat("%s/traces", a->made);
    int bad = mkdir(dir, 0777) ? said(dir) : 0;
    for (size_t i = 0; !bad && i < a->traces->paths.n; i++) {
        char *to = copy_of(a, i);
        if (to && copy(a->traces->paths.at[i], to))
            bad = said(to);
        free(to);
    }
    free(dir);
    return bad;
}

/* The names of the traces that the digests are of, in their order, for the caller to free one by one. */
static char **digest_names(const struct artifact *a)
{
    const struct check_traces *t = a->traces;
    char **name = xcalloc(t->digest_n, sizeof *name);
    for (size_t i = 0; i < t->digest_n; i++)
        for (size_t k = 0; k < t->model_n; k++)
            if (t->model[k] == t->digest[i]->model)
                name[i] = name_of(a, k);
    return name;
}

static int verdicts_write(const struct artifact *a)
{
    static const struct {
        const char *name;
        enum check_format format;
    } file[] = {{"verdict.txt", CHECK_TEXT},
                {"verdict.json", CHECK_JSON},
                {"junit.xml", CHECK_JUNIT},
                {"verdict.sarif", CHECK_SARIF},
                {"gl-code-quality.json", CHECK_GITLAB},
                {"metrics.om.txt", CHECK_OPENMETRICS}};
    struct check_report all = *a->report;
    char **name = digest_names(a);
    int bad = 0;
    all.all = 1;
    all.trace = (const char *const *)name;
    for (size_t i = 0; !bad && i < sizeof file / sizeof *file; i++) {
        char *path = xformat("%s/%s", a->made, file[i].name);
        bad = check_write(&all, file[i].format, path, COLOR_NEVER);
        free(path);
    }
    for (size_t i = 0; i < a->traces->digest_n; i++)
        free(name[i]);
    free(name);
    return bad;
}

static int summary_write(const struct artifact *a)
{
    char *path = xformat("%s/summary.md", a->made);
    FILE *out = fopen(path, "we");
    int bad = !out;
    if (out) {
        check_github_summary(a->report, out, GITHUB_SUMMARY);
        bad = ferror(out) | fclose(out);
    }
    if (bad)
        said(path);
    free(path);
    return bad ? -1 : 0;
}

/* ---- pictures ---- */

/* Of the first N traces, by the commands that people use.  What a trace has no data for is no picture. */
static void picture(const struct artifact *a, const char *const *option, const char *name,
                    size_t trace_n)
{
    char *path = xformat("%s/%s", a->made, name);
    size_t n = 0;
    const char **argv = xcalloc(trace_n + 16, sizeof *argv);
    argv[n++] = "modprof";
    for (; *option; option++)
        argv[n++] = *option;
    argv[n++] = "--output";
    argv[n++] = path;
    argv[n++] = "--";
    char **made = xcalloc(trace_n, sizeof *made);
    for (size_t i = 0; i < trace_n; i++) {
        made[i] = copy_of(a, i);
        argv[n++] = made[i] ? made[i] : a->traces->paths.at[i];
    }
    int status = self_run(argv, SELF_SILENT);
    if (status != EXIT_FINE && status != EXIT_NO_VERDICT)
        unlink(path);
    for (size_t i = 0; i < trace_n; i++)
        free(made[i]);
    free(made);
    free(argv);
    free(path);
}

/* The page has the verdicts of this very command: of all runs together, and against the baseline. */
static void page(const struct artifact *a)
{
    size_t all = a->traces->paths.n, n = all < PAGE_TRACES_MAX ? all : PAGE_TRACES_MAX;
    char *verdicts = xformat("%s/verdict.json", a->made);
    char *title = n < all ? xformat("the first %zu of %zu traces; verdicts of all", n, all) : NULL;
    const char *option[] = {"export", "--format",
                            "html",   "--verdicts",
                            verdicts, "--relative-to",
                            a->made,  title ? "--title" : NULL,
                            title,    NULL};
    picture(a, option, "index.html", n);
    free(title);
    free(verdicts);
}

static void pictures(const struct artifact *a)
{
    static const char *const metric[] = {"load", "cpu", "wall", "crossings"};
    for (size_t i = 0; i < sizeof metric / sizeof *metric; i++) {
        const char *option[] = {"flame", "--format", "svg", "--metric", metric[i], NULL};
        char *name = xformat("flame-%s.svg", metric[i]);
        picture(a, option, name, a->traces->paths.n);
        free(name);
    }
    page(a);
}

/* ---- the folder ---- */

static int remove_one(const char *path, const struct stat *st, int what, struct FTW *f)
{
    (void)st;
    (void)what;
    (void)f;
    return remove(path);
}

static void remove_all(const char *dir)
{
    nftw(dir, remove_one, DEPTH, FTW_DEPTH | FTW_PHYS);
}

/* 1 where DIR may be replaced: nothing is there, it is empty, or an artifact. */
static int replaceable(const char *dir)
{
    struct stat st;
    if (lstat(dir, &st))
        return errno == ENOENT;
    char *marker = xformat("%s/%s", dir, MARKER);
    int ours = S_ISDIR(st.st_mode) && !access(marker, F_OK);
    free(marker);
    return ours || (S_ISDIR(st.st_mode) && empty_dir(dir));
}

static int marker_write(const struct artifact *a)
{
    char *path = xformat("%s/%s", a->made, MARKER);
    FILE *out = fopen(path, "we");
    int bad = !out || fputs("modprof check --artifact may replace this folder\n", out) < 0;
    if (out)
        bad |= fclose(out) != 0;
    if (bad)
        said(path);
    free(path);
    return bad ? -1 : 0;
}

/* The old one, if any, is gone only once the new one stands. */
static int put_in_place(const struct artifact *a)
{
    if (!rename(a->made, a->dir))
        return 0;
    if (syscall(SYS_renameat2, AT_FDCWD, a->made, AT_FDCWD, a->dir, EXCHANGE))
        return said(a->dir);
    remove_all(a->made);
    return 0;
}

static char *without_slashes(const char *dir)
{
    size_t n = strlen(dir);
    while (n > 1 && dir[n - 1] == '/')
        n--;
    return xstrndup(dir, n);
}

int check_artifact(const char *dir, const struct check_report *r, const struct check_traces *t)
{
    char *name = without_slashes(dir);
    struct artifact a = {name, xformat("%s.new-XXXXXX", name), r, t};
    mode_t mask = umask(0);
    umask(mask);
    int bad = 0;
    if (!replaceable(name))
        bad = cli_error("check", "%s is there and is no artifact of modprof: name another folder",
                        dir);
    else if (!mkdtemp(a.made) || chmod(a.made, 0777 & ~mask))
        bad = said(a.made);
    if (!bad) {
        bad = marker_write(&a) || verdicts_write(&a) || summary_write(&a) || traces_write(&a);
        if (!bad)
            pictures(&a);
        bad = bad || put_in_place(&a);
        if (bad)
            remove_all(a.made);
    }
    free(a.made);
    free(name);
    return bad ? -1 : 0;
}
