/* process: the end of the process image (exit, _exit, exec) and its doubling (fork).
 *
 * Context: process_start in the shim's constructor, after config_read; once. */
#ifndef SHIM_HOOKS_PROCESS_H
#define SHIM_HOOKS_PROCESS_H

/* Registers what must run in a fork's child, at exit, and when a thread ends.  Nothing is mapped
 * or opened. */
void process_start(void);

#endif
