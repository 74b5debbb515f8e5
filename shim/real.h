/* real: the libc functions that the shim interposes, as the host would have got them (next in
 * search order after the shim: another preloaded allocator, or libc).
 *
 * Resolved on first use, which may be before any constructor has run, and may itself allocate:
 * until then allocations come from a small boot heap (real_boot_alloc), whose blocks free and
 * realloc recognise by address for ever after. */
#ifndef SHIM_REAL_H
#define SHIM_REAL_H

#include <signal.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

#include "shim/platform.h"

struct real {
    void *(*malloc)(size_t);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void *(*reallocarray)(void *, size_t, size_t);
    void (*free)(void *);
    void (*cfree)(void *);
    int (*posix_memalign)(void **, size_t, size_t);
    void *(*aligned_alloc)(size_t, size_t);
    void *(*memalign)(size_t, size_t);
    void *(*valloc)(size_t);
    void *(*pvalloc)(size_t);
    size_t (*malloc_usable_size)(void *);
    FILE *(*fopen)(const char *, const char *);
    FILE *(*fopen64)(const char *, const char *);
    void *(*dlopen)(const char *, int);
    void *(*dlmopen)(long, const char *, int);
    void (*longjmp)(struct __jmp_buf_tag *, int);
    void (*_longjmp)(struct __jmp_buf_tag *, int);
    void (*siglongjmp)(struct __jmp_buf_tag *, int);
    void (*__longjmp_chk)(struct __jmp_buf_tag *, int);
    void (*_exit)(int);
    void (*_Exit)(int);
    void (*quick_exit)(int);
    int (*execve)(const char *, char *const[], char *const[]);
    int (*execv)(const char *, char *const[]);
    int (*execvp)(const char *, char *const[]);
    int (*execvpe)(const char *, char *const[], char *const[]);
    int (*fexecve)(int, char *const[], char *const[]);
    int (*daemon)(int, int);
    int (*prctl)(int, ...);
    long (*syscall)(long, ...);
    int (*clone)(int (*)(void *), void *, int, void *, ...);
    int (*sigprocmask)(int, const sigset_t *, sigset_t *);
    int (*pthread_sigmask)(int, const sigset_t *, sigset_t *);
    int (*sigwait)(const sigset_t *, int *);
    int (*sigwaitinfo)(const sigset_t *, siginfo_t *);
    int (*sigtimedwait)(const sigset_t *, siginfo_t *, const struct timespec *);
    int (*signalfd)(int, const sigset_t *, int);
    int (*sigaction)(int, const struct sigaction *, struct sigaction *);
    int (*sigaltstack)(const stack_t *, stack_t *);
    void (*(*signal)(int, void (*)(int)))(int);
    void (*(*__sysv_signal)(int, void (*)(int)))(int);
};
extern SHIM_HIDDEN struct real real;

/* Resolves everything; called by the constructor and by any interposed function that finds its
 * member NULL.  Re-entrant on the same thread. */
void real_resolve(void);

/* A block of the boot heap, or NULL when that is used up. */
void *real_boot_alloc(size_t n, size_t align);
size_t real_boot_size(const void *p);

/* The boot heap itself (real.c); inline because every free and realloc asks. */
enum { REAL_BOOT_BYTES = 64 * 1024 };
extern SHIM_HIDDEN char real_boot_heap[REAL_BOOT_BYTES];
static inline int real_is_boot(const void *p)
{
    return (uintptr_t)p - (uintptr_t)real_boot_heap < REAL_BOOT_BYTES;
}

/* Whether FUNCTION is the C library's own.  Takes the loader's lock. */
int real_is_libcs(const void *function);

#endif
