/* loader: what the dynamic linker is doing, told by the function at _r_debug.r_brk, whose entry is
 * redirected, and by __gmon_start__, which every library's _init calls right before its
 * constructors (crti.o) and which the shim exports for that.
 *
 * Context: host threads, with the loader's lock held. */
#ifndef SHIM_ATTACH_LOADER_H
#define SHIM_ATTACH_LOADER_H

#include <stdint.h>

#include "shim/platform.h"

/* Moments of the newest load on this thread, CLOCK_MONOTONIC ns, 0: not seen.  Readers (module
 * spans) clear the struct before a load and read it afterwards. */
struct loader_times {
    uint64_t begin_ns;     /* r_state ADD */
    uint64_t mapped_ns;    /* r_state CONSISTENT after ADD: all objects mapped */
    uint64_t construct_ns; /* first constructor about to run */
    uint64_t scan_ns;      /* what the shim's own look at the new objects took since cleared; it
                              lies before begin_ns (which is moved) and is in no phase */
    uint32_t loads_n;      /* ADD..CONSISTENT pairs since cleared */
};
extern SHIM_TLS struct loader_times loader_times;

/* Redirects r_brk.  Returns 0, or -1 where it can not be done (then dlopen calls whose path has a
 * slash are the only late arrivals that are seen, after their constructors, and phases are not told
 * apart). */
int loader_start(void);

#endif
