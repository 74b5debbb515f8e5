/* test_decision: how often `modprof bench` is wrong, and how often it sees what is there, with runs drawn from
 * recorded ones (tests/unit/recorded), on a quiet machine and on a loaded one.
 *
 * The number of runs is found as collector/bench/bench_measure.c finds it. Seeds are fixed. */

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/stat/rank_test.h"
#include "collector/stat/rng.h"
#include "collector/stat/versus.h"

static const char *const names[] = {"startup-wall-alone", "cpu-wall-alone", "startup-wall-loaded"};
enum { NAME_N = sizeof names / sizeof *names, RECORD_MAX = 1000, RUNS_MAX = 20000 };

static const struct versus_rule usual = {
    .threshold = 0.02, .detect = 0.05, .alpha = 0.01, .paired = 1};

struct recorded {
    double at[RECORD_MAX];
    size_t n;
};
static struct recorded recorded[NAME_N];

static int recordings_read(void **state)
{
    char path[128];
    (void)state;
    for (size_t i = 0; i < NAME_N; i++) {
        struct recorded *r = &recorded[i];
        snprintf(path, sizeof path, "tests/unit/recorded/%s.txt", names[i]);
        FILE *in = fopen(path, "re");
        assert_non_null(in);
        while (r->n < RECORD_MAX && fscanf(in, "%lf", &r->at[r->n]) == 1)
            r->n++;
        fclose(in);
        assert_true(r->n >= 500);
    }
    return 0;
}

/* ---- drawing ---- */

static void draw(const struct recorded *of, struct rng *r, double factor, double *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = factor * of->at[rng_below(r, of->n)];
}

/* As they came, from FROM on, with all that drifts and returns: every other run is the other program's. */
static void deal(const struct recorded *of, size_t from, double *a, double *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        a[i] = of->at[(from + 2 * i) % of->n];
        b[i] = of->at[(from + 2 * i + 1) % of->n];
    }
}

static double a[RUNS_MAX], b[RUNS_MAX];

/* As many runs as a measurement takes that goes on until its spread asks for no more. */
static size_t runs_recommended(const struct recorded *of, struct rng *r)
{
    size_t done = 0, wanted = 10;
    while (done < wanted) {
        draw(of, r, 1, a + done, wanted - done);
        draw(of, r, 1, b + done, wanted - done);
        done = wanted;
        size_t n = versus_runs(&usual, a, done, b, done);
        wanted = n < 2 * done ? n : 2 * done;
        assert_true(wanted <= RUNS_MAX);
    }
    return done;
}

/* No verdict but "pass" and "unstable" is possible where ranks do not differ; the rest is slow. */
static enum versus_verdict verdict_of(size_t n)
{
    struct rank_test t;
    struct versus v;
    mann_whitney(&t, a, n, b, n);
    if (t.p >= usual.alpha)
        return VERSUS_UNSTABLE;
    versus(&v, &usual, a, n, b, n);
    return v.verdict;
}

/* ---- how often ---- */

enum { PILOTS = 5, ALIKE = 2000, SLOWER = 100 };
static size_t recommended[NAME_N][PILOTS];

static int pilots_run(void **state)
{
    int bad = recordings_read(state);
    for (size_t i = 0; i < NAME_N; i++) {
        struct rng r = {100 + i};
        for (int k = 0; k < PILOTS; k++)
            recommended[i][k] = runs_recommended(&recorded[i], &r);
    }
    return bad;
}

static void says(const char *name, const char *what, size_t n, size_t of)
{
    print_message("# %s: %zu %s of %zu\n", name, n, what, of);
}

static void the_same_program_hardly_ever_regresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < NAME_N; i++) {
        struct rng r = {200 + i};
        size_t alarms = 0;
        for (int k = 0; k < ALIKE; k++) {
            size_t n = k % 2 ? recommended[i][k % PILOTS] : 10 + rng_below(&r, 40);
            draw(&recorded[i], &r, 1, a, n);
            draw(&recorded[i], &r, 1, b, n);
            alarms += verdict_of(n) == VERSUS_REGRESSED;
        }
        says(names[i], "false alarms", alarms, ALIKE);
        assert_in_range(alarms, 0, ALIKE / 100);
    }
}

static void the_same_program_in_turn_hardly_ever_regresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < NAME_N; i++) {
        struct rng r = {300 + i};
        size_t alarms = 0;
        for (int k = 0; k < ALIKE; k++) {
            size_t n = 10 + rng_below(&r, recorded[i].n / 4);
            deal(&recorded[i], rng_below(&r, recorded[i].n), a, b, n);
            alarms += verdict_of(n) == VERSUS_REGRESSED;
        }
        says(names[i], "false alarms in turn", alarms, ALIKE);
        assert_in_range(alarms, 0, ALIKE / 100);
    }
}

static void a_slowdown_of_5_percent_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < NAME_N; i++) {
        struct rng r = {400 + i};
        size_t found = 0;
        for (int k = 0; k < SLOWER; k++) {
            size_t n = recommended[i][k % PILOTS];
            draw(&recorded[i], &r, 1, a, n);
            draw(&recorded[i], &r, 1.05, b, n);
            found += verdict_of(n) == VERSUS_REGRESSED;
        }
        says(names[i], "slower programs found", found, SLOWER);
        assert_in_range(found, SLOWER * 95 / 100, SLOWER);
    }
}

/* The shortcut of verdict_of, held against the whole. */
static void no_verdict_is_beyond_the_ranks(void **state)
{
    struct rng r = {7};
    (void)state;
    for (int k = 0; k < 100; k++) {
        struct rank_test t;
        struct versus v;
        draw(&recorded[k % NAME_N], &r, 1, a, 15);
        draw(&recorded[k % NAME_N], &r, 1.05, b, 15);
        mann_whitney(&t, a, 15, b, 15);
        versus(&v, &usual, a, 15, b, 15);
        if (t.p >= usual.alpha)
            assert_true(v.verdict == VERSUS_PASS || v.verdict == VERSUS_UNSTABLE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_program_hardly_ever_regresses),
        cmocka_unit_test(the_same_program_in_turn_hardly_ever_regresses),
        cmocka_unit_test(a_slowdown_of_5_percent_is_found),
        cmocka_unit_test(no_verdict_is_beyond_the_ranks),
    };
    return cmocka_run_group_tests(tests, pilots_run, NULL);
}
