/* fuzz_driver: runs a fuzzing program (tests/fuzz/) without a fuzzer, so that what it holds true is tested with the rest: its seeds in
 * every shape, and the same damaged at random places, the same ones in every run. */
#ifndef TESTS_UNIT_FUZZ_DRIVER_H
#define TESTS_UNIT_FUZZ_DRIVER_H

#include "tests/unit/unit.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { FUZZ_SHAPES = 32, FUZZ_DAMAGED = 100, FUZZ_SEED_MAX = 1 << 16 };

static size_t fuzz_at(size_t n)
{
    return (size_t)random() % n;
}

/* Some bytes are others, the end may be missing. */
static size_t fuzz_damage(uint8_t *out, const uint8_t *seed, size_t n)
{
    memcpy(out, seed, n);
    for (size_t i = 1 + fuzz_at(8); i > 0; i--)
        out[fuzz_at(n)] = (uint8_t)random();
    return fuzz_at(4) ? n : 1 + fuzz_at(n);
}

static void fuzz_seed(const uint8_t *seed, size_t n)
{
    static uint8_t input[FUZZ_SEED_MAX];
    memcpy(input, seed, n);
    for (int shape = 0; shape < FUZZ_SHAPES; shape++) {
        input[0] = (uint8_t)shape;
        LLVMFuzzerTestOneInput(input, n);
    }
    for (int i = 0; i < FUZZ_DAMAGED; i++)
        LLVMFuzzerTestOneInput(input, fuzz_damage(input, seed, n));
}

static int fuzz_file(const char *dir, const char *name)
{
    static uint8_t seed[FUZZ_SEED_MAX];
    char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(seed, 1, sizeof seed, f) : 0;
    if (f)
        fclose(f);
    unlink(path);
    if (!n)
        return 0;
    fuzz_seed(seed, n);
    return 1;
}

static void seeds_keep_what_must_be_true(void **state)
{
    char dir[] = "/tmp/modprof-fuzz-XXXXXX";
    struct dirent **e = NULL;
    int seeds_n = 0;
    (void)state;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(setenv("FUZZ_SEEDS", dir, 1), 0);
    LLVMFuzzerInitialize(NULL, NULL);
    srandom(11);
    int n = scandir(dir, &e, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        seeds_n += e[i]->d_name[0] != '.' && fuzz_file(dir, e[i]->d_name);
        free(e[i]);
    }
    free(e);
    rmdir(dir);
    assert_true(n > 0 && seeds_n > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(seeds_keep_what_must_be_true)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
