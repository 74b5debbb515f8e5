/* check_baseline: see check_baseline.h. */
#include "collector/cli/check_baseline.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

int check_baseline_read(struct check_baseline *b, const char *name)
{
    struct stat st;
    char magic[4] = "";
    memset(b, 0, sizeof *b);
    b->values.name = name;
    if (stat(name, &st)) {
        if (errno != ENOENT && errno != ENOTDIR)
            return cli_error("check", "%s can not be read: %s", name, strerror(errno));
        b->values.missing = xformat("there is no baseline %s", name);
        return 0;
    }
    if (S_ISDIR(st.st_mode))
        return traces_take(b, name);
    FILE *in = fopen(name, "re");
    if (!in)
        return cli_error("check", "%s can not be read: %s", name, strerror(errno));
    int is_trace = fread(magic, 1, 4, in) == 4 && !memcmp(magic, "MPRF", 4);
    rewind(in);
    int status = is_trace ? traces_take(b, name) : json_take(b, name, in);
    fclose(in);
    return status;
}

void check_baseline_release(struct check_baseline *b)
{
    baseline_release(&b->values);
    check_traces_release(&b->traces);
}
