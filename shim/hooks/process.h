/* process: the end of the process image (exit, _exit, exec) and its doubling (fork).
 *
 * Context: process_start in the shim's constructor, after config_read; once. */
#ifndef SHIM_HOOKS_PROCESS_H
#define SHIM_HOOKS_PROCESS_H

/* Registers what must run in a fork's child, at exit, and when a thread ends.  Nothing is mapped
 * or opened. */
void process_start(void);

/* The host is about to install a filter of system calls (prepared: kernel_filter.h).  Where the trace may not be written
 * under it, what there is so far is written now, and the arena has to tell the rest. */
void process_fence(void);

/* Once, when there is an arena: children of forks that nothing announces get their own, too (fork_mark.h). */
void process_watch_forks(void);

/* Whether a system call makes a child with a memory and a stack as fork's; what fork's handlers do in the child of one. */
int process_is_fork(long number, long a, long b);
void process_forked(void);

#endif
