/* modprof.h: for programs that want to name moments while they are profiled with modprof.
 *
 * modprof_mark notes what is live in Lua's and C's heap, under NAME: `modprof report --growth A B` shows
 * what came between two marks. Without the profiler the function is not there, and modprof_mark_if_profiled does
 * nothing; nothing needs to be linked. */
#ifndef MODPROF_H
#define MODPROF_H

#ifdef __cplusplus
extern "C" {
#endif

/* NAME: text, NUL-terminated, copied. */
void modprof_mark(const char *name) __attribute__((weak));

static inline void modprof_mark_if_profiled(const char *name)
{
    if (modprof_mark)
        modprof_mark(name);
}

#ifdef __cplusplus
}
#endif

#endif
