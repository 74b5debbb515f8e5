/* shim_path: where libmodprof.so is.
 *
 * MODPROF_LIB where that is set; else beside the running modprof, in the lib directory of its
 * prefix, or in the system's. */
#ifndef COLLECTOR_CLI_SHIM_PATH_H
#define COLLECTOR_CLI_SHIM_PATH_H

#include <limits.h>

#include "collector/util/err.h"

/* Absolute path to OUT[PATH_MAX].  Returns 0, or -1 with ERR. */
int shim_path_find(char *out, struct err *err);

#endif
