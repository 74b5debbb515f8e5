/* process_info: what the process record says: who, when, and where from.
 *
 * Context: constructor, loader callback, fork's child, first drain.  No allocation. */
#ifndef SHIM_RECORD_PROCESS_INFO_H
#define SHIM_RECORD_PROCESS_INFO_H

#include <stdint.h>

#include "arena/layout.h"

/* What the constructor is told, so that nothing has to be asked of the kernel; may be left out. */
void process_info_arguments(int argc, char *const *argv);

/* Ids, executable and the moment of start; P is zero. */
void process_info_start(struct arena_process *p);

/* The same in a fork's child, over what the parent had; async-signal-safe. */
void process_info_forked(struct arena_process *p);

/* Arguments, directory: needs the file system, so only when a trace begins. */
void process_info_describe(struct arena_process *p);

/* Field 22 of /proc/self/stat, in clock ticks since boot (it survives exec); 0: unknown. */
uint64_t process_info_start_ticks(void);

/* The same for any process, in CLOCK_REALTIME ns, to within a hundredth of a second; 0: there is
 * no such process, or it can not be told. */
uint64_t process_info_start_of(uint64_t pid);

/* Resident memory of this process, 0: unknown. */
uint64_t process_info_rss_bytes(void);

/* The most of it so far, since the last exec; 0: unknown.  (What getrusage tells is at least as much as the process that
 * called exec had, which may have been another program's.) */
uint64_t process_info_peak_rss_kib(void);

/* How long the thread TID of this process waited for a processor while it could run, since it began; UINT64_MAX: unknown. */
uint64_t process_info_queued_ns(uint32_t tid);

/* Addresses this process has mapped, 0: unknown. */
uint64_t process_info_mapped_bytes(void);

#endif
