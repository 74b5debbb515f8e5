/* test_fuzz_stacks: what tests/fuzz/fuzz_stacks.c holds true, of its seeds, intact and damaged. */
/* SOURCES: tests/fuzz/fuzz_stacks.c */
#include "tests/unit/fuzz_driver.h"
