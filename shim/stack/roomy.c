/* roomy: see roomy.h. */
#include "shim/stack/roomy.h"

#include <errno.h>
#include <sys/mman.h>

#include "shim/attach/arch/x86_64/stack.h"
#include "shim/platform.h"
#include "shim/stack/native_bounds.h"

/* Below it a page that is no memory; above what is asked for, room for a handler of the host's. */
enum { GUARD_BYTES = 4096, HANDLER_BYTES = 32 * 1024 };

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

static int call_elsewhere(struct call *c, size_t bytes)
{
    size_t n = GUARD_BYTES + bytes + HANDLER_BYTES;
    char *p =
        mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return -1;
    int ok = mprotect(p, GUARD_BYTES, PROT_NONE) == 0;
    c->here = (struct native_stack){(uintptr_t)p + GUARD_BYTES, (uintptr_t)p + n, 0};
    if (ok)
        stack_call(c, make, c->here.hi);
    munmap(p, n);
    return ok ? 0 : -1;
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
