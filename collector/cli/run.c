/* run: `modprof run`: starts a program under the shim, collects the traces of all its processes,
 * says in a few lines what came of it, and exits as the program did.
 *
 * In: the command line.  Out: trace files; a summary on stderr, nothing on stdout. */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "collector/cli/alloc_words.h"
#include "collector/cli/cli.h"
#include "collector/cli/left.h"
#include "collector/cli/run.h"
#include "collector/cli/shim_path.h"
#include "collector/ingest/serve.h"
#include "collector/util/xalloc.h"

enum {
    PROCESSES_MAX = 512, /* that run at once and are collected */
    WAIT_MS = 1000,      /* for processes left in the background */
    WAIT_FOR_EVER = -1,
    SILENT_MS = 300, /* for those of them that have not connected */
    TICK_MS = 50
};

static const char help[] =
    "usage: modprof run [OPTION...] [--] PROGRAM [ARGUMENT...]\n"
    "\n"
    "Runs PROGRAM with the profiler preloaded and collects a trace from each of its\n"
    "processes that runs Lua 5.4. Its standard input and output stay as they are; a\n"
    "summary goes to standard error at the end.\n"
    "\n"
    "  -o, --output FILE   write the main process's trace to FILE (a trace that is there is\n"
    "                      replaced), those of other processes to FILE with their process id in\n"
    "                      the name; a directory takes the usual names.  Without -o:\n"
    "                      <program>-<pid>.mprof in the working directory, or in $TMPDIR\n"
    "                      where that can not be written\n"
    "  -w, --wait SECONDS  how long to wait, after PROGRAM has ended, for processes that it\n"
    "                      left in the background; `all`: until they end (default 1)\n"
    "      --cpu[=HZ]      so many samples of CPU time a second, for `modprof flame` and `modprof\n"
    "                      report`: 999 unless told otherwise, at most 10000, `off` none\n"
    "      --alloc WHAT    how allocation is recorded: sample[:SIZE] (one stack per SIZE bytes, "
    "512k\n"
    "                      unless told otherwise), exact (the stack of every Lua allocation), "
    "off,\n"
    "                      c-exact and more: libmodprof.so(7), MODPROF_ALLOC\n"
    "      --wall[=HZ]     the same of wall time, which has waiting in it\n"
    "      --marks         each Lua state gets a global `modprof` with a function mark(name)\n"
    "  -q, --quiet         no summary; errors are still told\n"
    "  -h, --help          show this\n"
    "\n"
    "MODPROF_LIB says where libmodprof.so is, if it is not found by itself.\n"
    "\n"
    "Exit status: that of PROGRAM; 128+N where signal N ended it; 127 where it was not\n"
    "found, 126 where it can not be executed; 2 usage, 1 another error, before it began.\n";

/* ---- what the receiving side tells ---- */

static int is_main(const struct run *r, const struct serve_process *p)
{
    if (p->peer_pid != r->launch.pid)
        return 0;
    for (size_t i = 0; i < r->came_n; i++) /* the main process can be several programs in turn */
        if (r->came[i].is_main)
            return 0;
    return 1;
}

static int on_name(void *ctx, const struct serve_process *p, char *out)
{
    const struct run *r = ctx;
    if (!r->target.file[0] || !is_main(r, p))
        return target_name(&r->target, p->pid, out);
    strcpy(out, r->target.file);
    return 1;
}

static void on_came(void *ctx, const struct serve_process *p)
{
    struct run *r = ctx;
    int main_process = is_main(r, p);
    r->came = xgrow(r->came, r->came_n, &r->came_cap, sizeof *r->came);
    struct came *c = &r->came[r->came_n++];
    snprintf(c->file, sizeof c->file, "%s", p->file);
    c->pid = p->pid;
    c->is_main = main_process;
    c->outcome = SERVE_RUNNING;
}

static void on_went(void *ctx, const struct serve_process *p)
{
    struct run *r = ctx;
    for (size_t i = 0; i < r->came_n; i++)
        if (!strcmp(r->came[i].file, p->file))
            r->came[i].outcome = p->outcome;
}

static void on_trouble(void *ctx, const char *sentence)
{
    (void)ctx;
    fprintf(stderr, "modprof: %s\n", sentence);
}

/* ---- the loop ---- */

static void program_ended(struct run *r)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    r->end_ns = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
    r->program_ended = 1;
    event_base_loopbreak(r->base);
}

/* Once the program has ended, what would have ended it ends the waiting for the others. */
static void hurry(struct run *r, uint32_t sig)
{
    if (sig != SIGINT && sig != SIGTERM && sig != SIGHUP && sig != SIGQUIT)
        return;
    r->impatient = 1;
    event_base_loopbreak(r->base);
}

static void on_signal(evutil_socket_t fd, short what, void *ctx)
{
    struct run *r = ctx;
    struct signalfd_siginfo s;
    (void)what;
    while (read(fd, &s, sizeof s) == sizeof s) {
        if (r->program_ended)
            hurry(r, s.ssi_signo);
        else if (s.ssi_signo != SIGCHLD)
            launch_signal(&r->launch, &s);
        else if (launch_ended(&r->launch))
            program_ended(r);
    }
}

static void on_tick(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    (void)ctx;
}

static uint64_t clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* 1 while there is something to wait for: processes that are connected, and for a moment also
 * those that are not, since a daemon that has just been made may connect any time now. */
static int more_may_come(struct run *r, uint64_t waited_ms)
{
    if (serve_open_n(r->serve))
        return 1;
    r->silent_n = left_n(r->setting);
    return r->silent_n && (r->wait_ms == WAIT_FOR_EVER || waited_ms < SILENT_MS);
}

/* What is left after the program: its last frames, and processes in the background. */
static void collect_rest(struct run *r)
{
    static const struct timeval tick = {.tv_usec = TICK_MS * 1000};
    uint64_t began = clock_ms(), waited = 0;
    struct event *again = event_new(r->base, -1, EV_PERSIST, on_tick, r);
    event_add(again, &tick);
    serve_drain(r->serve);
    while (!r->impatient && more_may_come(r, waited)) {
        event_base_loop(r->base, EVLOOP_ONCE);
        waited = clock_ms() - began;
        if (r->wait_ms != WAIT_FOR_EVER && waited >= (uint64_t)r->wait_ms)
            break;
    }
    serve_drain(r->serve);
    event_free(again);
}

static void collect(struct run *r)
{
    struct event *signal =
        event_new(r->base, r->launch.signal_fd, EV_READ | EV_PERSIST, on_signal, r);
    event_add(signal, NULL);
    while (!r->program_ended)
        event_base_loop(r->base, 0);
    collect_rest(r);
    event_free(signal);
}

/* ---- names ---- */

/* The main process comes first, whoever was quicker. */
static void main_first(struct run *r)
{
    for (size_t i = 1; i < r->came_n; i++)
        if (r->came[i].is_main) {
            struct came main_one = r->came[i];
            memmove(r->came + 1, r->came, i * sizeof *r->came);
            r->came[0] = main_one;
        }
}

/* The file was asked for; where the main process ran no Lua it is the first that did. */
static void give_asked_name(struct run *r)
{
    enum { NO_REPLACE = 1 }; /* RENAME_NOREPLACE */
    if (!r->came_n || r->came[0].is_main || !r->target.file[0])
        return;
    if (!syscall(SYS_renameat2, r->target.dir_fd, r->came[0].file, r->target.dir_fd, r->target.file,
                 NO_REPLACE))
        strcpy(r->came[0].file, r->target.file);
}

/* ---- set-up ---- */

/* Servers that root starts give up root before they start Lua.  They may come in with a token that
 * only our program's environment holds. */
static int let_strangers_in(struct run *r, struct err *err)
{
    unsigned char random[16];
    if (geteuid() != 0)
        return 0;
    if (getrandom(random, sizeof random, 0) != sizeof random || chmod(r->listening.path, 0666))
        return err_set(err, "%s: %s", r->listening.path, strerror(errno));
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(r->token + 2 * i, 3, "%02x", random[i]);
    r->launch.token = r->token;
    return 0;
}

static int listen_private(struct run *r, struct err *err)
{
    char address[PRIVATE_DIR_MAX + 16];
    if (private_dir_make(&r->dir, geteuid() == 0, err))
        return -1;
    snprintf(address, sizeof address, "unix:%s/s", r->dir.path);
    if (listen_open(address, 0, &r->listening, err) || let_strangers_in(r, err))
        return -1;
    struct serve_options o = {
        .dir_fd = r->target.dir_fd,
        .token = r->launch.token,
        .strangers = r->launch.token != NULL,
        .clients_max = PROCESSES_MAX,
        .last_collector = 1,
        .file_name = on_name,
        .came = on_came,
        .went = on_went,
        .trouble = on_trouble,
        .ctx = r,
    };
    r->base = event_base_new();
    if (!r->base)
        return err_set(err, "no event loop: %s", strerror(errno));
    r->serve = serve_new(r->base, &o);
    return serve_listen(r->serve, r->listening.fd[0], 1);
}

static int start(struct run *r, struct err *err)
{
    char shim[PATH_MAX];
    if (shim_path_find(shim, err) || target_open(&r->target, r->out, err) || listen_private(r, err))
        return -1;
    r->launch.shim = private_dir_preloadable(&r->dir, shim, err);
    r->launch.out = r->listening.name;
    snprintf(r->setting, sizeof r->setting, "MODPROF_OUT=%s", r->listening.name);
    return r->launch.shim ? launch_start(&r->launch, err) : -1;
}

static void release(struct run *r)
{
    if (r->serve)
        serve_free(r->serve);
    if (r->base)
        event_base_free(r->base);
    listen_forget(&r->listening);
    private_dir_remove(&r->dir);
    target_close(&r->target);
    free(r->came);
}

static int run(struct run *r)
{
    struct err err = {""};
    int failed = start(r, &err);
    if (failed) {
        cli_error("run", "%s", err.text);
        return failed < 0 ? EXIT_ERROR : failed;
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    serve_more_descriptors();
    collect(r);
    serve_free(r->serve);
    r->serve = NULL;
    int status = launch_wait(&r->launch);
    main_first(r);
    give_asked_name(r);
    if (!r->quiet)
        run_say(r, status);
    return status;
}

/* ---- the command line ---- */

static int read_wait(const char *text, int *ms)
{
    char *end;
    double seconds = strtod(text, &end);
    if (!strcmp(text, "all")) {
        *ms = WAIT_FOR_EVER;
        return 0;
    }
    if (end == text || *end || !(seconds >= 0 && seconds <= 1e6))
        return -1;
    *ms = (int)(seconds * 1000);
    return 0;
}

/* The launched program inherits it. */
static int set_rate(const char *variable, const char *hz)
{
    char *end = "";
    long n = hz ? strtol(hz, &end, 10) : 999;
    int is_off = hz && !strcmp(hz, "off");
    if (!is_off && (*end || n < 1 || n > 10000))
        return -1;
    return setenv(variable, hz ? hz : "999", 1);
}

static int read_options(struct run *r, int argc, char **argv)
{
    static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                            {"wait", required_argument, NULL, 'w'},
                                            {"alloc", required_argument, NULL, 'a'},
                                            {"cpu", optional_argument, NULL, 'c'},
                                            {"wall", optional_argument, NULL, 'W'},
                                            {"quiet", no_argument, NULL, 'q'},
                                            {"marks", no_argument, NULL, 'm'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int c;
    opterr = 0;
    while ((c = getopt_long(argc, argv, "+:o:w:qh", options, NULL)) != -1) {
        if (c == 'o')
            r->out = optarg;
        else if (c == 'q')
            r->quiet = 1;
        else if (c == 'm')
            setenv("MODPROF_MARKS", "1", 1);
        else if (c == 'h')
            return fputs(help, stdout), EXIT_FINE;
        else if (c == 'a') {
            if (!alloc_words_known(optarg) || setenv("MODPROF_ALLOC", optarg, 1))
                return cli_usage_error(
                    "run",
                    "--alloc %s: not off, exact, sample, sample:SIZE, c-off, "
                    "c-exact, c-sample:SIZE, sites:N or no-tag (joined by commas)",
                    optarg);
        } else if (c == 'c') {
            if (set_rate("MODPROF_CPU", optarg))
                return cli_usage_error("run", "--cpu=%s: not a number from 1 to 10000, nor `off`",
                                       optarg);
        } else if (c == 'W') {
            if (set_rate("MODPROF_WALL", optarg))
                return cli_usage_error("run", "--wall=%s: not a number from 1 to 10000", optarg);
        } else if (c == ':')
            return cli_usage_error("run", "%s wants a value", argv[optind - 1]);
        else if (c != 'w')
            return cli_usage_error("run", "there is no option %s", argv[optind - 1]);
        else if (read_wait(optarg, &r->wait_ms))
            return cli_usage_error("run", "--wait %s: not a number of seconds, nor `all`", optarg);
    }
    if (!getenv("MODPROF_CPU") && !getenv("MODPROF_WALL"))
        set_rate("MODPROF_CPU", NULL);
    if (optind == argc)
        return cli_usage_error("run", "no program was given: modprof run -- PROGRAM [ARGUMENT...]");
    r->launch.argv = argv + optind;
    return -1;
}

int cmd_run(int argc, char **argv)
{
    struct run r = {.wait_ms = WAIT_MS, .target = {.dir_fd = -1}};
    int status = read_options(&r, argc, argv);
    if (status >= 0)
        return status;
    status = run(&r);
    release(&r);
    return status;
}
