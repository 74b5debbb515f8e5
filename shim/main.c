/* main: the shim's begin and end. */
#include <errno.h>
#include <sys/auxv.h>

#include "shim/attach/attach.h"
#include "shim/hooks/process.h"
#include "shim/real.h"
#include "shim/record/config.h"
#include "shim/record/process_info.h"

/* Runs before the program's own constructors.  A process that must not or need not be profiled
 * is left as it was found: nothing mapped, opened or redirected. */
__attribute__((constructor)) static void shim_start(int argc, char **argv)
{
    int saved = errno;
    real_resolve();
    if (getauxval(AT_SECURE) == 0) {
        config_read();
        if (!config.off) {
            process_info_arguments(argc, argv);
            process_start();
            attach_start();
        }
    }
    errno = saved;
}
