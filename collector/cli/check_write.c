/* check_write: see check_write.h. */
#include "collector/cli/check_write.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/cli/cli.h"
#include "collector/cli/output_file.h"
#include "collector/util/terminal.h"
#include "collector/util/xalloc.h"

enum { WIDTH_PLAIN = 200, SUMMARY_MAX = 1 << 20 /* GitHub's, for all that a step adds */ };

static void write_text(const struct check_report *r, FILE *out, int color)
{
    int fd = fileno(out);
    struct canvas c = {out, terminal_width(fd), 0, terminal_color(fd, (enum terminal_color)color)};
    c.cut = c.width != 0;
    if (!c.width)
        c.width = WIDTH_PLAIN;
    check_text(r, &c);
}

int check_write(const struct check_report *r, enum check_format format, const char *path, int color)
{
    static void (*const write[])(const struct check_report *, FILE *) = {
        [CHECK_JSON] = check_json,     [CHECK_JUNIT] = check_junit,
        [CHECK_SARIF] = check_sarif,   [CHECK_GITHUB] = check_github,
        [CHECK_GITLAB] = check_gitlab, [CHECK_OPENMETRICS] = check_openmetrics};
    FILE *out = output_file_open("check", path);
    if (!out)
        return -1;
    if (format == CHECK_TEXT)
        write_text(r, out, color);
    else
        write[format](r, out);
    return output_file_close("check", path, out, 0) ? -1 : 0;
}

int check_write_summary(const struct check_report *r)
{
    const char *path = getenv("GITHUB_STEP_SUMMARY");
    if (!path || !*path)
        return 0;
    FILE *out = fopen(path, "ae");
    if (!out)
        return cli_error("check", "the summary %s can not be written: %s", path, strerror(errno)),
               -1;
    fseek(out, 0, SEEK_END);
    long there = ftell(out);
    check_github_summary(r, out,
                         there > 0 && there < SUMMARY_MAX ? SUMMARY_MAX - (size_t)there
                         : there > 0                      ? 0
                                                          : SUMMARY_MAX);
    return output_file_close("check", path, out, 0) ? -1 : 0;
}

/* What follows of PATH below DIR; NULL where it is not below it. */
static const char *below(const char *path, const char *dir)
{
    char real[PATH_MAX];
    if (!dir || !*dir || !realpath(dir, real))
        return NULL;
    size_t n = strcmp(real, "/") ? strlen(real) : 0;
    return !strncmp(path, real, n) && path[n] == '/' ? path + n + 1 : NULL;
}

/* The same of the nearest folder above that is the top of a checkout. */
static const char *below_checkout(char *path)
{
    for (char *slash = strrchr(path, '/'); slash; slash = strrchr(path, '/')) {
        *slash = 0;
        char *git = xformat("%s/.git", path);
        int is_top = !access(git, F_OK);
        free(git);
        if (is_top)
            return slash + 1;
    }
    return NULL;
}

char *check_repository_path(const char *path)
{
    char real[PATH_MAX], cut[PATH_MAX];
    if (!realpath(path, real))
        return xstrdup(path);
    const char *found = below(real, getenv("GITHUB_WORKSPACE"));
    if (!found)
        found = below(real, getenv("CI_PROJECT_DIR"));
    strcpy(cut, real);
    const char *at = found ? NULL : below_checkout(cut);
    if (at)
        found = real + (at - cut);
    return xstrdup(found ? found : path);
}
