/* collector_check: are the entries of the collector that were found what they are taken for?
 *
 * On a state of the shim's own, in both modes: all that the collector does must happen in steps, and each finalizer must be
 * called by way of its entry, once.  Also learns where Lua notes that the collector is stopped.
 *
 * Context: host thread, in lua_newstate. */
#ifndef SHIM_ATTACH_COLLECTOR_CHECK_H
#define SHIM_ATTACH_COLLECTOR_CHECK_H

#include "shim/attach/collector_layout.h"

struct collector_check {
    const struct lua_api *api;
    const void *global_state;
    struct collector_phase last; /* as the step before left it */
    int steps, cycles, strays;   /* strays: it moved, and no step ran */
    int in_step, in_finalize;    /* depth */
    int entered, called, missed; /* finalizers: by way of the entry; at all; not within it */
};

/* L is a state of the shim's own whose global_State is at G; collector_layout_check was satisfied.  Sets what is known in C->collector. */
void collector_check(struct lua_copy *c, lua_State *L, const void *g);

/* What the entries tell meanwhile. */
void collector_check_step_begin(struct collector_check *k);
void collector_check_step_end(struct collector_check *k);
void collector_check_finalize_begin(struct collector_check *k);
void collector_check_finalize_end(struct collector_check *k);

#endif
