/* loader: follows the dynamic linker through the function it calls for debuggers.  See loader.h.
 *
 * That function, _dl_debug_state, does nothing; the linker calls it with its lock held, so calls do
 * not overlap.  It is an ordinary call: the C calling convention holds. */
#include "shim/attach/loader.h"

#include <errno.h>
#include <link.h>

#include "shim/attach/redirect.h"
#include "shim/attach/rescan.h"
#include "shim/record/record_api.h"
#include "shim/stack/native.h"

SHIM_TLS struct loader_times loader_times;

static void (*original)(void);
static struct redirect_page page;

/* r_state of all namespaces together: what the linker is doing anywhere. */
static int linker_state(void)
{
    int state = _r_debug.r_state;
#if __GLIBC_PREREQ(2, 35)
    uintptr_t at = (uintptr_t)&_r_debug;
    __asm__("" : "+r"(at)); /* declared as the shorter struct that it was before 2.35 */
    if (_r_debug.r_version >= 2)
        for (const struct r_debug_extended *x = ((const struct r_debug_extended *)at)->r_next;
             x != NULL && state == RT_CONSISTENT; x = x->r_next)
            state = x->base.r_state;
#endif
    return state;
}

static void begin_load(void)
{
    loader_times.begin_ns = now_ns();
    loader_times.mapped_ns = loader_times.construct_ns = 0;
}

/* The time the scan takes is ours: it is taken out by moving the begin. */
static void end_load(void)
{
    uint64_t mapped = now_ns();
    rescan();
    loader_times.mapped_ns = now_ns();
    loader_times.begin_ns += loader_times.mapped_ns - mapped;
    loader_times.scan_ns += loader_times.mapped_ns - mapped;
    loader_times.loads_n++;
}

static void on_notify(void)
{
    static int last = RT_CONSISTENT; /* under the linker's lock */
    int saved = errno, state = linker_state();
    if (state == RT_DELETE)
        native_unloading(1);
    if (state == RT_ADD)
        begin_load();
    else if (state == RT_CONSISTENT && last == RT_ADD)
        end_load();
    else if (state == RT_CONSISTENT && last == RT_DELETE)
        rescan();
    if (state != RT_DELETE && last == RT_DELETE)
        native_unloading(0);
    last = state;
    errno = saved;
    original();
}

static int redirect_in(struct dl_phdr_info *info, size_t size, void *ctx)
{
    struct redirect *r = ctx;
    struct image im;
    (void)size;
    image_read(&im, info);
    if (image_text(&im, r->entry.address) == NULL)
        return 0;
    redirect_plan(&im, r, 1, &page);
    if (r->reason == NULL) {
        original = (void (*)(void))(uintptr_t)r->original;
        redirect_install(&im, r, 1);
    }
    return 1;
}

int loader_start(void)
{
    struct redirect r = {
        .name = "_dl_debug_state", .group = "LOADER", .hook = (const void *)on_notify};
    r.entry.address = _r_debug.r_brk;
    if (r.entry.address == 0)
        return -1;
    dl_iterate_phdr(redirect_in, &r);
    return r.done ? 0 : -1;
}

/* Called by the _init of every library, right before its constructors, and by nobody else. */
SHIM_EXPORT void __gmon_start__(void);
void __gmon_start__(void)
{
    struct loader_times *t = &loader_times;
    if (t->mapped_ns != 0 && t->construct_ns == 0)
        t->construct_ns = now_ns();
}
