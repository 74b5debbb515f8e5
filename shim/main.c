/* main: the shim's begin and end. */
#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>

#include "shim/attach/attach.h"
#include "shim/attach/image.h"
#include "shim/hooks/process.h"
#include "shim/real.h"
#include "shim/record/config.h"
#include "shim/record/process_info.h"

static void shim_start(int argc, char **argv);

/* Until it comes to this object. */
static int look_for_first(struct dl_phdr_info *info, size_t size, void *found)
{
    struct image im;
    (void)size;
    image_read(&im, info);
    uint64_t here = (uintptr_t)shim_start;
    if (here >= im.lo && here < im.hi)
        return 1;
    *(int *)found = im.soname != NULL && strcmp(im.soname, "libmodprof.so") == 0;
    return *(int *)found;
}

/* The same library from another path, preloaded before this one: it sees what the program does, and this one would see
 * what it does. */
static int is_second(void)
{
    int found = 0;
    dl_iterate_phdr(look_for_first, &found);
    return found;
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
