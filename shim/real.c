/* real: finds the functions behind the shim's own.  See real.h.
 *
 * Context: any; the first call may come before any constructor, from inside the loader. */
#include "shim/real.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>

struct real real;

/* ---- boot heap ---- */

/* Blocks: the size, then the bytes. Never reused: a few dozen at most come from here. */
SHIM_TABLE char real_boot_heap[REAL_BOOT_BYTES];
static _Atomic size_t boot_used;

void *real_boot_alloc(size_t n, size_t align)
{
    if (align < 16)
        align = 16;
    if (n > REAL_BOOT_BYTES || align > REAL_BOOT_BYTES)
        return NULL;
    size_t used = atomic_load_explicit(&boot_used, memory_order_relaxed);
    size_t at;
    do {
        at = (used + sizeof(size_t) + align - 1) & ~(align - 1);
        if (at + n > REAL_BOOT_BYTES)
            return NULL;
    } while (!atomic_compare_exchange_weak(&boot_used, &used, at + n));
    memcpy(real_boot_heap + at - sizeof n, &n, sizeof n);
    return real_boot_heap + at;
}

size_t real_boot_size(const void *p)
{
    size_t n;
    memcpy(&n, (const char *)p - sizeof n, sizeof n);
    return n;
}

/* ---- look-up ---- */

static SHIM_TLS int resolving;
static _Atomic int resolved;

static void find(void *member, const char *name)
{
    void *f = dlsym(RTLD_NEXT, name);
    memcpy(member, &f, sizeof f);
}

#define FIND(name) find(&real.name, #name)

/* What dlsym itself may need comes first. */
static void find_allocator(void)
{
    FIND(calloc);
    FIND(malloc);
    FIND(free);
    FIND(realloc);
    FIND(reallocarray);
    FIND(posix_memalign);
    FIND(aligned_alloc);
    FIND(memalign);
    FIND(valloc);
    FIND(pvalloc);
    FIND(malloc_usable_size);
}

static void find_process(void)
{
    FIND(_exit);
    FIND(_Exit);
    FIND(quick_exit);
    FIND(execve);
    FIND(execv);
    FIND(execvp);
    FIND(execvpe);
    FIND(fexecve);
    FIND(daemon);
    FIND(prctl);
    FIND(syscall);
    FIND(clone);
    FIND(sigaction);
    FIND(sigaltstack);
    FIND(sigprocmask);
    FIND(pthread_sigmask);
    FIND(sigwait);
    FIND(sigwaitinfo);
    FIND(sigtimedwait);
    FIND(signalfd);
    FIND(signal);
    FIND(__sysv_signal);
}

static void find_rest(void)
{
    FIND(fopen);
    FIND(fopen64);
    FIND(dlopen);
    FIND(dlmopen);
    FIND(longjmp);
    FIND(_longjmp);
    FIND(siglongjmp);
    FIND(__longjmp_chk);
    real.cfree = real.free; /* the same, and gone from newer C libraries */
}

/* Only names that every C library has are looked for: a failed dlsym makes an error text, and
 * dlerror() would translate it under the locale lock, which the caller may hold (newlocale
 * allocates under it). */
void real_resolve(void)
{
    if (resolving || atomic_load_explicit(&resolved, memory_order_acquire))
        return;
    int saved = errno;
    resolving = 1;
    find_allocator();
    find_process();
    find_rest();
    resolving = 0;
    atomic_store_explicit(&resolved, 1, memory_order_release);
    errno = saved;
}

/* ---- whose a function is ---- */

struct pair {
    uint64_t a, b;
    int together;
};

static int look_for_both(struct dl_phdr_info *info, size_t size, void *ctx)
{
    struct pair *p = ctx;
    int a = 0, b = 0;
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *h = &info->dlpi_phdr[i];
        uint64_t at = info->dlpi_addr + h->p_vaddr;
        a |= h->p_type == PT_LOAD && p->a >= at && p->a - at < h->p_memsz;
        b |= h->p_type == PT_LOAD && p->b >= at && p->b - at < h->p_memsz;
    }
    p->together = a && b;
    return a || b;
}

int real_is_libcs(const void *function)
{
    struct pair p = {(uint64_t)(uintptr_t)function, (uint64_t)(uintptr_t)getauxval, 0};
    dl_iterate_phdr(look_for_both, &p);
    return p.together;
}
