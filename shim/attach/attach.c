/* attach: looks at what is loaded, now and whenever the loader has been at work.
 *
 * Nothing is prepared before there is a reason: a Lua in the process, or the first dlopen. */
#include "shim/attach/attach.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "shim/attach/adopt.h"
#include "shim/attach/loader.h"
#include "shim/attach/lua_symbols.h"
#include "shim/attach/namespaces.h"
#include "shim/attach/rescan.h"
#include "shim/attach/scan.h"
#include "shim/hooks/cheap.h"
#include "shim/hooks/process.h"
#include "shim/real.h"
#include "shim/record/limits.h"
#include "shim/record/record_api.h"
#include "shim/record/region.h"
#include "shim/record/verbose.h"

static int allowed;             /* attach_start has run: not set-uid, not switched off */
static int late;                /* 1 once start-up is over */
static int unfollowed;          /* the loader does not tell what it loads */
static int refused;             /* the arena could not be made: stay dormant */
static _Atomic uint32_t wanted; /* scans asked for and not done */
static _Atomic int ready;       /* the loader is followed */

static const uint64_t PATIENCE_NS = 20 * 1000 * 1000;

/* ---- is there a Lua at all? ---- */

static int detect(struct dl_phdr_info *info, size_t size, void *ctx)
{
    struct image im;
    (void)size, (void)ctx;
    image_read(&im, info);
    return lua_symbols_present(&im);
}

/* ---- taking objects in ---- */

static int find_ffi(struct dl_phdr_info *info, size_t size, void *ctx)
{
    struct image im;
    (void)size, (void)ctx;
    image_read(&im, info);
    adopt_ffi(&im, late);
    return 0;
}

/* The first Lua: from here on the process is profiled. */
static int arena_ready(void)
{
    if (arena != NULL)
        return 1;
    if (refused || limits_little_memory(sizeof *arena) || region_create() != 0) {
        if (!refused)
            VERBOSE("nothing is recorded: this process may not have enough memory (ulimit -v, -d)");
        refused = 1;
        return 0;
    }
    process_watch_forks();
    objects_refresh();
    cheap_check();
    if (unfollowed)
        uncovered_note("phases of loading C libraries, and libraries opened by name alone",
                       "the dynamic loader can not be followed", 0);
    dl_iterate_phdr(find_ffi, NULL);
    return 1;
}

static void came(void *ctx, const struct image *im)
{
    (void)ctx;
    if (lua_symbols_present(im) && arena_ready())
        adopt_lua(im, late);
    if (arena != NULL)
        adopt_ffi(im, late);
}

static void came_elsewhere(const struct image *im)
{
    if (lua_symbols_present(im) && arena_ready())
        adopt_not(im, "it was opened into a namespace of its own (dlmopen)");
}

static void went(void *ctx, uint64_t lo, uint64_t hi)
{
    (void)ctx;
    if (arena != NULL)
        adopt_forget(lo, hi);
}

/* What the shim takes for itself at start-up and at every load is told in the trace. */
static void charge(uint64_t begin_ns)
{
    if (arena != NULL)
        arena->attach_cost_ns += now_ns() - begin_ns;
}

static void scan_once(void)
{
    if (arena != NULL)
        objects_refresh();
    scan_objects(came, went, NULL);
    namespaces_look(came_elsewhere);
    if (scan_overflow() != 0 && arena != NULL)
        uncovered_note("libraries", "too many are loaded; the later ones were not looked at", 0);
}

/* Scans are done one at a time.  Whoever comes while one is on leaves it a note and goes on:
 * waiting might never end, since the loader's locks are involved. */
void rescan(void)
{
    uint32_t seen;
    if (atomic_fetch_add(&wanted, 1) != 0)
        return;
    uint64_t begin = now_ns();
    do {
        seen = atomic_load(&wanted);
        scan_once();
    } while (!atomic_compare_exchange_strong(&wanted, &seen, 0));
    charge(begin);
}

/* ---- starting ---- */

/* Another thread is getting ready: a library that came in the meantime would be used before it is
 * covered.  Threads wait for each other in dlopen anyway; but one that is inside a constructor holds
 * the loader's lock, which the other needs, so the wait ends by itself. */
static void wait_until_ready(void)
{
    uint64_t end = now_ns() + PATIENCE_NS;
    while (!atomic_load(&ready) && now_ns() < end)
        sched_yield();
}

static void prepare(void)
{
    uint64_t begin = now_ns();
    unfollowed = loader_start() != 0;
    uint64_t followed = now_ns();
    rescan();
    if (arena != NULL)
        arena->attach_cost_ns += followed - begin;
}

void attach_prepare(void)
{
    static _Atomic int begun;
    int saved = errno;
    if (!allowed || atomic_load(&ready))
        return;
    if (atomic_exchange(&begun, 1)) {
        wait_until_ready();
        errno = saved;
        return;
    }
    prepare();
    atomic_store(&ready, 1);
    errno = saved;
}

void attach_start(void)
{
    allowed = 1;
    if (dl_iterate_phdr(detect, NULL))
        attach_prepare();
    late = 1;
}

/* ---- the dlopen entry ---- */

/* Where the loader can not be followed (a debugger's breakpoint, a kernel that refuses): looks for
 * what came after the fact, and so after the constructors. */
static void *dlopen_and_look(const char *path, int flags)
{
    void *handle = real.dlopen(path, flags);
    int saved = errno;
    rescan();
    errno = saved;
    return handle;
}

/* Who asks does not matter for a path like this one: it is not searched for. */
static int is_plain_path(const char *path)
{
    return path != NULL && strchr(path, '/') != NULL && strchr(path, '$') == NULL;
}

/* Called by the dlopen entry (arch/x86_64/dlopen_entry.S) with its arguments; returns where to go
 * on. */
void *dlopen_prepare(const char *path);
void *dlopen_prepare(const char *path)
{
    if (real.dlopen == NULL)
        real_resolve();
    attach_prepare();
    return unfollowed && is_plain_path(path) ? (void *)dlopen_and_look : (void *)real.dlopen;
}

/* The same of dlmopen. */
void *dlmopen_prepare(void);
void *dlmopen_prepare(void)
{
    if (real.dlmopen == NULL)
        real_resolve();
    attach_prepare();
    return (void *)real.dlmopen;
}
