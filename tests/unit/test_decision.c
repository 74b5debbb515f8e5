/* test_decision: how often `modprof bench` is wrong, and how often it sees what is there, with runs drawn from
 * recorded ones (tests/unit/recorded).
 *
 * The caution of versus_power.c was chosen by looking at some recordings, so those prove nothing of it: the test takes
 * others, of other programs, recorded later. `test_decision tuning` takes the first ones.
 *
 * The number of runs is found as collector/bench/bench_measure.c finds it. Seeds are fixed. */

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/stat/rank_test.h"
#include "collector/stat/rng.h"
#include "collector/stat/versus.h"

static const char *const tuning[] = {"startup-wall-alone", "cpu-wall-alone", "startup-wall-loaded",
                                     NULL};
static const char *const held_out[] = {"strings-cpu-busy", "modules-cpu-busy", NULL};
static const char *const *names = held_out;
enum { NAME_MAX_N = 3, RECORD_MAX = 1000, RUNS_MAX = 20000 };

static const struct versus_rule usual = {
    .threshold = 0.02, .detect = 0.05, .alpha = 0.01, .paired = 1};

struct recorded {
    double at[RECORD_MAX];
    size_t n;
};
static struct recorded recorded[NAME_MAX_N];

static int recordings_read(void **state)
{
    char path[128];
    (void)state;
    for (size_t i = 0; names[i]; i++) {
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

enum { PILOTS = 3, ALIKE = 2000, SLOWER = 100 };
static size_t recommended[NAME_MAX_N][PILOTS];

static int pilots_run(void **state)
{
    int bad = recordings_read(state);
    for (size_t i = 0; names[i]; i++) {
        struct rng r = {100 + i};
        for (int k = 0; k < PILOTS; k++)
            recommended[i][k] = runs_recommended(&recorded[i], &r);
    }
    return bad;
}

/* Alarms among comparisons of a program with itself, either way: who tells of an improvement that is none is wrong, too.
 * The bound is on what is counted here, at most 1 in 100, of runs that do not depend on each other. */
struct alarms {
    size_t worse, better, of;
};

static void alarm_count(struct alarms *n, enum versus_verdict v)
{
    n->worse += v == VERSUS_REGRESSED;
    n->better += v == VERSUS_BETTER;
    n->of++;
}

static void alarms_are_few(const struct alarms *n, const char *name, const char *how)
{
    print_message("# %s%s: %zu worse and %zu better of %zu that are the same\n", name, how,
                  n->worse, n->better, n->of);
    assert_in_range(n->worse + n->better, 0, n->of / 100);
}

static void the_same_program_hardly_ever_differs(void **state)
{
    (void)state;
    for (size_t i = 0; names[i]; i++) {
        struct rng r = {200 + i};
        struct alarms alarms = {0};
        for (int k = 0; k < ALIKE; k++) {
            size_t n = k % 2 ? recommended[i][k % PILOTS] : 10 + rng_below(&r, 40);
            draw(&recorded[i], &r, 1, a, n);
            draw(&recorded[i], &r, 1, b, n);
            alarm_count(&alarms, verdict_of(n));
        }
        alarms_are_few(&alarms, names[i], "");
    }
}

static void the_same_program_in_turn_hardly_ever_differs(void **state)
{
    (void)state;
    for (size_t i = 0; names[i]; i++) {
        struct rng r = {300 + i};
        struct alarms alarms = {0};
        for (int k = 0; k < ALIKE; k++) {
            size_t n = 10 + rng_below(&r, recorded[i].n / 4);
            deal(&recorded[i], rng_below(&r, recorded[i].n), a, b, n);
            alarm_count(&alarms, verdict_of(n));
        }
        alarms_are_few(&alarms, names[i], " in turn");
    }
}

static void a_slowdown_of_5_percent_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; names[i]; i++) {
        struct rng r = {400 + i};
        size_t found = 0, least = RUNS_MAX, most = 0;
        for (int k = 0; k < SLOWER; k++) {
            size_t n = recommended[i][k % PILOTS];
            draw(&recorded[i], &r, 1, a, n);
            draw(&recorded[i], &r, 1.05, b, n);
            least = n < least ? n : least;
            most = n > most ? n : most;
            found += verdict_of(n) == VERSUS_REGRESSED;
        }
        print_message("# %s: %zu of %d slower programs found, with %zu to %zu runs of each\n",
                      names[i], found, SLOWER, least, most);
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
        draw(&recorded[k % 2], &r, 1, a, 15);
        draw(&recorded[k % 2], &r, 1.05, b, 15);
        mann_whitney(&t, a, 15, b, 15);
        versus(&v, &usual, a, 15, b, 15);
        if (t.p >= usual.alpha)
            assert_true(v.verdict == VERSUS_PASS || v.verdict == VERSUS_UNSTABLE);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "tuning"))
        names = tuning;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_program_hardly_ever_differs),
        cmocka_unit_test(the_same_program_in_turn_hardly_ever_differs),
        cmocka_unit_test(a_slowdown_of_5_percent_is_found),
        cmocka_unit_test(no_verdict_is_beyond_the_ranks),
    };
    return cmocka_run_group_tests(tests, pilots_run, NULL);
}
