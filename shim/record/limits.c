/* limits: see limits.h. */
#include "shim/record/limits.h"

#include <errno.h>
#include <stddef.h>
#include <sys/resource.h>

#include "shim/record/process_info.h"

enum { FEW_DESCRIPTORS = 64, MEMORY_SHARE = 4 };

static uint64_t limit(__rlimit_resource_t what)
{
    struct rlimit l;
    int saved = errno;
    uint64_t n = getrlimit(what, &l) || l.rlim_cur == RLIM_INFINITY ? UINT64_MAX : l.rlim_cur;
    errno = saved;
    return n;
}

int limits_few_descriptors(void)
{
    return limit(RLIMIT_NOFILE) < FEW_DESCRIPTORS;
}

/* The arena counts as data while it is private. */
int limits_little_memory(uint64_t n)
{
    uint64_t addresses = limit(RLIMIT_AS), data = limit(RLIMIT_DATA);
    uint64_t least = addresses < data ? addresses : data;
    if (least == UINT64_MAX)
        return 0;
    int saved = errno;
    uint64_t used = process_info_mapped_bytes();
    errno = saved;
    return least < used || least - used < n * MEMORY_SHARE;
}
