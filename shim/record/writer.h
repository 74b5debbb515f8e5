/* writer: takes the arena's contents to the sink (record_api.h has the calls for hooks).
 *
 * Context: host threads; not in signal handlers, but for writer_finish, which may also be called
 * there (a handler that ends the process). Never waits. */
#ifndef SHIM_RECORD_WRITER_H
#define SHIM_RECORD_WRITER_H

/* The first state is being made: shares the arena, opens the sink, writes a first frame that
 * names the arena, so that a kill from now on can be completed.  Later calls do nothing. */
void writer_begin(void);

/* Around exec: the image is about to be replaced; exec failed after all. */
void writer_exec_begin(void);
void writer_exec_failed(void);

/* In a fork's child: forgets the parent's trace; a trace of its own begins when Lua is used in it.
 * COPIED: the child has an arena of its own (else it must not write).  Async-signal-safe. */
void writer_fork_child(int copied);

#endif
