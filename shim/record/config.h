/* config: the shim's settings, read once from the environment in the constructor.
 *
 *   MODPROF_OUT      unix:/path, tcp:host:port, or a file; unset: <program>-<pid>.mprof in the
 *                    working directory, $TMPDIR (/tmp) when that can not be written
 *   MODPROF_TOKEN    shared secret for tcp
 *   MODPROF          "off": stay dormant
 *   MODPROF_LAYOUT   "api": do not use Lua's structures directly
 *   MODPROF_START_NS CLOCK_MONOTONIC ns of process start, set by `modprof run`
 *   MODPROF_VERBOSE  1: say on stderr what was attached and what was not
 */
#ifndef SHIM_RECORD_CONFIG_H
#define SHIM_RECORD_CONFIG_H

#include <stdint.h>

struct config {
    int off;
    int layout_api;
    int verbose;
    uint64_t start_ns;      /* 0: not told */
    char out[4096];         /* "" : default file */
    char token[128];
};
extern struct config config;

void config_read(void);

#endif
