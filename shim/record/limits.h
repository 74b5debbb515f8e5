/* limits: what a host with tight resource limits can spare (setrlimit, `ulimit`).
 *
 * A descriptor or a stretch of addresses that the shim takes is missing where the host asks for
 * its last one, so where there is little the shim does without.
 *
 * Context: any; keeps errno. */
#ifndef SHIM_RECORD_LIMITS_H
#define SHIM_RECORD_LIMITS_H

#include <stdint.h>

/* 1 where the process may have so few descriptors open that none is to be kept. */
int limits_few_descriptors(void);

/* 1 where N bytes of memory would be a notable part of what the process may still map. */
int limits_little_memory(uint64_t n);

#endif
