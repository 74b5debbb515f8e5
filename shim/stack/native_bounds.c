/* native_bounds: see native_bounds.h.
 *
 * Not by pthread_getattr_np, which takes a lock and allocates: the caller may be malloc.  A thread's own stack ends where its
 * thread-local variables begin; the mapping around these is looked up in /proc/self/maps.  Not the one around the stack
 * pointer: that may be a fiber's, or those of all fibers. */
#include "shim/stack/native_bounds.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/platform.h"

static SHIM_TLS struct native_stack own;
static SHIM_TLS uint32_t known_for; /* tid */

/* Takes lines "LO-HI ..." byte by byte; gives the one that holds SP to OUT. */
struct maps_line {
    uint64_t lo, hi, number;
    enum { READ_LO, READ_HI, READ_REST } at;
};

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 1 once the line's bounds are known. */
static int take(struct maps_line *m, char c)
{
    if (c == '\n') {
        m->at = READ_LO;
        m->number = 0;
        return 0;
    }
    int d = m->at == READ_REST ? -1 : digit(c);
    if (d >= 0) {
        m->number = m->number << 4 | (uint64_t)d;
        return 0;
    }
    if (m->at == READ_REST)
        return 0;
    if (m->at == READ_LO)
        m->lo = m->number;
    else
        m->hi = m->number;
    m->number = 0;
    return m->at++ == READ_HI;
}

static int search(int fd, uint64_t at, struct native_stack *out)
{
    struct maps_line m = {.at = READ_LO};
    char buf[512];
    ssize_t n;
    while ((n = read(fd, buf, sizeof buf)) > 0)
        for (ssize_t i = 0; i < n; i++)
            if (take(&m, buf[i]) && at >= m.lo && at < m.hi) {
                *out = (struct native_stack){.lo = m.lo, .hi = at};
                return 0;
            }
    return -1;
}

static void learn_thread(struct native_stack *out)
{
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    search(fd, (uintptr_t)&known_for, out);
    close(fd);
}

/* Of the main thread the mapping grows. */
static COLD void learn_own(uint32_t tid, int may_ask)
{
    own = (struct native_stack){0};
    known_for = tid;
    if (tid == (uint32_t)getpid())
        native_stack_learn(&own);
    else if (may_ask)
        learn_thread(&own);
}

/* A fork's child is another thread, on the same stack. */
int native_is_own(uint64_t sp, int may_ask)
{
    if (unlikely(known_for == 0)) {
        int saved = errno;
        learn_own((uint32_t)syscall(SYS_gettid), may_ask);
        errno = saved;
    }
    return sp >= own.lo && sp < own.hi;
}

struct native_stack native_bounds(uint64_t sp, int may_ask)
{
    return likely(native_is_own(sp, may_ask)) ? own : (struct native_stack){.peeks = may_ask != 0};
}
