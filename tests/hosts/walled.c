/* walled: a host that allows itself next to no system calls (seccomp), and is killed for any other.  Its Lua lives in memory of
 * its own, so that it needs none.  fenced.c allows what an orderly trace needs. */
/* LINK: -llua5.4 */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lualib.h>

/* ---- memory ---- */

static char pool[64 << 20];
static size_t used;

/* Never reused: the programs are short. */
static void *give(void *unused, void *block, size_t n, size_t new_n)
{
    (void)unused;
    if (new_n == 0)
        return NULL;
    size_t wanted = (new_n + 15) & ~(size_t)15;
    if (wanted > sizeof pool - used)
        return NULL;
    void *p = pool + used;
    used += wanted;
    if (block != NULL)
        memcpy(p, block, n < new_n ? n : new_n);
    return p;
}

/* ---- walls ---- */

#define LET(number) \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/* Writing to standard output only; what a child of fork takes. */
static struct sock_filter wall[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    LET(SYS_exit_group),
    LET(SYS_exit),
    LET(SYS_brk),
    LET(SYS_clone),
    LET(SYS_wait4),
    LET(SYS_set_robust_list),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
    LET(1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
};
static struct sock_fprog program = {sizeof wall / sizeof *wall, wall};

static void by_prctl(void)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        exit(8);
}

/* As libseccomp does, which first asks what the kernel knows. */
static void by_call(void)
{
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) == 0)
        exit(7);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
        exit(8);
}

static void strictly(void)
{
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
        exit(8);
}

/* The kernel refuses this one: nothing changes. */
static void refused(void)
{
    struct sock_filter broken[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4096)};
    struct sock_fprog b = {1, broken};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &b) == 0)
        exit(8);
}

/* ---- Lua ---- */

static const char *const script =
    "local function f(n) if n == 0 then return 0 end return f(n - 1) + 1 end\n"
    "local t = {}\n"
    "for i = 1, 2000 do t[i % 100] = { tostring(i), load('return ' .. i)() + f(50) } end\n"
    "for i = 1, 300 do pcall(error, {}) coroutine.wrap(function() return i end)() end\n"
    "local s = 0 for i = 1, 5e6 do s = s + i % 7 end\n"
    "return string.format('%d %s %d\\n', s, t[7][1], t[7][2])\n";

static lua_State *open_state(void)
{
    lua_State *L = lua_newstate(give, NULL);
    if (L != NULL)
        luaL_openlibs(L);
    return L;
}

static int run(lua_State *L)
{
    size_t n;
    if (L == NULL || luaL_loadstring(L, script) || lua_pcall(L, 0, 1, 0))
        return 1;
    const char *said = lua_tolstring(L, -1, &n);
    return write(1, said, n) != (ssize_t)n;
}

static int fork_and_run(lua_State *L)
{
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(run(L));
    return child < 0 || wait(&status) < 0 || status != 0 || run(L);
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "";
    lua_State *L = strcmp(how, "before") != 0 ? open_state() : NULL;
    if (L != NULL && luaL_dostring(L, "return #string.rep('x', 10)"))
        return 1;
    if (strcmp(how, "strict") == 0)
        strictly();
    else if (strcmp(how, "call") == 0)
        by_call();
    else if (strcmp(how, "refused") == 0)
        refused();
    else
        by_prctl();
    if (L == NULL)
        L = open_state();
    int status = strcmp(how, "fork") == 0 ? fork_and_run(L) : run(L);
    lua_close(L);
    if (strcmp(how, "strict") == 0)
        syscall(SYS_exit, status);
    return status;
}
