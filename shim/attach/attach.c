/* attach: finds Lua in the process and redirects its entries. */
#include "shim/attach/attach.h"

#include "shim/real.h"

void attach_start(void)
{
}

void attach_prepare(void)
{
}

/* Called by the dlopen entry (arch/x86_64/dlopen_entry.S); returns where to go on. */
void *dlopen_prepare(void);
void *dlopen_prepare(void)
{
    if (real.dlopen == NULL)
        real_resolve();
    attach_prepare();
    return (void *)real.dlopen;
}
