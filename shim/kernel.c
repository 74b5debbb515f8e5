/* kernel: see kernel.h. */
#include "shim/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "shim/attach/arch/x86_64/kernel_entry.h"
#include "shim/attach/image.h"
#include "shim/kernel_filter.h"
#include "shim/platform.h"

static long with_errno(long r)
{
    if (r >= 0 || r < -4095)
        return r;
    errno = (int)-r;
    return -1;
}

long kernel_call(long number, long a, long b, long c, long d, long e, long f)
{
    if (kernel_filter_is_up()) {
        const long argument[] = {a, b, c, d, e, f};
        if (!kernel_filter_permits(number, argument)) {
            errno = EPERM;
            return -1;
        }
    }
    return with_errno(kernel_entry(number, a, b, c, d, e, f));
}

#define CALL6(n, a, b, c, d, e, f) \
    kernel_call(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define CALL3(n, a, b, c) CALL6(n, a, b, c, 0, 0, 0)
#define CALL2(n, a, b) CALL3(n, a, b, 0)
#define CALL1(n, a) CALL2(n, a, 0)

long syscall(long number, ...)
{
    long a[6];
    va_list l;
    va_start(l, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(l, long);
    va_end(l);
    return kernel_call(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* ---- files ---- */

int open(const char *path, int flags, ...)
{
    va_list l;
    va_start(l, flags);
    mode_t mode = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(l, mode_t) : 0;
    va_end(l);
    return (int)CALL6(SYS_openat, AT_FDCWD, path, flags, mode, 0, 0);
}

int close(int fd)
{
    return (int)CALL1(SYS_close, fd);
}

ssize_t read(int fd, void *to, size_t n)
{
    return CALL3(SYS_read, fd, to, n);
}

ssize_t write(int fd, const void *from, size_t n)
{
    return CALL3(SYS_write, fd, from, n);
}

ssize_t pread(int fd, void *to, size_t n, off_t at)
{
    return CALL6(SYS_pread64, fd, to, n, at, 0, 0);
}

ssize_t pwrite(int fd, const void *from, size_t n, off_t at)
{
    return CALL6(SYS_pwrite64, fd, from, n, at, 0, 0);
}

int ftruncate(int fd, off_t n)
{
    return (int)CALL2(SYS_ftruncate, fd, n);
}

int fcntl(int fd, int what, ...)
{
    va_list l;
    va_start(l, what);
    long with = va_arg(l, long);
    va_end(l);
    return (int)CALL3(SYS_fcntl, fd, what, with);
}

int ioctl(int fd, unsigned long what, ...)
{
    va_list l;
    va_start(l, what);
    long with = va_arg(l, long);
    va_end(l);
    return (int)CALL3(SYS_ioctl, fd, what, with);
}

int fstat(int fd, struct stat *st)
{
    return (int)CALL6(SYS_newfstatat, fd, "", st, AT_EMPTY_PATH, 0, 0);
}

int lstat(const char *path, struct stat *st)
{
    return (int)CALL6(SYS_newfstatat, AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW, 0, 0);
}

int statfs(const char *path, struct statfs *st)
{
    return (int)CALL2(SYS_statfs, path, st);
}

int access(const char *path, int mode)
{
    return (int)CALL2(SYS_access, path, mode);
}

ssize_t readlink(const char *path, char *to, size_t n)
{
    return CALL3(SYS_readlink, path, to, n);
}

int linkat(int from_at, const char *from, int to_at, const char *to, int flags)
{
    return (int)CALL6(SYS_linkat, from_at, from, to_at, to, flags, 0);
}

int unlink(const char *path)
{
    return (int)CALL1(SYS_unlink, path);
}

int unlinkat(int at, const char *path, int flags)
{
    return (int)CALL3(SYS_unlinkat, at, path, flags);
}

/* TO is never NULL in the shim. */
char *getcwd(char *to, size_t n)
{
    long r = CALL2(SYS_getcwd, to, n);
    if (r > 0 && to[0] == '/')
        return to;
    if (r >= 0)
        errno = ENOENT; /* unreachable from the root */
    return NULL;
}

/* ---- memory ---- */

void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
    return (void *)CALL6(SYS_mmap, at, n, protection, flags, fd, offset);
}

int munmap(void *at, size_t n)
{
    return (int)CALL2(SYS_munmap, at, n);
}

int mprotect(void *at, size_t n, int protection)
{
    return (int)CALL3(SYS_mprotect, at, n, protection);
}

void *mremap(void *at, size_t n, size_t to_n, int flags, ...)
{
    va_list l;
    va_start(l, flags);
    void *to = flags & MREMAP_FIXED ? va_arg(l, void *) : NULL;
    va_end(l);
    return (void *)CALL6(SYS_mremap, at, n, to_n, flags, to, 0);
}

int madvise(void *at, size_t n, int advice)
{
    return (int)CALL3(SYS_madvise, at, n, advice);
}

int memfd_create(const char *name, unsigned flags)
{
    return (int)CALL2(SYS_memfd_create, name, flags);
}

/* ---- sockets ---- */

int socket(int domain, int type, int protocol)
{
    return (int)CALL3(SYS_socket, domain, type, protocol);
}

int connect(int fd, const struct sockaddr *to, socklen_t n)
{
    return (int)CALL3(SYS_connect, fd, to, n);
}

ssize_t send(int fd, const void *from, size_t n, int flags)
{
    return CALL6(SYS_sendto, fd, from, n, flags, 0, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
    return CALL3(SYS_sendmsg, fd, m, flags);
}

int getsockopt(int fd, int level, int name, void *to, socklen_t *n)
{
    return (int)CALL6(SYS_getsockopt, fd, level, name, to, n, 0);
}

int poll(struct pollfd *fds, nfds_t n, int ms)
{
    return (int)CALL3(SYS_poll, fds, n, ms);
}

/* ---- processes ---- */

/* Where it may not be asked any more it is what it was. */
pid_t getpid(void)
{
    static _Atomic pid_t known;
    long pid = CALL1(SYS_getpid, 0);
    if (pid > 0)
        atomic_store_explicit(&known, (pid_t)pid, memory_order_relaxed);
    return atomic_load_explicit(&known, memory_order_relaxed);
}

pid_t getppid(void)
{
    return (pid_t)CALL1(SYS_getppid, 0);
}

uid_t geteuid(void)
{
    return (uid_t)CALL1(SYS_geteuid, 0);
}

int kill(pid_t pid, int signal)
{
    return (int)CALL2(SYS_kill, pid, signal);
}

int sched_yield(void)
{
    return (int)CALL1(SYS_sched_yield, 0);
}

int getrlimit(__rlimit_resource_t what, struct rlimit *to)
{
    return (int)CALL6(SYS_prlimit64, 0, what, 0, to, 0, 0);
}

int getrusage(__rusage_who_t who, struct rusage *to)
{
    return (int)CALL2(SYS_getrusage, who, to);
}

int uname(struct utsname *to)
{
    return (int)CALL1(SYS_uname, to);
}

/* ---- time ---- */

int nanosleep(const struct timespec *t, struct timespec *rest)
{
    return (int)CALL6(SYS_clock_nanosleep, CLOCK_REALTIME, 0, t, rest, 0, 0);
}

typedef int clock_function(clockid_t, struct timespec *);

static int clock_by_call(clockid_t clock, struct timespec *t)
{
    return (int)kernel_entry(SYS_clock_gettime, clock, (long)t, 0, 0, 0, 0);
}

/* Clocks of CPU time are not in that page. */
static int needs_call(clockid_t clock, clock_function *f)
{
    return f == clock_by_call || (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME);
}

/* The kernel's own, in the page of code that it lends to every process: no system call. */
static clock_function *clock_find(void)
{
    const ElfW(Ehdr) *e = (const void *)getauxval(AT_SYSINFO_EHDR);
    struct dl_phdr_info info = {0};
    struct symbol s = {0};
    struct image im;
    if (e == NULL)
        return clock_by_call;
    info.dlpi_phdr = (const void *)((const char *)e + e->e_phoff);
    info.dlpi_phnum = e->e_phnum;
    image_locate(&im, &info);
    info.dlpi_addr = (ElfW(Addr))e - im.lo; /* lo: where it was linked for */
    image_read(&im, &info);
    if (!image_symbol(&im, "__vdso_clock_gettime", 0, &s))
        return clock_by_call;
    return (clock_function *)s.address;
}

static clock_function *_Atomic clock_used;
static struct timespec stands_at; /* where there is no clock any more */

void kernel_clock_by_call(void)
{
    clock_gettime(CLOCK_MONOTONIC, &stands_at);
    atomic_store_explicit(&clock_used, clock_by_call, memory_order_relaxed);
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
    clock_function *f = atomic_load_explicit(&clock_used, memory_order_relaxed);
    if (unlikely(f == NULL)) {
        f = clock_find();
        atomic_store_explicit(&clock_used, f, memory_order_relaxed);
    }
    if (kernel_filter_is_up() && needs_call(clock, f) &&
        !kernel_filter_permits_on(SYS_clock_gettime, clock)) {
        if (clock == CLOCK_MONOTONIC)
            *t = stands_at;
        return -1;
    }
    return (int)with_errno(f(clock, t));
}
