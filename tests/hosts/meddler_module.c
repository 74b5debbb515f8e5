/* meddler: a preloaded library that stands before libc, tells lies, and is gone at exit. */
/* LINK: */
/* As libraries do that pretend another time, user or file system: a false time and a false user to everybody;
 * and what is called of it after its destructor ends the program, as with those that unmap what they work with. */
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int gone;

__attribute__((destructor)) static void leave(void)
{
    gone = 1;
}

/* Through the entry of the kernel: the names of libc are all ours here. */
static long enter(long number, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long r;
    if (gone)
        __builtin_trap();
    __asm__ volatile("syscall"
                     : "=a"(r)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return r < 0 && r > -4096 ? -1 : r;
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
    (void)clock;
    static long n;
    if (gone)
        __builtin_trap();
    t->tv_sec = 1000000 * ++n; /* twelve days a call */
    t->tv_nsec = 0;
    return 0;
}

uid_t geteuid(void)
{
    return gone ? __builtin_trap(), 0 : 4711;
}

pid_t getpid(void)
{
    return gone ? __builtin_trap(), 0 : 4711;
}

int fstat(int fd, struct stat *st)
{
    return (int)enter(SYS_fstat, fd, (long)st, 0, 0, 0, 0);
}

int lstat(const char *path, struct stat *st)
{
    return (int)enter(SYS_lstat, (long)path, (long)st, 0, 0, 0, 0);
}

int open(const char *path, int flags, ...)
{
    va_list l;
    va_start(l, flags);
    int mode = va_arg(l, int);
    va_end(l);
    return (int)enter(SYS_open, (long)path, flags, mode, 0, 0, 0);
}

int close(int fd)
{
    return (int)enter(SYS_close, fd, 0, 0, 0, 0, 0);
}

ssize_t write(int fd, const void *from, size_t n)
{
    return enter(SYS_write, fd, (long)from, (long)n, 0, 0, 0);
}

ssize_t read(int fd, void *to, size_t n)
{
    return enter(SYS_read, fd, (long)to, (long)n, 0, 0, 0);
}

int poll(struct pollfd *p, nfds_t n, int ms)
{
    return (int)enter(SYS_poll, (long)p, (long)n, ms, 0, 0, 0);
}

int munmap(void *at, size_t n)
{
    return (int)enter(SYS_munmap, (long)at, (long)n, 0, 0, 0, 0);
}

long syscall(long number, ...)
{
    long a[6];
    va_list l;
    va_start(l, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(l, long);
    va_end(l);
    return enter(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
