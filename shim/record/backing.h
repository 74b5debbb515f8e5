/* backing: the file behind the shared arena: without a name in /dev/shm until the trace begins, or a
 * memfd for a collector.
 *
 * Context: constructor, loader callback, first drain. */
#ifndef SHIM_RECORD_BACKING_H
#define SHIM_RECORD_BACKING_H

#include <stddef.h>
#include <stdint.h>

/* A descriptor of a new file of N bytes, all holes; -1 where it can not be had, where the host may
 * not write so large a file, or where little shared memory is left. */
int backing_new(int memfd, size_t n);

/* Gives FD's file its name, /dev/shm/modprof.UID.PID.STARTTICKS, written to PATH[CAP].  Returns 0, or
 * -1 with PATH empty.  Makes room first (orphans_sweep). */
int backing_name(int fd, uint64_t uid, uint64_t pid, char *path, size_t cap);

#endif
