/* main: the shim's begin and end. */
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <sys/auxv.h>

#include "shim/attach/attach.h"
#include "shim/hooks/marks.h"
#include "shim/hooks/process.h"
#include "shim/real.h"
#include "shim/record/config.h"
#include "shim/record/process_info.h"

/* The same library from another path, preloaded before this one: it sees what the program does, and this one would see
 * what it does. */
static int is_second(void)
{
    const void *first = dlsym(RTLD_DEFAULT, "modprof_mark");
    return first != NULL && first != (const void *)(uintptr_t)marks_mark;
}

/* Runs before the program's own constructors.  A process that must not or need not be profiled
 * is left as it was found: nothing mapped, opened or redirected. */
__attribute__((constructor)) static void shim_start(int argc, char **argv)
{
    int saved = errno;
    real_resolve();
    if (getauxval(AT_SECURE) == 0) {
        config_read();
        if (!config.off && !is_second()) {
            process_info_arguments(argc, argv);
            process_start();
            attach_start();
        }
    }
    errno = saved;
}
