/* trace_name: what a trace file is called (config.h states the rule).
 *
 * Context: the thread that opens the sink.  Returns 0, or -1 where the name does not fit. */
#ifndef SHIM_RECORD_TRACE_NAME_H
#define SHIM_RECORD_TRACE_NAME_H

#include <stddef.h>
#include <stdint.h>

/* MODPROF_OUT with "%p" replaced by PID. */
int trace_name_told(char *out, size_t cap, const char *told, uint64_t pid);

/* DIR/<program>-<pid>.mprof, for the executable EXE. */
int trace_name_default(char *out, size_t cap, const char *dir, const char *exe, uint64_t pid);

/* NAME with SUFFIX in front of its extension. */
int trace_name_suffixed(char *out, size_t cap, const char *name, const char *suffix);

/* "-<pid>" (N is 1), "-<pid>-2" ...; PID 0: only "-<n>". */
void trace_name_suffix(char *out, size_t cap, uint64_t pid, unsigned n);

#endif
