/* loader: follows what the dynamic linker does. */
#include "shim/attach/loader.h"

SHIM_TLS struct loader_times loader_times;

int loader_start(void)
{
    return -1;
}

SHIM_EXPORT void __gmon_start__(void);
void __gmon_start__(void)
{
    struct loader_times *t = &loader_times;
    if (t->mapped_ns != 0 && t->construct_ns == 0)
        t->construct_ns = now_ns();
}
