/* crossing_rows: calls across the Lua/C border by C function, with names and estimated times. */
#ifndef COLLECTOR_ANALYSE_CROSSING_ROWS_H
#define COLLECTOR_ANALYSE_CROSSING_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "collector/model/model.h"
#include "collector/symbol/symbol.h"

/* A time known from a sample of the calls. */
struct sampled {
    uint64_t n;        /* calls, exact */
    uint64_t timed_n;  /* of which were timed */
    double returned_n; /* calls that total_ns stands for: estimated */
    double total_ns;   /* estimated */
    double mean_ns;    /* of the calls that returned */
    double error_ns;   /* standard error of total_ns; < 0: unknown (fewer than two timed) */
};

struct crossing_row {
    uint64_t function;
    const char *label;        /* "string.format", "FILE*:read", "print", or the symbol or address */
    const char *module;       /* module it was registered by, or the object's name */
    const char *symbol;       /* "" unknown, or not looked up yet */
    const char *object;       /* path, "" unknown */
    enum symbol_file file;    /* what was found at that path */
    uint64_t kind;            /* enum function_kind */
    uint64_t address, offset; /* run-time address; relative to the object's bias */
    const struct rec_object *in; /* NULL: unknown */
    int named;               /* 1: label is what Lua knows; 0: it came from the symbol or address */
    struct sampled down, up; /* Lua -> C; C -> Lua while it ran */
};

struct crossing_rows {
    struct crossing_row *row; /* in order of id */
    size_t n;
    uint64_t down_n, up_n;
};

/* Functions that were never called are left out. Labels of functions that have no name in Lua are
 * looked up in SYMBOLS at once, symbols of the others by crossing_symbol.  Texts stand in P's pool
 * or in SYMBOLS. */
void crossing_rows_build(struct crossing_rows *r, struct process *p, struct symbols *symbols);
void crossing_rows_release(struct crossing_rows *r);

/* What a function is called, and by which module, whether it was called or not. */
const char *crossing_label(struct process *p, uint64_t function, struct symbols *symbols,
                           const char **module);

/* Fills in row->symbol. */
void crossing_symbol(struct crossing_row *row, struct process *p, struct symbols *symbols);

/* The estimate from counts and weighted sums as they stand in a crossing record. */
struct sampled sampled_make(uint64_t n, uint64_t timed_n, uint64_t sum_ns, uint64_t sum_sq_us2);

/* Sums by module. */
struct crossing_module {
    const char *module;
    size_t function_n;
    struct sampled down, up; /* error_ns: of independent samples */
};
struct crossing_modules {
    struct crossing_module *row;
    size_t n;
};
void crossing_modules_build(struct crossing_modules *m, const struct crossing_rows *r);
void crossing_modules_release(struct crossing_modules *m);

#endif
