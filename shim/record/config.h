/* config: the shim's settings, read once from the environment in the constructor.
 *
 *   MODPROF_OUT      unix:/path, tcp:host:port (a numeric address or "localhost"), or a file;
 *                    unset: <program>-<pid>.mprof in the working directory, $TMPDIR (/tmp) when
 *                    that can not be written
 *   MODPROF_TOKEN    shared secret for tcp
 *   MODPROF          "off": stay dormant
 *   MODPROF_LAYOUT   "api": do not use Lua's structures directly
 *   MODPROF_START_NS CLOCK_MONOTONIC ns of process start, set by `modprof run`
 *   MODPROF_CPU      samples a second of CPU time (1 to 10000); 0 or "off": none; unset: 999
 *   MODPROF_WALL     the same of wall time, waiting included; takes the place of MODPROF_CPU
 *   MODPROF_CPU_SIGNAL  the signal that is used for it, by number; unset: SIGURG
 *   MODPROF_CPU_SOURCE  "timer": by timers, also where perf events are to be had
 *   MODPROF_ALLOC    how allocation is recorded; words joined by commas, later ones win:
 *                      off           counters only
 *                      sample[:N]    stacks of one allocation per N bytes (512k), of Lua's and C's
 *                      exact         the stack of every Lua allocation
 *                      c-off, c-sample[:N], c-exact    for C's alone
 *                      sites:N       room for N places that allocate (64,000)
 *                      no-tag        exact: never ask for more memory than Lua does
 *   MODPROF_MARKS    1: each state has a global `modprof` with a function `mark`
 *   MODPROF_MARK_SIGNAL  a signal, by number, that makes a mark
 *   MODPROF_VERBOSE  1: say on stderr what was attached and what was not
 *
 * Which file: "%p" in MODPROF_OUT stands for the process id ("%%" for one "%").  The environment is
 * inherited, so several processes may be told the same name.  The rule:
 *  - a name that is not taken is created;
 *  - a trace of this user's that nobody is writing any more is replaced: the newest run wins;
 *  - otherwise (the trace of a process that still runs, or of this process before an exec or a
 *    fork, or anything that is not a trace) "-<pid>" goes in front of the extension, and then
 *    "-2", "-3" ... behind it.  Nothing is written through a link, and nothing that is not a
 *    trace is ever changed.
 * A default name is never replaced: "-2", "-3" ... is added. */
#ifndef SHIM_RECORD_CONFIG_H
#define SHIM_RECORD_CONFIG_H

#include <stdint.h>

#include "wire/enums.h"

struct config_alloc {
    enum alloc_mode lua, c;
    uint64_t lua_interval, c_interval; /* bytes */
    uint32_t sites_max;
    int lua_paced, c_paced; /* 1: nobody said how far apart samples are to be */
    int no_tag;
    int bad; /* 1: MODPROF_ALLOC holds a word that is not known */
};

struct config {
    int off;
    int layout_api;
    int verbose;
    uint32_t cpu_hz; /* 0: no samples */
    int cpu_asked;   /* 0: nobody asked, so they are to cost even less */
    int wall;        /* 1: of wall time, not of CPU time */
    int cpu_signal;
    int cpu_timers;       /* 1: no perf events */
    int cpu_events;       /* 1: perf events whatever they cost */
    int cpu_events_first; /* 1: from the first moment on: there is one already (`modprof run`) */
    int valgrind;         /* 1: runs under valgrind, which speaks up when a stack is exchanged */
    struct config_alloc alloc;
    int marks,
        mark_signal;   /* mark_signal 0: none; -1: what stands there is no number of a signal */
    uint64_t start_ns; /* 0: not told */
    /* Texts of their own, never NULL: the environment may change. */
    const char *out; /* "": default file; a file's name is absolute */
    const char *token;
    const char *cwd;     /* working directory at start; "": unknown */
    const char *tmp_dir; /* $TMPDIR, or /tmp */
};
extern struct config config;

void config_read(void);

/* Takes MODPROF_ALLOC's VALUE (NULL: not set) apart. */
void config_read_alloc(const char *value, struct config_alloc *a);

/* 1 where OUT names a collector (unix: or tcp:), not a file. */
int config_out_is_socket(const char *out);

#endif
