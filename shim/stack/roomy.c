/* roomy: see roomy.h. */
#include "shim/stack/roomy.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "shim/attach/arch/x86_64/stack.h"
#include "shim/platform.h"
#include "shim/stack/native_bounds.h"

/* Above what is asked for: room for a handler of the host's. */
enum { HANDLER_BYTES = 128 * 1024 };

struct call {
    roomy_function *f;
    void *argument;
    struct native_stack here;
};

static void make(void *call)
{
    const struct call *c = call;
    c->f(c->argument, &c->here);
}

/* Stacks of a small size are kept: some threads need one for each allocation that is looked at. */
enum { SMALL_BYTES = 16 * 1024, SPARE_N = 8 };
static _Atomic(char *) spare[SPARE_N];

static size_t mapping_bytes(size_t bytes)
{
    return ROOMY_GUARD_BYTES + (bytes < SMALL_BYTES ? SMALL_BYTES : bytes) + HANDLER_BYTES;
}

char *roomy_map(size_t n)
{
    char *p =
        mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    if (mprotect(p, ROOMY_GUARD_BYTES, PROT_NONE) == 0)
        return p;
    munmap(p, n);
    return NULL;
}

static char *stack_take(size_t n)
{
    char *p = NULL;
    for (int i = 0; i < SPARE_N && p == NULL && n == mapping_bytes(0); i++)
        if (atomic_load_explicit(&spare[i], memory_order_relaxed) != NULL)
            p = atomic_exchange(&spare[i], NULL);
    return p != NULL ? p : roomy_map(n);
}

static void stack_give(char *p, size_t n)
{
    for (int i = 0; i < SPARE_N && n == mapping_bytes(0); i++) {
        char *none = NULL;
        if (atomic_compare_exchange_strong(&spare[i], &none, p))
            return;
    }
    munmap(p, n);
}

static int call_elsewhere(struct call *c, size_t bytes)
{
    size_t n = mapping_bytes(bytes);
    char *p = stack_take(n);
    if (p == NULL)
        return -1;
    c->here = (struct native_stack){(uintptr_t)p + ROOMY_GUARD_BYTES, (uintptr_t)p + n, 0, NULL};
    stack_call(c, make, c->here.hi);
    stack_give(p, n);
    return 0;
}

int roomy_call(roomy_function *f, void *argument, size_t bytes, int may_ask)
{
    int saved = errno, result = 0;
    uint64_t sp = stack_now();
    struct call c = {f, argument, native_bounds(sp, may_ask)};
    if (c.here.hi != 0 && sp >= c.here.lo + bytes)
        make(&c);
    else
        result = call_elsewhere(&c, bytes);
    errno = saved;
    return result;
}
