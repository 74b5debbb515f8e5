/* private_dir: a directory of our own for a socket, and what goes with it.
 *
 * Context: `modprof run`. */
#ifndef COLLECTOR_CLI_PRIVATE_DIR_H
#define COLLECTOR_CLI_PRIVATE_DIR_H

#include "collector/util/err.h"

enum { PRIVATE_DIR_MAX = 96 };

struct private_dir {
    char path[PRIVATE_DIR_MAX];     /* mode 0700, made now; short enough for a socket in it */
    char lib[PRIVATE_DIR_MAX + 16]; /* a link in it; "" : none */
};

/* In $XDG_RUNTIME_DIR, $TMPDIR or /tmp, the first that will do.  STRANGERS: other users may reach a
 * file in it whose name they know (mode 0711), so not in $XDG_RUNTIME_DIR.  Returns 0, or -1 with
 * ERR. */
int private_dir_make(struct private_dir *d, int strangers, struct err *err);

/* A path of LIB that can stand in LD_PRELOAD, where blanks and colons separate: LIB itself, or a
 * link to it. NULL with ERR where there is none. */
const char *private_dir_preloadable(struct private_dir *d, const char *lib, struct err *err);

/* Removes it; what others put into it stays, and so does it then. */
void private_dir_remove(struct private_dir *d);

#endif
