/* check_baseline: see check_baseline.h. */
#include "collector/cli/check_baseline.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/cli/check_history.h"
#include "collector/cli/cli.h"
#include "collector/util/xalloc.h"

enum { JSON_MAX = 64 << 20 };

static int traces_take(struct check_baseline *b, const char *name)
{
    char *argument[] = {(char *)(uintptr_t)name, NULL};
    int status = check_traces_read(&b->traces, argument, 0);
    if (!status)
        run_groups_make(&b->values.groups, b->traces.digest, b->traces.digest_n);
    return status;
}

static int json_take(struct check_baseline *b, const char *name, FILE *in)
{
    struct err err = {""};
    size_t n = 0, cap = 0, got;
    char *text = NULL;
    do {
        cap += 1 << 16;
        text = xrealloc(text, cap, 1);
        got = fread(text + n, 1, cap - n, in);
        n += got;
    } while (got && n < JSON_MAX);
    int bad = baseline_json_read(&b->values, name, text, n, &err);
    free(text);
    return bad ? cli_error("check", "%s", err.text) : 0;
}

static int file_take(struct check_baseline *b, const char *name)
{
    char magic[16] = "";
    FILE *in = fopen(name, "re");
    if (!in)
        return cli_error("check", "%s can not be read: %s", name, strerror(errno));
    size_t n = fread(magic, 1, sizeof magic, in);
    rewind(in);
    int status;
    if (n >= 4 && !memcmp(magic, "MPRF", 4))
        status = traces_take(b, name);
    else if (n == sizeof magic && !memcmp(magic, "SQLite format 3", sizeof magic))
        status = cli_error("check",
                           "%s is a history: --history %s --baseline NAME names a baseline in it",
                           name, name);
    else
        status = json_take(b, name, in);
    fclose(in);
    return status;
}

int check_baseline_read(struct check_baseline *b, const char *name, const struct check_settings *s)
{
    struct stat st;
    memset(b, 0, sizeof *b);
    b->values.name = name;
    if (!stat(name, &st))
        return S_ISDIR(st.st_mode) ? traces_take(b, name) : file_take(b, name);
    if (errno != ENOENT && errno != ENOTDIR)
        return cli_error("check", "%s can not be read: %s", name, strerror(errno));
    return check_history_read(&b->values, s);
}

void check_baseline_release(struct check_baseline *b)
{
    baseline_release(&b->values);
    check_traces_release(&b->traces);
}
