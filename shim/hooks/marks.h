/* marks: moments that somebody names, at each of which the trace keeps what is live.
 *
 * From Lua (`modprof.mark(name)`, where MODPROF_MARKS=1 puts that global into each state), from C
 * (modprof_mark in shim/modprof.h), and from outside by a signal (MODPROF_MARK_SIGNAL).
 *
 * Context: host threads, unless a call says otherwise. */
#ifndef SHIM_HOOKS_MARKS_H
#define SHIM_HOOKS_MARKS_H

#include <signal.h>

#include "shim/attach/copy.h"

/* Takes a mark now: the trace is written up to here, if it can be. STATE: id or 0. */
void mark_take(const char *name, size_t n, enum mark_origin origin, uint32_t state);

/* Takes the marks that signals asked for.  Returns 0, or -1: there is no room for it on this stack. */
int marks_by_signal(uint32_t state);

/* Puts the global into a new state, where it was asked for; handles the signal from the first state on. */
void marks_state(struct lua_copy *c, lua_State *L);

/* 1 while signal N is ours.  Any context. */
int marks_own(int n);
/* sigaction by the host, of that signal: from then on it is the host's.  Any context. */
int marks_action(const struct sigaction *act, struct sigaction *old);

#endif
