/* processes: a host that forks, becomes a daemon, replaces itself or dies; argv[1] says how. */
/* LINK: -llua5.4 */
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/hosts/host.h"

extern char **environ;
static lua_State *L;

static void say(const char *who)
{
    printf("%s %d\n", who, (int)host_run(L, host_work));
    fflush(stdout);
}

static int await(pid_t child)
{
    int status = -1;
    waitpid(child, &status, 0);
    printf("child: exit %d signal %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1,
           WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    fflush(stdout);
    return status;
}

static void open_state(void)
{
    L = luaL_newstate();
    luaL_openlibs(L);
}

static void fork_after(void)
{
    say("parent");
    pid_t child = fork();
    if (!child) {
        say("child");
        exit(3);
    }
    await(child);
    say("parent again");
}

static void fork_of_fork(void)
{
    say("parent");
    pid_t child = fork();
    if (!child) {
        pid_t grandchild = fork();
        if (!grandchild) {
            say("grandchild");
            _exit(4);
        }
        await(grandchild);
        _Exit(5);
    }
    await(child);
}

/* Children of the kernel's calls themselves: no handler of fork is run. */
static int runs_in_clone(void *unused)
{
    (void)unused;
    say("child");
    return 6;
}

static void fork_past(void)
{
    enum { STACK = 1 << 20 };
    struct clone_args a = {.exit_signal = SIGCHLD};
    say("parent");
    for (int way = 0; way < 3; way++) {
        long child = way == 0   ? syscall(SYS_fork)
                     : way == 1 ? syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL)
                                : syscall(SYS_clone3, &a, sizeof a);
        if (child == 0) {
            say("child");
            exit(way);
        }
        await((pid_t)child);
    }
    char *stack = malloc(STACK);
    await(clone(runs_in_clone, stack + STACK, SIGCHLD, NULL));
    free(stack);
    say("parent again");
}

/* Children of the kernel's call itself, past the C library: nobody is told. */
static long fork_raw(long number)
{
    long child;
    register long r10 __asm__("r10") = 0;
    __asm__ volatile("syscall"
                     : "=a"(child)
                     : "a"(number), "D"(number == SYS_clone ? SIGCHLD : 0L), "S"(0L), "d"(0L),
                       "r"(r10)
                     : "rcx", "r11", "memory");
    return child;
}

static void handler_of_child(int sig)
{
    free(malloc(100));
    (void)sig;
}

static void fork_unseen_by(void (*in_child)(void))
{
    static const long ways[] = {SYS_fork, SYS_clone};
    say("parent");
    for (int i = 0; i < 4; i++) {
        long child = fork_raw(ways[i % 2]);
        if (child == 0) {
            in_child();
            exit(7 + i);
        }
        await((pid_t)child);
    }
    say("parent again");
}

static void uses_lua(void)
{
    struct sigaction a = {.sa_handler = handler_of_child};
    sigaction(SIGURG, &a, NULL); /* the sampler's signal, too */
    raise(SIGURG);
    say("child");
    lua_pushcfunction(L, lua_error);
    lua_setglobal(L, "named_in_child");
    host_state("collectgarbage()");
    say("child again");
}

static void does_nothing(void)
{
}

static void fork_unseen(void)
{
    fork_unseen_by(uses_lua);
}
static void fork_unseen_idle(void)
{
    fork_unseen_by(does_nothing);
}

/* dnsmasq's way: the state is opened in the parent, Lua runs in the child only. */
static void fork_child_only(void)
{
    pid_t child = fork();
    if (!child) {
        open_state();
        say("child");
        lua_close(L);
        exit(0);
    }
    await(child);
}

static void fork_many(void)
{
    for (int i = 0; i < 20; i++) {
        pid_t child = fork();
        if (!child) {
            host_run(L, host_work);
            _exit(i);
        }
        await(child);
    }
}

static void fork_killed(void)
{
    pid_t child = fork();
    if (!child) {
        host_run(L, host_work);
        raise(SIGKILL);
    }
    await(child);
}

static void fork_exec(void)
{
    pid_t child = fork();
    if (!child) {
        execlp("echo", "echo", "replaced", (char *)NULL);
        _exit(127);
    }
    await(child);
}

static void vfork_exec(void)
{
    say("parent");
    for (int i = 0; i < 3; i++) {
        pid_t child = vfork();
        if (!child) {
            if (i == 1)
                execl("/no/such/program", "x", (char *)NULL);
            if (i == 2)
                execlp("lua5.4", "lua5.4", "-e", "print 'Lua after vfork'", (char *)NULL);
            _exit(6 + i);
        }
        await(child);
    }
    say("parent again");
}

static void spawn(void)
{
    pid_t child;
    char *const argv[] = {"sh", "-c", "echo spawned; exit 9", NULL};
    if (!posix_spawnp(&child, "sh", NULL, NULL, argv, environ))
        await(child);
    say("parent");
}

/* The parent ends at once; what the daemon writes goes to a file that the caller waits for. */
static void become_daemon(void)
{
    say("before");
    int out = open("daemon.out", O_CREAT | O_WRONLY | O_APPEND, 0600);
    if (daemon(1, 0))
        exit(1);
    dup2(out, 1);
    say("daemon");
    host_state("os.execute 'echo from a child of the daemon'");
    int done = open("daemon.done", O_CREAT | O_WRONLY, 0600);
    close(done);
}

/* Closes what it does not know, as servers do, and opens files where those were. */
static void close_all(void)
{
    say("before");
    for (int fd = 3; fd < 1024; fd++)
        close(fd);
    int a = open("one.txt", O_CREAT | O_RDWR, 0600), b = open("two.txt", O_CREAT | O_RDWR, 0600);
    printf("opened %d %d\n", a, b);
    say("after");
    close_range(3, ~0u, 0);
    for (int fd = 3; fd < 200; fd++)
        if (open("/dev/null", O_RDWR) != fd)
            printf("descriptor %d was not free\n", fd);
    say("after close_range");
    FILE *f = fopen("three.txt", "w");
    fprintf(f ? f : stdout, "three\n");
    say("at the end");
}

static void few_descriptors(void)
{
    struct rlimit limit = {8, 8};
    setrlimit(RLIMIT_NOFILE, &limit);
    say("with a limit of 8 descriptors");
    int n = 0;
    while (open("/dev/null", O_RDONLY) >= 0)
        n++;
    printf("could open %d more\n", n);
    say("with no descriptor left");
}

static void no_growth(void)
{
    struct rlimit limit = {0, 0};
    setrlimit(RLIMIT_FSIZE, &limit);
    signal(SIGXFSZ, SIG_DFL);
    say("where files can not grow");
}

static void unwritable(void)
{
    if (mkdir("locked", 0500) || chdir("locked"))
        printf("no directory\n");
    say("in a read-only directory");
    rmdir("../locked");
    say("in a directory that is gone");
}

static void in_chroot(void)
{
    say("before");
    if (mkdir("root", 0755) || chroot("root") || chdir("/"))
        printf("no chroot\n");
    say("inside");
}

static void dies(int sig)
{
    say("alive");
    raise(sig);
}

static void kills_itself(void)
{
    dies(SIGKILL);
}
static void terminates(void)
{
    dies(SIGTERM);
}
static int *volatile nowhere;
static void segfaults(void)
{
    say("alive");
    *nowhere = 1;
}
static void aborts(void)
{
    say("alive");
    abort();
}
static void quick_exits(void)
{
    say("alive");
    quick_exit(11);
}
static void underscore_exits(void)
{
    say("alive");
    _exit(12);
}
static void execs(void)
{
    say("alive");
    execlp("sh", "sh", "-c", "echo replaced; exit 13", (char *)NULL);
}
static void exec_fails(void)
{
    say("alive");
    execlp("/no/such/program", "x", (char *)NULL);
    say("still alive");
}
static void exec_lua(void)
{
    say("alive");
    execlp("lua5.4", "lua5.4", "-e", "print 'replaced'", (char *)NULL);
}
static void panics(void)
{
    say("alive");
    lua_pushstring(L, "unprotected");
    lua_error(L);
}

static void handler_exits(int sig)
{
    _exit(100 + sig);
}
static void exits_in_handler(void)
{
    signal(SIGALRM, handler_exits);
    alarm(1);
    host_run(L, "while true do local s = string.rep('x', 100) end");
}

static void not_dumpable(void)
{
    prctl(PR_SET_DUMPABLE, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    say("not dumpable");
}

static const struct {
    const char *name;
    void (*run)(void);
} ways[] = {{"fork_after", fork_after},
            {"fork_of_fork", fork_of_fork},
            {"fork_past", fork_past},
            {"fork_unseen", fork_unseen},
            {"fork_unseen_idle", fork_unseen_idle},
            {"fork_many", fork_many},
            {"fork_killed", fork_killed},
            {"fork_exec", fork_exec},
            {"vfork_exec", vfork_exec},
            {"spawn", spawn},
            {"daemon", become_daemon},
            {"close_all", close_all},
            {"few_descriptors", few_descriptors},
            {"no_growth", no_growth},
            {"unwritable", unwritable},
            {"chroot", in_chroot},
            {"kill", kills_itself},
            {"terminate", terminates},
            {"segfault", segfaults},
            {"abort", aborts},
            {"quick_exit", quick_exits},
            {"_exit", underscore_exits},
            {"exec", execs},
            {"exec_fails", exec_fails},
            {"exec_lua", exec_lua},
            {"panic", panics},
            {"exit_in_handler", exits_in_handler},
            {"not_dumpable", not_dumpable}};

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "";
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    if (!strcmp(way, "fork_child_only")) {
        fork_child_only();
        return 0;
    }
    open_state();
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (!strcmp(way, ways[i].name)) {
            ways[i].run();
            fflush(stdout);
            lua_close(L);
            return 0;
        }
    return 2;
}
