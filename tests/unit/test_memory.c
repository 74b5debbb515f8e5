/* test_memory: sites of allocation become rows, findings, growth and stacks that add up. */
/* SOURCES: tests/unit/trace_builder.c */
#include "tests/unit/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/analyse/digest.h"
#include "collector/analyse/memory_gc.h"
#include "collector/analyse/memory_growth.h"
#include "collector/analyse/memory_leaks.h"
#include "collector/analyse/stack_metric.h"
#include "collector/budget/leak_suppress.h"
#include "collector/budget/measure.h"
#include "collector/ingest/ingest.h"
#include "collector/output/flame_folded.h"
#include "collector/output/text_report.h"
#include "collector/output/text_series.h"
#include "tests/unit/trace_builder.h"

struct fixture {
    struct trace trace;
    struct model model;
    struct process *process;
    struct symbols *symbols;
};

static void end(struct fixture *f)
{
    symbols_free(f->symbols);
    model_release(&f->model);
    trace_free(&f->trace);
}

static void reads(struct fixture *f)
{
    struct err err;
    assert_int_equal(ingest_bytes("t", f->trace.bytes, f->trace.n, &f->model, &err), 0);
    f->process = f->model.process[0];
    f->symbols = symbols_new();
}

static void begin(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    trace_init(&f->trace, 7);
    trace_memory(&f->trace);
    reads(f);
}

static const struct memory_row *row(const struct memory_rows *r, const char *part)
{
    for (size_t i = 0; i < r->n; i++)
        if (strstr(r->row[i].label, part))
            return &r->row[i];
    fail_msg("no row like %s", part);
    return NULL;
}

static void rows_by_line_add_up(void **state)
{
    struct fixture f;
    struct memory_rows r;
    (void)state;
    begin(&f);
    memory_rows_build(&r, f.process, f.symbols, MEMORY_BY_LINE, MEMORY_HEAP_LUA);
    assert_int_equal(r.n, 3);
    assert_int_equal(row(&r, ":10")->sums.of[MEMORY_MADE].bytes, 560000);
    assert_int_equal(row(&r, ":10")->sums.of[MEMORY_LIVE].n, 4);
    assert_int_equal(row(&r, ":20")->sums.of[MEMORY_LIVE].bytes, 36000);
    assert_int_equal(row(&r, ":30")->sums.of[MEMORY_MADE].bytes, 8000);
    assert_int_equal(row(&r, ":30")->sums.of[MEMORY_GROWN].n, 20);
    assert_int_equal(r.whole.of[MEMORY_MADE].bytes, 608000);
    assert_int_equal(r.row[0].line, 10);
    memory_rows_sort(&r, MEMORY_LIVE);
    assert_int_equal(r.row[0].line, 20);
    memory_rows_release(&r);
    end(&f);
}

static void rows_by_kind_and_library(void **state)
{
    struct fixture f;
    struct memory_rows r;
    (void)state;
    begin(&f);
    memory_rows_build(&r, f.process, f.symbols, MEMORY_BY_KIND, MEMORY_HEAP_LUA);
    assert_int_equal(r.n, 2);
    assert_int_equal(row(&r, "table")->sums.of[MEMORY_MADE].n, 10050);
    memory_rows_release(&r);
    memory_rows_build(&r, f.process, f.symbols, MEMORY_BY_LIBRARY, MEMORY_HEAP_C | MEMORY_HEAP_LUA);
    assert_int_equal(r.n, 1);
    assert_string_equal(r.row[0].label, "/usr/lib/lpeg.so");
    memory_rows_release(&r);
    end(&f);
}

static void lanes_of_one_place_are_one_row(void **state)
{
    struct fixture f = {.process = NULL};
    struct memory_rows r;
    (void)state;
    trace_init(&f.trace, 7);
    trace_process(&f.trace);
    TRACE_ADD(&f.trace, proto, .id = 1, .source = trace_string(&f.trace, "@a.lua"));
    TRACE_ADD(&f.trace, node, .id = 1, .kind = NODE_LUA, .value = 1, .line = 3);
    for (uint64_t lane = 0; lane < 3; lane++) {
        TRACE_ADD(&f.trace, alloc_site, .id = lane + 1, .heap = HEAP_LUA, .lane = lane, .lua = 1);
        TRACE_ADD(&f.trace, alloc_count, .site = lane + 1, .alloc_n = 2, .alloc_bytes = 10,
                  .alloc_var = 4);
    }
    trace_frame(&f.trace);
    reads(&f);
    memory_rows_build(&r, f.process, f.symbols, MEMORY_BY_LINE, MEMORY_HEAP_LUA);
    assert_int_equal(r.n, 1);
    assert_int_equal(r.row[0].sums.of[MEMORY_MADE].n, 6);
    assert_true(memory_made_error(&r.row[0].sums) > 3.46 * 1024); /* variances add: sqrt(12) KiB */
    assert_true(memory_made_error(&r.row[0].sums) < 3.47 * 1024);
    memory_rows_release(&r);
    end(&f);
}

/* Counts whose site, node or function is lost, circles, wild values. */
static void damaged_sites_are_rows_too(void **state)
{
    struct fixture f = {.process = NULL};
    struct memory_rows r;
    (void)state;
    trace_init(&f.trace, 7);
    trace_process(&f.trace);
    TRACE_ADD(&f.trace, node, .id = 5, .parent = 5, .kind = NODE_COROUTINE);
    TRACE_ADD(&f.trace, node, .id = 6, .kind = NODE_OVERFLOW);
    TRACE_ADD(&f.trace, alloc_count, .site = 1, .alloc_n = 1, .alloc_bytes = 1);
    TRACE_ADD(&f.trace, alloc_site, .id = 2, .heap = 77, .lua = 5, .kind = 1u << 20, .object = 9);
    TRACE_ADD(&f.trace, alloc_count, .site = 2, .alloc_n = 1, .alloc_bytes = 2, .live_n = -5,
              .live_bytes = INT64_MIN);
    TRACE_ADD(&f.trace, alloc_site, .id = 3, .heap = HEAP_LUA, .lua = 6);
    TRACE_ADD(&f.trace, alloc_count, .site = 3, .alloc_n = 1, .alloc_bytes = 4);
    TRACE_ADD(&f.trace, alloc_site, .id = 4, .heap = HEAP_LUA, .flags = SITE_OVERFLOW);
    TRACE_ADD(&f.trace, alloc_count, .site = 4, .alloc_n = 1, .alloc_bytes = 8);
    trace_frame(&f.trace);
    reads(&f);
    for (int by = MEMORY_BY_LINE; by <= MEMORY_BY_KIND; by++) {
        memory_rows_build(&r, f.process, f.symbols, (enum memory_by)by, MEMORY_HEAP_LUA);
        assert_int_equal(r.whole.of[MEMORY_MADE].bytes, 15);
        assert_int_equal(r.whole.of[MEMORY_LIVE].bytes, 0);
        memory_rows_release(&r);
    }
    memory_rows_build(&r, f.process, f.symbols, MEMORY_BY_LINE, MEMORY_HEAP_LUA);
    assert_int_equal(row(&r, "table full")->sums.of[MEMORY_MADE].bytes, 12);
    memory_rows_release(&r);
    end(&f);
}

static enum leak_verdict judged(uint64_t made, const uint64_t *held, unsigned check_n, double ratio)
{
    struct memory_sums s = {.seen_n = 0};
    s.of[MEMORY_MADE] = (struct memory_amount){made, made * 100};
    s.of[MEMORY_LIVE] = (struct memory_amount){held[0], held[0] * 100};
    for (unsigned i = 0; i < check_n; i++)
        s.check[i] = (struct memory_amount){held[i + 1], held[i + 1] * 100};
    return leak_judge(&(struct leak_course){.sums = &s, .check_n = check_n, .clock_ratio = ratio});
}
#define HELD(...) ((const uint64_t[]){__VA_ARGS__})

static void what_rises_is_accused(void **state)
{
    (void)state;
    assert_int_equal(judged(1000, HELD(1000, 600, 300, 150), 3, 1.6), LEAK_RISES);
    assert_int_equal(judged(9000, HELD(1000, 600, 300, 150), 3, 1.6), LEAK_RISES);
    assert_int_equal(judged(9000, HELD(1000, 1000, 500, 250, 125, 60, 30, 15, 7), 8, 1),
                     LEAK_RISES);
    assert_int_equal(judged(1000, HELD(1000, 600, 300), 2, 1.6), LEAK_RISES);
}

static void what_does_not_rise_is_not_accused(void **state)
{
    (void)state;
    assert_int_equal(judged(3000, HELD(3000, 3000, 3000, 3000), 3, 1.9), LEAK_KEPT); /* made once */
    assert_int_equal(judged(90000, HELD(100, 98, 100, 97), 3, 1.9), LEAK_KEPT);      /* a cache */
    assert_int_equal(judged(90000, HELD(9000, 10, 40, 20), 3, 1.9), LEAK_KEPT);      /* garbage */
    assert_int_equal(judged(90000, HELD(60, 90, 40, 20), 3, 1.9), LEAK_KEPT);        /* fell */
    assert_int_equal(judged(90000, HELD(100, 100, 100, 50), 3, 1.9), LEAK_KEPT);     /* filled */
    assert_int_equal(judged(90000, HELD(1000, 600, 300), 2, 1.6), LEAK_KEPT);        /* too early */
    assert_int_equal(judged(6, HELD(6, 4, 2, 1), 3, 1.6), LEAK_KEPT);                /* too few */
    assert_int_equal(judged(9000, HELD(0, 0, 0, 0), 3, 1), LEAK_KEPT);
}

/* A place that holds 3 % of what it makes, where Lua held PART of what had been allocated. */
static enum leak_verdict judged_within(double part, double variance, int nobodys)
{
    struct memory_sums s = {.made_variance = variance};
    s.of[MEMORY_MADE] = (struct memory_amount){10000, 1000000};
    s.of[MEMORY_LIVE] = (struct memory_amount){500, 50000};
    s.check[0] = (struct memory_amount){300, 30000};
    s.check[1] = (struct memory_amount){nobodys ? 300 : 150, 15000};
    s.check[2] = (struct memory_amount){nobodys ? 300 : 75, 7500};
    return leak_judge(&(struct leak_course){.sums = &s,
                                            .check_n = 3,
                                            .clock_end = 100e6,
                                            .clock_ratio = 1.5,
                                            .heap_bytes = 100e6 * part,
                                            .nobodys = nobodys});
}

static void what_garbage_or_chance_explains_is_not_accused(void **state)
{
    (void)state;
    assert_int_equal(judged_within(0.02, 0, 0), LEAK_RISES);
    assert_int_equal(judged_within(0.10, 0, 0), LEAK_KEPT);    /* the heap is a tenth of all */
    assert_int_equal(judged_within(0.02, 1e9, 0), LEAK_RISES); /* 30 samples of 1,000 bytes */
    assert_int_equal(judged_within(0.02, 4e9, 0), LEAK_KEPT);  /* 7 samples */
    assert_int_equal(judged_within(0.02, 0, 1), LEAK_KEPT);    /* Lua's own table */
    assert_int_equal(judged(9000, HELD(1000, 600, 300, 0), 3, 1.6), LEAK_KEPT);  /* seen twice */
    assert_int_equal(judged(1000, HELD(1000, 600, 300, 0), 3, 1.6), LEAK_RISES); /* all kept */
    assert_int_equal(judged(3000, HELD(1024, 512, 512, 256), 3, 1.9),
                     LEAK_KEPT); /* went up and stayed */
}

/* A table's array doubles: it is the same at two checks, and larger at the next. */
static void a_table_that_doubles_is_accused(void **state)
{
    struct memory_sums s = {.check = {{1, 4096}, {1, 4096}, {1, 2048}, {1, 1024}}};
    struct leak_course c = {.sums = &s, .check_n = 4, .clock_ratio = 1.9};
    (void)state;
    s.of[MEMORY_MADE] = (struct memory_amount){1, 8192};
    s.of[MEMORY_LIVE] = (struct memory_amount){1, 8192};
    s.of[MEMORY_GROWN] = (struct memory_amount){13, 8100};
    assert_int_equal(leak_judge(&c), LEAK_RISES);
    s.of[MEMORY_LIVE].bytes = s.of[MEMORY_MADE].bytes = 4096; /* it has its size */
    assert_int_equal(leak_judge(&c), LEAK_KEPT);
}

/* A bounded cache of lists, full by now, and the garbage of the end: each of them grew, but none is large. */
static void small_blocks_that_grow_are_no_array(void **state)
{
    struct memory_sums s = {.check = {{200, 12800}, {200, 12800}, {99, 6336}, {0, 0}},
                            .look_bytes = 12800};
    struct leak_course c = {.sums = &s, .check_n = 4, .clock_ratio = 1.9, .look_ratio = 1.8};
    (void)state;
    s.of[MEMORY_MADE] = (struct memory_amount){3000, 192000};
    s.of[MEMORY_LIVE] = (struct memory_amount){569, 36416};
    s.of[MEMORY_GROWN] = (struct memory_amount){6000, 144000};
    assert_int_equal(leak_judge(&c), LEAK_KEPT);
}

/* It is fuller at each check, and was nearly empty before the newest, or after it. */
static void what_was_emptied_between_checks_is_not_accused(void **state)
{
    struct memory_sums s = {.check = {{600, 60000}, {300, 30000}, {150, 15000}, {70, 7000}}};
    struct leak_course c = {.sums = &s, .check_n = 4, .clock_ratio = 1.6};
    (void)state;
    s.of[MEMORY_MADE] = (struct memory_amount){9000, 900000};
    s.of[MEMORY_LIVE] = (struct memory_amount){1000, 100000};
    assert_int_equal(leak_judge(&c), LEAK_RISES);
    s.fell_bytes[3] = 7000; /* long ago: it was a cache that filled, and now leaks */
    assert_int_equal(leak_judge(&c), LEAK_RISES);
    s.fell_bytes[0] = 2500; /* noise */
    s.made_variance = 4e9;  /* samples of 4,400 bytes: the newest rise is 1.5 errors */
    assert_int_equal(leak_judge(&c), LEAK_RISES);
    s.fell_bytes[0] = 10000; /* garbage that was there at the check, or a queue */
    assert_int_equal(leak_judge(&c), LEAK_KEPT);
    s.made_variance = 0;
    assert_int_equal(leak_judge(&c), LEAK_RISES);
    s.fell_bytes[0] = 55000;
    assert_int_equal(leak_judge(&c), LEAK_KEPT);
    s.fell_bytes[0] = 0;
    s.fell_bytes[1] = 29000;
    assert_int_equal(leak_judge(&c), LEAK_KEPT);
}

/* A cache that is full by now, with the garbage of the end. */
static void what_does_not_go_on_is_not_accused(void **state)
{
    struct memory_sums s = {.check = {{600, 60000}, {300, 30000}, {150, 15000}}};
    struct leak_course c = {.sums = &s, .check_n = 3, .clock_ratio = 1.8};
    (void)state;
    s.of[MEMORY_MADE] = (struct memory_amount){2000, 200000};
    s.of[MEMORY_LIVE] = (struct memory_amount){900, 90000};
    s.look_bytes = 61000;
    c.look_ratio = 1; /* no collection since the newest check */
    assert_int_equal(leak_judge(&c), LEAK_RISES);
    c.look_ratio = 1.6;
    assert_int_equal(leak_judge(&c), LEAK_KEPT);
    s.look_bytes = 80000;
    assert_int_equal(leak_judge(&c), LEAK_RISES);
    s.look_bytes = 60000;
    s.of[MEMORY_GROWN] = (struct memory_amount){10, 150000}; /* an array: it doubles now and then */
    assert_int_equal(leak_judge(&c), LEAK_RISES);
}

/* Held after collections: 40,000 at a clock of 400,000, twice as much at twice that; the last look is at 1,150,000.  MADE_N blocks in
 * all, of which 1,200 are held. */
static enum leak_verdict judged_of(uint64_t made_n, uint64_t late, uint64_t look, double variance)
{
    struct memory_sums s = {.check = {{800, 80000}, {400, 40000}, {200, 20000}},
                            .made_variance = variance,
                            .look_bytes = look,
                            .late_bytes = {look, late, 80000}};
    struct leak_course c = {.sums = &s,
                            .check_n = 3,
                            .clock_ratio = 1.5,
                            .look_ratio = 1.4375,
                            .look_clock = 1150000,
                            .check_clock = {800000, 400000, 200000},
                            .late_clock = {1140000, 960000, 800000}};
    s.of[MEMORY_MADE] = (struct memory_amount){made_n, 200000};
    s.of[MEMORY_LIVE] = (struct memory_amount){1200, 120000};
    return leak_judge(&c);
}

static enum leak_verdict judged_late(uint64_t late, uint64_t look, double variance)
{
    return judged_of(2000, late, look, variance);
}

/* What was freed is eight blocks of 10,000: a table that all of it is put into doubled, the last time just before. */
static void a_table_that_doubled_late_is_no_end_of_a_rise(void **state)
{
    (void)state;
    assert_int_equal(judged_late(100000, 101000, 0), LEAK_STOPPED);
    assert_int_equal(judged_of(1208, 100000, 101000, 0), LEAK_RISES);
}

static void what_stopped_at_the_end_is_told_apart(void **state)
{
    (void)state;
    assert_int_equal(judged_late(96000, 115000, 0), LEAK_RISES);
    assert_int_equal(judged_late(96000, 105000, 0), LEAK_RISES); /* half as fast */
    assert_int_equal(judged_late(96000, 102000, 0), LEAK_STOPPED);
    assert_int_equal(judged_late(100000, 100000, 0), LEAK_STOPPED);
    assert_int_equal(judged_late(110000, 100000, 0), LEAK_RISES); /* with garbage */
    assert_int_equal(judged_late(100000, 100000, 200000 * 1000.0), LEAK_STOPPED);
    assert_int_equal(judged_late(100000, 100000, 200000 * 4000.0), LEAK_RISES); /* five samples */
    assert_string_equal(leak_verdict_name(LEAK_STOPPED), "stopped");
}

/* Held after collections: 40,000 at a clock of 400,000, twice as much at twice that, where the newest check was; 120,000 at the end,
 * at 1,200,000.  SINCE was made since moments a sixteenth apart. */
static enum leak_verdict judged_since(const uint64_t since[4], double variance, uint64_t grown)
{
    struct memory_sums s = {.check = {{800, 80000}, {400, 40000}, {200, 20000}},
                            .made_variance = variance,
                            .look_bytes = 80000};
    struct leak_course c = {.sums = &s,
                            .check_n = 3,
                            .clock_end = 1200000,
                            .clock_ratio = 1.5,
                            .look_ratio = 1,
                            .look_clock = 800000,
                            .check_clock = {800000, 400000, 200000},
                            .since_clock = {1150000, 1080000, 1010000, 950000}};
    memcpy(s.since_bytes, since, 4 * sizeof *since);
    s.of[MEMORY_MADE] = (struct memory_amount){2000, 200000};
    s.of[MEMORY_LIVE] = (struct memory_amount){1200, 120000};
    s.of[MEMORY_GROWN] = (struct memory_amount){10, grown};
    return leak_judge(&c);
}
#define SINCE(...) ((const uint64_t[4]){__VA_ARGS__})

static void what_makes_nothing_at_last_has_stopped_though_no_collection_came(void **state)
{
    (void)state;
    assert_int_equal(judged_since(SINCE(5000, 12000, 19000, 25000), 0, 0), LEAK_RISES);
    assert_int_equal(judged_since(SINCE(0, 0, 8000, 15000), 0, 0), LEAK_STOPPED);
    assert_int_equal(judged_since(SINCE(500, 2000, 9000, 16000), 0, 0), LEAK_STOPPED);
    assert_int_equal(judged_since(SINCE(0, 6000, 13000, 19000), 0, 0), LEAK_RISES); /* too short */
    assert_int_equal(judged_since(SINCE(0, 0, 19000, 19000), 0, 0), LEAK_RISES);    /* in bursts */
    assert_int_equal(judged_since(SINCE(0, 0, 8000, 15000), 200000 * 200.0, 0), LEAK_STOPPED);
    assert_int_equal(judged_since(SINCE(0, 0, 8000, 15000), 200000 * 1500.0, 0), LEAK_RISES);
    assert_int_equal(judged_since(SINCE(0, 0, 8000, 15000), 0, 150000), LEAK_RISES); /* an array */
}

static void less_than_a_block_is_not_held(void **state)
{
    (void)state;
    assert_false(leak_is_held(&(struct memory_amount){0, 0}));
    assert_false(leak_is_held(
        &(struct memory_amount){0, 1})); /* sampled growth that shrank again and again */
    assert_true(
        leak_is_held(&(struct memory_amount){0, 4096})); /* growth of a block that was not drawn */
    assert_true(leak_is_held(&(struct memory_amount){1, 0}));
}

static void too_few_collections_are_no_proof(void **state)
{
    (void)state;
    assert_int_equal(judged(1000, HELD(1000), 0, 1), LEAK_UNSURE);
    assert_int_equal(judged(1000, HELD(1000, 500), 1, 1.9), LEAK_UNSURE);
    assert_int_equal(judged(1000, HELD(1000, 1000), 1, 1.9), LEAK_KEPT);
    assert_int_equal(judged(9000, HELD(1000), 0, 1), LEAK_KEPT);
}

/* Nothing was freed, and it rose, by four samples of 1,000 bytes. */
static void too_few_samples_are_no_proof_either(void **state)
{
    struct memory_sums s = {.check = {{20, 4000}, {20, 3000}, {10, 1000}, {10, 1000}}, .seen_n = 4};
    struct leak_course c = {.sums = &s, .check_n = 4, .clock_ratio = 1.5};
    (void)state;
    s.of[MEMORY_MADE] = s.of[MEMORY_LIVE] = (struct memory_amount){20, 4000};
    s.made_variance = s.live_variance = 4e6;
    assert_int_equal(leak_judge(&c), LEAK_UNSURE);
    s.made_variance = s.live_variance = 0; /* all is known: it stays as it was */
    assert_int_equal(leak_judge(&c), LEAK_KEPT);
    s.made_variance = s.live_variance = 4e6;
    s.check[3].bytes = 4000; /* made once */
    assert_int_equal(leak_judge(&c), LEAK_KEPT);
    s.check[3].bytes = 1000;
    s.of[MEMORY_MADE].bytes = 8000; /* half of it was freed */
    assert_int_equal(leak_judge(&c), LEAK_KEPT);
    s.of[MEMORY_MADE].bytes = 4000;
    s.seen_n = 1;
    assert_int_equal(leak_judge(&c), LEAK_KEPT);
}

/* ---- drawn courses: samples of a line that is never freed, at random moments of a run ---- */

enum { DRAWN_MAX = 200 };

struct drawn {
    double at[DRAWN_MAX]; /* parts of the run */
    unsigned n;
};

/* The same numbers in every run. */
static double drawn_number(void)
{
    static uint64_t state = 20261130;
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ((double)(state >> 33) + 0.5) / 2147483648.0;
}

/* About MEAN samples, all of them before the part UNTIL of the run. */
static void draw(struct drawn *d, double mean, double until)
{
    double left = mean;
    d->n = 0;
    while ((left += log(drawn_number())) > 0 && d->n < DRAWN_MAX)
        d->at[d->n++] = until * drawn_number();
}

static uint64_t drawn_by(const struct drawn *d, double clock)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < d->n; i++)
        n += d->at[i] <= clock;
    return n * 1000;
}

/* Checks at doubling distances, looks a sixteenth of the last check's clock apart, of which those a seventh apart are kept. */
static enum leak_verdict drawn_verdict(const struct drawn *d)
{
    double clock = 1 / (64 * (1 + drawn_number())), last = 0, check = clock;
    struct memory_sums s = {.seen_n = d->n};
    struct leak_course c = {.sums = &s, .clock_end = 1};
    s.of[MEMORY_MADE] = s.of[MEMORY_LIVE] = (struct memory_amount){d->n * 10, drawn_by(d, 1)};
    s.made_variance = s.live_variance = d->n * 1e6;
    for (; clock < 1; clock += check / 16) {
        if (!c.check_n || clock >= 2 * check) {
            memmove(s.check + 1, s.check, sizeof s.check - sizeof *s.check);
            memmove(c.check_clock + 1, c.check_clock, sizeof c.check_clock - sizeof *c.check_clock);
            s.check[0] = (struct memory_amount){1, drawn_by(d, clock)};
            c.check_clock[0] = check = clock;
            c.check_n += c.check_n < MEMORY_CHECKS;
        }
        s.look_bytes = drawn_by(d, clock);
        c.look_clock = clock;
        if (clock < last * 8 / 7)
            continue;
        memmove(s.late_bytes + 1, s.late_bytes, sizeof s.late_bytes - sizeof *s.late_bytes);
        memmove(c.late_clock + 1, c.late_clock, sizeof c.late_clock - sizeof *c.late_clock);
        s.late_bytes[0] = s.look_bytes;
        c.late_clock[0] = last = clock;
    }
    c.clock_ratio = 1 / check;
    c.look_ratio = c.look_clock / check;
    return leak_judge(&c);
}

/* Of 1,000 runs with about MEAN samples. */
static void verdicts_drawn(unsigned count[LEAK_VERDICT_N], double mean, double until)
{
    struct drawn d;
    memset(count, 0, LEAK_VERDICT_N * sizeof *count);
    for (int i = 0; i < 1000; i++) {
        draw(&d, mean, until);
        count[drawn_verdict(&d)]++;
    }
}

static void leaks_of_few_samples_are_found_or_doubted(void **state)
{
    unsigned n[LEAK_VERDICT_N];
    (void)state;
    verdicts_drawn(n, 100, 1);
    assert_in_range(n[LEAK_RISES], 980, 1000);
    verdicts_drawn(n, 24, 1);
    assert_in_range(n[LEAK_RISES], 900, 1000);
    verdicts_drawn(n, 12, 1);
    assert_in_range(n[LEAK_RISES], 350, 1000);
    assert_in_range(n[LEAK_KEPT], 0, 100);
    verdicts_drawn(n, 7, 1);
    assert_in_range(n[LEAK_KEPT], 0, 100);
}

static void what_was_filled_is_not_accused_for_few_samples(void **state)
{
    static const double mean[] = {7, 12, 24, 40, 100};
    unsigned n[LEAK_VERDICT_N];
    (void)state;
    for (size_t i = 0; i < sizeof mean / sizeof *mean; i++) {
        verdicts_drawn(n, mean[i], 0.75);
        assert_in_range(n[LEAK_RISES], 0, 10);
        verdicts_drawn(n, mean[i], 0.8);
        assert_in_range(n[LEAK_RISES], 0, 200);
        verdicts_drawn(n, mean[i], 0.4);
        assert_int_equal(n[LEAK_RISES], 0);
    }
}

static const char *suppresses(void *ctx, const struct leak *l)
{
    return strstr(l->row.label, ctx) ? ctx : NULL;
}

static void one_line_is_one_finding(void **state)
{
    struct fixture f;
    struct leaks l;
    (void)state;
    begin(&f);
    leaks_build(&l, f.process, f.symbols, NULL);
    assert_int_equal(l.verdict_n[LEAK_RISES], 1);
    assert_int_equal(l.at[0].row.line, 20);
    assert_int_equal(l.at[0].heap, HEAP_LUA);
    assert_int_equal(l.verdict_bytes[LEAK_RISES], 36000);
    leaks_release(&l);
    leaks_build(&l, f.process, f.symbols, &(struct leak_filter){suppresses, ":20"});
    assert_int_equal(l.verdict_n[LEAK_RISES], 0);
    assert_int_equal(l.suppressed_n, 1);
    leaks_release(&l);
    end(&f);
}

static int suppress(struct leak_suppress *s, const char *text)
{
    struct err err = {""};
    int bad = leak_suppress_text(s, ".modprof", text, strlen(text), &err);
    if (bad)
        assert_memory_equal(err.text, ".modprof:", 9);
    return bad;
}

static void suppressions_are_read(void **state)
{
    struct fixture f;
    struct leaks l;
    struct leak_suppress s;
    (void)state;
    begin(&f);
    assert_int_equal(suppress(&s, "leaks = { suppress = { 'no/such', { place = '*work.lua:2?', "
                                  "reason = 'a cache' } } }\nbudgets = {}"),
                     0);
    assert_int_equal(s.n, 2);
    leaks_build(&l, f.process, f.symbols, &(struct leak_filter){leak_suppress_covers, &s});
    assert_int_equal(l.verdict_n[LEAK_RISES], 0);
    assert_string_equal(l.at[0].suppressed, "*work.lua:2?");
    leaks_release(&l);
    leak_suppress_release(&s);
    assert_int_equal(suppress(&s, "budgets = {}"), 0);
    assert_int_equal(s.n, 0);
    leak_suppress_release(&s);
    end(&f);
}

static void wrong_suppressions_are_errors(void **state)
{
    static const char *const wrong[] = {
        "leaks = 'x'",
        "leaks = { supress = {} }",
        "leaks = { suppress = 'x' }",
        "leaks = { suppress = { 12 } }",
        "leaks = { suppress = { { reason = 'x' } } }",
        "leaks = { suppress = { '' } }",
        "leaks = {",
    };
    struct leak_suppress s;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(suppress(&s, wrong[i]), -1);
        leak_suppress_release(&s);
    }
}

static double measured(struct fixture *f, struct digest *d, enum metric_id id, const char *line)
{
    struct rule r = {.metric = metric_at(id), .phase = -1, .kind = -1};
    struct measured m;
    r.each = r.metric->way == WAY_EACH;
    if (line) {
        r.place.at = &line;
        r.place.n = 1;
    }
    digest_build(d, &f->model, f->process, f->symbols);
    measure(&r, d, &m);
    double value = m.n ? m.value : -1;
    digest_release(d);
    return value;
}

static void lines_and_leaks_can_be_limited(void **state)
{
    struct fixture f;
    struct digest d;
    (void)state;
    begin(&f);
    assert_true(measured(&f, &d, METRIC_line_allocated, "*:10") == 560000);
    assert_true(measured(&f, &d, METRIC_line_blocks, NULL) == 10000);
    assert_true(measured(&f, &d, METRIC_line_held, "work.lua:20") == 36000);
    assert_true(measured(&f, &d, METRIC_line_held, "other.lua:*") == -1);
    assert_true(measured(&f, &d, METRIC_leaks_bytes, NULL) == 36000);
    assert_true(measured(&f, &d, METRIC_leaks_lines, "*:30") == 0);
    assert_true(measured(&f, &d, METRIC_gc_time, NULL) == 900000);
    assert_true(measured(&f, &d, METRIC_gc_cycles, NULL) == 3);
    double share = measured(&f, &d, METRIC_gc_share, NULL); /* of 35 ms */
    assert_true(share > 2.571 && share < 2.572);
    end(&f);
}

static void growth_is_between_marks(void **state)
{
    struct fixture f;
    struct growth g;
    (void)state;
    begin(&f);
    const struct mark *from = growth_mark(f.process, "begin"), *to = growth_mark(f.process, "#2");
    assert_non_null(from);
    assert_ptr_equal(to, growth_mark(f.process, "end"));
    assert_null(growth_mark(f.process, "begin#2"));
    assert_null(growth_mark(f.process, "x"));
    assert_null(growth_mark(f.process, "#x"));
    growth_build(&g, f.process, f.symbols, from, to);
    assert_int_equal(g.n, 4);
    assert_int_equal(g.row[0].line, 20);
    assert_int_equal(g.row[0].from_bytes, 400);
    assert_int_equal(g.row[0].to_bytes, 36000);
    assert_int_equal(g.lua_bytes, 36000 - 400 + 8000 + 4 * 56);
    assert_int_equal(g.c_bytes, 64);
    growth_release(&g);
    growth_build(&g, f.process, f.symbols, to, from);
    assert_int_equal(g.row[g.n - 1].line, 20);
    growth_release(&g);
    end(&f);
}

static char *folded(struct fixture *f, enum stack_metric_id id)
{
    struct stack_tree tree;
    struct stack_choice c = {.by = BY_LINE};
    struct stack_quality q = {0};
    char *text = NULL;
    size_t n;
    stack_tree_init(&tree, stack_metric_at(id));
    stack_metric_at(id)->add(&(struct stack_part){f->process, f->symbols, &c, &tree, 0, &q});
    stack_tree_finish(&tree);
    FILE *out = open_memstream(&text, &n);
    flame_folded(&tree, out);
    fclose(out);
    stack_tree_release(&tree);
    return text;
}

static void metrics_are_stacks(void **state)
{
    static const struct {
        enum stack_metric_id id;
        const char *line;
    } want[] = {{STACK_METRIC_ALLOC_BYTES, "work.lua:10 560000\n"},
                {STACK_METRIC_ALLOC_COUNT, "work.lua:10 10000\n"},
                {STACK_METRIC_LIVE, "work.lua:20 36000\n"},
                {STACK_METRIC_PEAK, "work.lua:30 8000\n"},
                /* 719,712 of 726,912 ns that were charged, of 900,000 */
                {STACK_METRIC_GC, "work.lua:10 891086\n"}};
    struct fixture f;
    (void)state;
    begin(&f);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        char *text = folded(&f, want[i].id);
        if (!strstr(text, want[i].line))
            fail_msg("no %s in:\n%s", want[i].line, text);
        free(text);
    }
    end(&f);
}

static void pauses_have_a_distribution(void **state)
{
    struct fixture f;
    struct gc_totals g;
    (void)state;
    begin(&f);
    gc_totals(&g, f.process);
    assert_int_equal(gc_run_n(&g), 90);
    assert_int_equal(gc_pause_ns(&g, 0.5), 8192);
    assert_int_equal(gc_pause_ns(&g, 0.8), 16384);
    assert_int_equal(gc_pause_ns(&g, 0.99), 30000);
    end(&f);
}

static char *text_of(struct fixture *f, unsigned sections, unsigned width)
{
    struct digest d;
    struct report_options o = {
        .sections = sections, .top = 20, .growth_from = "begin", .growth_to = "end"};
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    struct canvas c = {out, width, 1, 0};
    digest_build(&d, &f->model, f->process, f->symbols);
    text_process(&d, &o, &c);
    digest_release(&d);
    fclose(out);
    return text;
}

static void says(struct fixture *f, unsigned sections, const char *what)
{
    char *text = text_of(f, sections, 100);
    if (!strstr(text, what))
        fail_msg("no `%s` in:\n%s", what, text);
    free(text);
}

static void the_report_shows_them(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    says(&f, SECTION_LEAKS, "1 line holds ever more, 35.2 KiB at the end");
    says(&f, SECTION_LEAKS, "Held besides");
    says(&f, SECTION_GROWTH, "+34.8 KiB");
    says(&f, SECTION_MEMORY, "Growing blocks");
    says(&f, SECTION_MEMORY, "3 whole");
    says(&f, SECTION_MEMORY, "half of them below 8.19 us");
    says(&f, SECTION_MEMORY, "Marks");
    end(&f);
}

static void a_trace_without_it_says_what_to_do(void **state)
{
    struct fixture f = {.process = NULL};
    (void)state;
    trace_init(&f.trace, 7);
    trace_demo(&f.trace);
    reads(&f);
    says(&f, SECTION_MEMORY, "MODPROF_ALLOC=exact");
    says(&f, SECTION_LEAKS, "MODPROF_ALLOC=exact");
    says(&f, SECTION_GROWTH, "MODPROF_ALLOC=exact");
    end(&f);
}

static void bars_are_as_high_as_values(void **state)
{
    (void)state;
    char *bars = series_bars((const double[]){0, 1, 50, 100}, 4); /* in the C locale */
    assert_string_equal(bars, " .+@");
    free(bars);
    bars = series_bars((const double[]){0, 0}, 2);
    assert_string_equal(bars, "  ");
    free(bars);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_by_line_add_up),
        cmocka_unit_test(rows_by_kind_and_library),
        cmocka_unit_test(lanes_of_one_place_are_one_row),
        cmocka_unit_test(damaged_sites_are_rows_too),
        cmocka_unit_test(what_rises_is_accused),
        cmocka_unit_test(what_does_not_rise_is_not_accused),
        cmocka_unit_test(what_garbage_or_chance_explains_is_not_accused),
        cmocka_unit_test(a_table_that_doubles_is_accused),
        cmocka_unit_test(what_was_emptied_between_checks_is_not_accused),
        cmocka_unit_test(what_does_not_go_on_is_not_accused),
        cmocka_unit_test(what_stopped_at_the_end_is_told_apart),
        cmocka_unit_test(what_makes_nothing_at_last_has_stopped_though_no_collection_came),
        cmocka_unit_test(a_table_that_doubled_late_is_no_end_of_a_rise),
        cmocka_unit_test(less_than_a_block_is_not_held),
        cmocka_unit_test(too_few_collections_are_no_proof),
        cmocka_unit_test(too_few_samples_are_no_proof_either),
        cmocka_unit_test(leaks_of_few_samples_are_found_or_doubted),
        cmocka_unit_test(what_was_filled_is_not_accused_for_few_samples),
        cmocka_unit_test(small_blocks_that_grow_are_no_array),
        cmocka_unit_test(one_line_is_one_finding),
        cmocka_unit_test(suppressions_are_read),
        cmocka_unit_test(wrong_suppressions_are_errors),
        cmocka_unit_test(lines_and_leaks_can_be_limited),
        cmocka_unit_test(growth_is_between_marks),
        cmocka_unit_test(metrics_are_stacks),
        cmocka_unit_test(pauses_have_a_distribution),
        cmocka_unit_test(the_report_shows_them),
        cmocka_unit_test(a_trace_without_it_says_what_to_do),
        cmocka_unit_test(bars_are_as_high_as_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
