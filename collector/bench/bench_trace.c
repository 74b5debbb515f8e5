/* bench_trace: see bench_trace.h. */
#include "collector/bench/bench_trace.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/budget/measure.h"
#include "collector/ingest/ingest.h"
#include "collector/util/xalloc.h"

static void value_join(struct bench_metric *m, const struct measured *got, double *out)
{
    if (!got->n)
        return;
    if (isnan(*out))
        *out = got->value;
    else if (m->rule.metric->way == WAY_WHOLE)
        *out = fmax(*out, got->value);
    else
        *out += got->value;
    if (got->doubt && !m->doubt)
        m->doubt = xstrdup(got->doubt);
}

static void process_take(struct bench *b, struct model *m, struct process *p,
                         struct symbols *symbols, double *out)
{
    struct digest d;
    memset(&d, 0, sizeof d);
    digest_build(&d, m, p, symbols);
    for (size_t i = 0; i < b->metric_n; i++) {
        struct measured got;
        if (b->metric[i].source != SOURCE_TRACE)
            continue;
        measure(&b->metric[i].rule, &d, &got);
        value_join(&b->metric[i], &got, &out[i]);
    }
    digest_release(&d);
}

static int file_take(struct bench *b, const char *path, struct symbols *symbols, double *out,
                     struct err *err)
{
    struct model m;
    int bad = ingest_file_completing(path, &m, err);
    for (size_t i = 0; !bad && i < m.process_n; i++)
        process_take(b, &m, m.process[i], symbols, out);
    model_release(&m);
    unlink(path);
    return bad;
}

int bench_trace_take(struct bench *b, const char *dir, double *out, struct err *err)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    int bad = 0;
    for (size_t i = 0; i < b->metric_n; i++)
        out[i] = NAN;
    if (!d)
        return err_set(err, "%s can not be read: %s", dir, strerror(errno));
    struct symbols *symbols = symbols_new();
    while ((e = readdir(d))) {
        size_t n = strlen(e->d_name);
        if (n < 6 || strcmp(e->d_name + n - 6, ".mprof") != 0)
            continue;
        char *path = xformat("%s/%s", dir, e->d_name);
        bad |= file_take(b, path, symbols, out, err);
        free(path);
    }
    symbols_free(symbols);
    closedir(d);
    return bad;
}
