/* platform: the few primitives everything in the shim stands on.
 *
 * Rules for all shim code (docs/HACKING.md explains them):
 *  - runs inside somebody else's program: no stdio, no malloc, no locks that can block, no abort;
 *  - nothing is printed unless MODPROF_VERBOSE asks;
 *  - errno is what it was when a hook returns or passes control on;
 *  - libc functions that the shim itself interposes are called through real.h;
 *  - every symbol is hidden but those that shim/exports.map lists. */
#ifndef SHIM_PLATFORM_H
#define SHIM_PLATFORM_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define COLD __attribute__((cold, noinline))
/* For functions called millions of times a second: together, each at the start of a cache line
 * (measured: up to 5 % of an allocation storm). */
#define HOT __attribute__((hot, noinline, aligned(64)))
/* The same, with parameters just as they are declared: none is left out or put elsewhere by the compiler. */
#if __has_attribute(noipa)
#define HOT_AS_IS HOT __attribute__((noipa))
#else
#define HOT_AS_IS HOT
#endif
/* Fixed offset from the thread pointer: no call, no allocation, safe in signal handlers. */
#define SHIM_TLS __thread __attribute__((tls_model("initial-exec")))
/* For variables of the hot paths: addressed directly, not through the table of symbols. */
#define SHIM_HIDDEN __attribute__((visibility("hidden")))
/* For tables of 2,560 bytes and more: each begins at a page of its own, so that small variables stand together and a
 * table of which little is used costs one page (tests/lint/structure looks after it). */
#define SHIM_TABLE __attribute__((aligned(4096)))
/* For the symbols through which the shim interposes libc. */
#define SHIM_EXPORT __attribute__((visibility("default")))

/* CLOCK_MONOTONIC in nanoseconds, about 28 ns; any context; keeps errno. */
static inline uint64_t now_ns(void)
{
    struct timespec t = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The thread's CPU time in nanoseconds; a system call; any context; keeps errno. */
static inline uint64_t cpu_now_ns(void)
{
    struct timespec t = {0, 0};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* From now on the time is asked for by system calls: the host gives up the processor's counter, from which the kernel's code in
 * the process tells it.  Where such calls are not let through either, time stands still. */
void kernel_clock_by_call(void);

#endif
