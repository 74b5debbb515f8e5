/* kernel: the shim's own names for system calls.
 *
 * kernel.c defines libc's names (open, write, mmap, clock_gettime ...) once more, for the shim alone: they are
 * hidden, so the shim's calls are bound to them when it is linked, and the host's are not touched.  What the
 * shim asks the kernel thus never passes through another preloaded library (which may tell other times or other
 * users, and may be gone already when the trace is ended), and no such call is a place where a thread can be
 * cancelled, in the middle of a trace.
 *
 * They do what libc's do, with errno, and make the system calls that libc would make, so that a sandbox which
 * admits these admits ours.
 *
 * Context: any. */
#ifndef SHIM_KERNEL_H
#define SHIM_KERNEL_H

/* One system call; -1 with errno where it failed, EPERM where the host's filters would not let it through. */
long kernel_call(long number, long a, long b, long c, long d, long e, long f);

#endif
