/* fuzz_trace: feeds the decoder of frames and records, the model, and both reports.
 *
 * The first byte of an input chooses what the rest is (bit 0) and the locale (bit 1: UTF-8):
 *   0  a trace file as it is: exercises frames, checksums and resynchronisation
 *   1  the records of one frame: wrapped into an intact frame, so that the fuzzer need not
 *      guess checksums to get at the records
 *
 * Before the first input, seeds are written to the directory that FUZZ_SEEDS names, if it does. */
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/analyse/digest.h"
#include "collector/ingest/ingest.h"
#include "collector/output/json_report.h"
#include "collector/output/text_report.h"
#include "tests/unit/trace_builder.c" /* so that this is one file for the build */

enum { MODE_FILE = 0, MODE_RECORDS = 1, MODES = 2, LOCALE_BIT = 2, RECORDS_MAX = 1 << 16 };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void seed_write(const char *dir, const char *name, int mode, const void *bytes, size_t n)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    if (!f || fputc(mode, f) == EOF || fwrite(bytes, 1, n, f) != n || fclose(f))
        abort();
}

static void seed_files(const char *dir)
{
    struct trace t;
    struct model m;
    struct err err;
    trace_init(&t, 42);
    trace_demo(&t);
    if (ingest_bytes("seed", t.bytes, t.n, &m, &err) || !model_complete(&m))
        abort(); /* a seed that is not good teaches nothing */
    model_release(&m);
    seed_write(dir, "file", MODE_FILE, t.bytes, t.n);
    seed_write(dir, "file_cut", MODE_FILE, t.bytes, t.n - 20);
    memset(t.bytes + 60, 0xff, 10);
    seed_write(dir, "file_damaged", MODE_FILE, t.bytes, t.n);
    trace_free(&t);
}

static void seed_records(const char *dir)
{
    struct trace t;
    trace_init(&t, 43);
    trace_process(&t);
    demo_objects(&t);
    seed_write(dir, "records_objects", MODE_RECORDS, t.raw, t.raw_n);
    demo_modules(&t);
    seed_write(dir, "records_modules", MODE_RECORDS, t.raw, t.raw_n);
    demo_counts(&t);
    demo_memory(&t);
    trace_end(&t, 0);
    seed_write(dir, "records_all", MODE_RECORDS, t.raw, t.raw_n);
    trace_free(&t);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    const char *dir = getenv("FUZZ_SEEDS");
    if (dir)
        seed_files(dir), seed_records(dir);
    return 0;
}

static void report_all(struct model *m, FILE *out)
{
    struct report_options o = {.sections = SECTION_ALL, .top = 20};
    struct canvas c = {out, 80, 1, 0};
    struct symbols *symbols = symbols_new();
    for (size_t i = 0; i < m->process_n; i++) {
        struct digest d, *one = &d;
        digest_build(&d, m, m->process[i], symbols);
        text_process(&d, &o, &c);
        json_report(&one, 1, &o, out);
        digest_release(&d);
    }
    symbols_free(symbols);
}

static void feed(const uint8_t *data, size_t n)
{
    static FILE *out;
    struct model m;
    struct err err;
    if (!out && !(out = fopen("/dev/null", "w")))
        abort();
    if (ingest_bytes("fuzz", data, n, &m, &err) == 0)
        report_all(&m, out);
    model_release(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct trace t;
    if (!n)
        return 0;
    setlocale(LC_CTYPE, data[0] & LOCALE_BIT ? "C.UTF-8" : "C");
    if (data[0] % MODES == MODE_FILE) {
        feed(data + 1, n - 1);
        return 0;
    }
    if (n < 2 || n > RECORDS_MAX)
        return 0;
    trace_init(&t, 1);
    t.stored = 1;
    trace_raw(&t, data + 1, n - 1);
    trace_frame(&t);
    feed(t.bytes, t.n);
    trace_free(&t);
    return 0;
}
