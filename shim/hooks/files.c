/* files: fopen and fopen64, interposed, so that the paths a module search tries are seen.
 *
 * Outside of a search the call goes straight on.  errno is what the real function left.
 * Context: host threads, any moment, also before the shim's constructor. */
#undef _FORTIFY_SOURCE
#include <errno.h>

#include "shim/hooks/observe.h"
#include "shim/real.h"

SHIM_TLS uint32_t observe_files;

typedef FILE *open_file(const char *path, const char *mode);

static COLD FILE *open_observed(open_file *open, const char *path, const char *mode)
{
    uint64_t begin = now_ns();
    FILE *f = open(path, mode);
    int err = errno;
    if (path)
        observe_open(path, f ? 0 : err, begin, now_ns());
    errno = err;
    return f;
}

SHIM_EXPORT FILE *fopen(const char *restrict path, const char *restrict mode)
{
    if (unlikely(!real.fopen))
        real_resolve();
    if (unlikely(observe_files))
        return open_observed(real.fopen, path, mode);
    return real.fopen(path, mode);
}

SHIM_EXPORT FILE *fopen64(const char *restrict path, const char *restrict mode)
{
    if (unlikely(!real.fopen64))
        real_resolve();
    if (unlikely(observe_files))
        return open_observed(real.fopen64, path, mode);
    return real.fopen64(path, mode);
}
