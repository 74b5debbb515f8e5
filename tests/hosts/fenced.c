/* fenced: a host that allows itself only the system calls it knows of (seccomp), and is killed for any other. */
/* LINK: -llua5.4 -lpthread */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <lauxlib.h>
#include <lualib.h>

/* What the C library, this program and an orderly trace need. */
static const int allowed[] = {SYS_read,          SYS_write,           SYS_pwrite64,
                              SYS_openat,        SYS_close,           SYS_newfstatat,
                              SYS_fstat,         SYS_lseek,           SYS_mmap,
                              SYS_munmap,        SYS_mprotect,        SYS_madvise,
                              SYS_brk,           SYS_futex,           SYS_rt_sigprocmask,
                              SYS_rt_sigreturn,  SYS_rt_sigaction,    SYS_clone3,
                              SYS_clone,         SYS_set_robust_list, SYS_rseq,
                              SYS_exit,          SYS_exit_group,      SYS_gettid,
                              SYS_getpid,        SYS_tgkill,          SYS_fcntl,
                              SYS_unlink,        SYS_rename,          SYS_getrusage,
                              SYS_prlimit64,     SYS_sched_yield,     SYS_sched_getaffinity,
                              SYS_clock_gettime, SYS_clock_nanosleep, SYS_mremap,
                              SYS_fallocate,     SYS_ftruncate,       SYS_getuid,
                              SYS_geteuid,       SYS_access,          SYS_poll,
                              SYS_link,          SYS_linkat};

static void fence(void)
{
    enum { N = sizeof allowed / sizeof *allowed };
    struct sock_filter f[2 + 2 * N + 1];
    int n = 0;
    f[n++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (int i = 0; i < N; i++) {
        f[n++] =
            (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)allowed[i], 0, 1);
        f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    struct sock_fprog prog = {(unsigned short)n, f};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
        exit(8);
}

static void *work(void *unused)
{
    (void)unused;
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    if (luaL_dostring(
            L, "local s = 0 for i = 1, 3e7 do s = s + i % 7 end "
               "for i = 1, 2000 do pcall(error, {}) coroutine.wrap(function() return i end)() end "
               "print(s)"))
        exit(9);
    lua_close(L);
    return NULL;
}

int main(void)
{
    pthread_t t;
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    if (luaL_dostring(L, "print(#string.rep('x', 10))"))
        return 1;
    fence();
    if (luaL_dostring(L, "local function f(n) if n == 0 then return 0 end return f(n - 1) + 1 end "
                         "for i = 1, 20000 do f(100) end local s = 0 for i = 1, 5e7 do s = s + i % "
                         "7 end print(s)"))
        return 2;
    if (pthread_create(&t, NULL, work, NULL) || pthread_join(t, NULL))
        return 3;
    lua_close(L);
    return 0;
}
