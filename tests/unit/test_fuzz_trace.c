/* test_fuzz_trace: what tests/fuzz/fuzz_trace.c holds true, of its seeds, intact and damaged. */
/* SOURCES: tests/fuzz/fuzz_trace.c */
#include "tests/unit/fuzz_driver.h"
