/* bench_ops: see bench_ops.h. */
#include "collector/bench/bench_ops.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/util/xalloc.h"

static struct bench_op *op_of(struct bench_ops *o, const char *name, int is_value)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->at[i].is_value == is_value && !strcmp(o->at[i].name, name))
            return &o->at[i];
    if (o->n == OPS_NAMES_MAX)
        return NULL;
    o->at = xgrow(o->at, o->n, &o->cap, sizeof *o->at);
    struct bench_op *op = &o->at[o->n++];
    memset(op, 0, sizeof *op);
    snprintf(op->name, sizeof op->name, "%s", name);
    op->is_value = is_value;
    strcpy(op->unit, is_value ? "count" : "ns");
    return op;
}

static void sample_add(struct bench_op *op, double v)
{
    if (op->n == OPS_SAMPLES_MAX)
        return;
    op->sample = xgrow(op->sample, op->n, &op->cap, sizeof *op->sample);
    op->sample[op->n++] = v;
}

static void line_take(struct bench_ops *o, const char *line)
{
    char kind[8], name[OPS_NAME_MAX], more[16] = "";
    double v, count = 1;
    int words = sscanf(line, "%7s %63s %lf %15s", kind, name, &v, more);
    int is_value = words >= 3 && !strcmp(kind, "value");
    if (words < 3 || !isfinite(v) || (!is_value && (strcmp(kind, "time") != 0 || v < 0))) {
        o->strange++;
        return;
    }
    if (!is_value && *more)
        count = strtod(more, NULL);
    if (!(count > 0 && count < 1e18)) {
        o->strange++;
        return;
    }
    struct bench_op *op = op_of(o, name, is_value);
    if (!op) {
        o->nameless++;
        return;
    }
    if (is_value && *more)
        strcpy(op->unit, more);
    op->total_ns += v;
    op->count += count;
    sample_add(op, is_value ? v : v / count);
}

void bench_ops_take(struct bench_ops *o, const char *path)
{
    char *line = NULL;
    size_t room = 0;
    memset(o, 0, sizeof *o);
    FILE *in = fopen(path, "re");
    while (in && getline(&line, &room, in) > 0)
        if (line[strspn(line, " \t\r\n")])
            line_take(o, line);
    free(line);
    if (in)
        fclose(in);
    unlink(path);
}

void bench_ops_release(struct bench_ops *o)
{
    for (size_t i = 0; i < o->n; i++)
        free(o->at[i].sample);
    free(o->at);
    memset(o, 0, sizeof *o);
}
