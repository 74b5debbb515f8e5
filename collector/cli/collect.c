/* collect: `modprof collect`: a daemon that takes the traces of many processes over sockets.
 *
 * In: the command line; connections.  Out: trace files in one directory; a line on stderr for each
 * process that comes and goes. */
#include <ctype.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "collector/cli/cli.h"
#include "collector/ingest/listen.h"
#include "collector/ingest/serve.h"
#include "collector/util/escape.h"
#include "collector/util/human.h"

enum { LISTEN_MAX = 8, CLIENTS_MAX = 256, CLIENTS_MOST = 100000 };
#define BYTES_MAX (UINT64_C(4) << 30)

struct collect {
    const char *address[LISTEN_MAX];
    int address_n;
    const char *dir;
    int dir_fd;
    char token[SERVE_TOKEN_MAX]; /* "" : none */
    unsigned clients_max;
    uint64_t bytes_max;
    struct listening listening[LISTEN_MAX];
    struct event_base *base;
    struct serve *serve;
};

static const char help[] =
    "usage: modprof collect --listen ADDRESS [--listen ADDRESS...] --dir DIR [OPTION...]\n"
    "\n"
    "Collects the traces of programs that run with libmodprof.so preloaded and\n"
    "MODPROF_OUT=ADDRESS, each process into a file of its own, <program>-<pid>.mprof in DIR.\n"
    "Stays in the foreground until SIGTERM or SIGINT.\n"
    "\n"
    "  -l, --listen ADDRESS    unix:/path       a socket for this user (and root) only\n"
    "                          tcp:PORT         on the loopback address\n"
    "                          tcp:HOST:PORT    HOST a name, an address, [an IPv6 address], or *\n"
    "                                           for all; beyond loopback a token is required\n"
    "  -d, --dir DIR           where the traces go\n"
    "      --token-file FILE   tcp clients must know the secret in FILE's first line\n"
    "                          (MODPROF_TOKEN in their environment)\n"
    "      --token TOKEN       the same; mind that others can see a command line\n"
    "      --max-clients N     connections at once (default 256)\n"
    "      --max-bytes SIZE    stop writing after SIZE bytes in all, e.g. 500M; 0: no limit\n"
    "                          (default 4G)\n"
    "  -h, --help              show this\n"
    "\n"
    "Exit status: 0 ended by SIGTERM or SIGINT, 1 error, 2 usage.\n";

/* ---- what is logged ---- */

static __attribute__((format(printf, 1, 2))) void say(const char *format, ...)
{
    char when[32];
    time_t now = time(NULL);
    struct tm tm;
    va_list ap;
    strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", localtime_r(&now, &tm));
    fprintf(stderr, "%s ", when);
    va_start(ap, format);
    vfprintf(stderr, format, ap);
    va_end(ap);
    fputc('\n', stderr);
}

static void on_came(void *ctx, const struct serve_process *p)
{
    (void)ctx;
    say("%s (pid %u) came: %s", p->program, p->pid, p->file);
}

static void on_went(void *ctx, const struct serve_process *p)
{
    static const char *const outcome[] = {
        [SERVE_RUNNING] = "left running",
        [SERVE_ENDED] = "ended",
        [SERVE_COMPLETED] = "was killed; its trace was completed",
        [SERVE_INCOMPLETE] = "went; its trace is incomplete",
    };
    char bytes[HUMAN_MAX];
    (void)ctx;
    human_bytes(bytes, (double)p->bytes);
    say("%s (pid %u) %s%s%s: %s, %s%s", p->program, p->pid, outcome[p->outcome],
        p->why[0] ? ": " : "", p->why, p->file[0] ? p->file : "no file", bytes,
        p->dropped_n ? ", frames were dropped" : "");
}

static void on_trouble(void *ctx, const char *sentence)
{
    (void)ctx;
    say("%s", sentence);
}

/* ---- set-up and loop ---- */

static int open_dir(struct collect *c, struct err *err)
{
    c->dir_fd = open(c->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (c->dir_fd < 0)
        return err_set(err, "--dir %s: %s", c->dir, strerror(errno));
    if (faccessat(c->dir_fd, ".", W_OK | X_OK, AT_EACCESS))
        return err_set(err, "--dir %s can not be written: %s", c->dir, strerror(errno));
    return 0;
}

static int listen_all(struct collect *c, struct err *err)
{
    for (int i = 0; i < c->address_n; i++) {
        struct listening *l = &c->listening[i];
        if (listen_open(c->address[i], c->token[0] != 0, l, err))
            return -1;
        for (int k = 0; k < l->fd_n; k++)
            if (serve_listen(c->serve, l->fd[k], l->is_unix))
                return err_set(err, "%s: too many sockets", c->address[i]);
        say("listening on %s%s", l->name,
            l->is_unix || c->token[0] ? ""
                                      : ", without a token: any user of this machine can send");
    }
    return 0;
}

static int set_up(struct collect *c, struct err *err)
{
    if (open_dir(c, err))
        return -1;
    struct serve_options o = {
        .dir_fd = c->dir_fd,
        .token = c->token[0] ? c->token : NULL,
        .clients_max = c->clients_max,
        .bytes_max = c->bytes_max,
        .came = on_came,
        .went = on_went,
        .trouble = on_trouble,
    };
    c->base = event_base_new();
    if (!c->base)
        return err_set(err, "no event loop: %s", strerror(errno));
    c->serve = serve_new(c->base, &o);
    return listen_all(c, err);
}

static void on_stop(evutil_socket_t sig, short what, void *ctx)
{
    struct collect *c = ctx;
    (void)what;
    say("SIG%s: ending", sigabbrev_np((int)sig));
    event_base_loopbreak(c->base);
}

static void loop(struct collect *c)
{
    struct event *term = evsignal_new(c->base, SIGTERM, on_stop, c);
    struct event *interrupt = evsignal_new(c->base, SIGINT, on_stop, c);
    struct event *hangup = evsignal_new(c->base, SIGHUP, on_stop, c);
    event_add(term, NULL);
    event_add(interrupt, NULL);
    event_add(hangup, NULL);
    event_base_loop(c->base, 0);
    event_free(term);
    event_free(interrupt);
    event_free(hangup);
    serve_drain(c->serve);
}

static void release(struct collect *c)
{
    for (int i = 0; i < LISTEN_MAX; i++)
        listen_forget(&c->listening[i]);
    if (c->serve)
        serve_free(c->serve);
    if (c->base)
        event_base_free(c->base);
    if (c->dir_fd >= 0)
        close(c->dir_fd);
}

static int collect(struct collect *c)
{
    struct err err = {""};
    int status = EXIT_FINE;
    signal(SIGPIPE, SIG_IGN); /* stderr may be a pipe that nobody reads any more */
    signal(SIGXFSZ, SIG_IGN);
    setvbuf(stderr, NULL, _IOLBF, 0);
    serve_more_descriptors();
    if (set_up(c, &err))
        status = cli_error("collect", "%s", err.text);
    else
        loop(c);
    release(c);
    return status;
}

/* ---- the command line ---- */

static int is_token(const char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0; i < n; i++)
        if (!isgraph((unsigned char)text[i]))
            return 0;
    return n > 0 && n < SERVE_TOKEN_MAX && strcmp(text, "-") != 0;
}

static int set_token(struct collect *c, const char *token)
{
    if (!is_token(token))
        return cli_usage_error("collect",
                               "the token must have 1 to %d printing characters, no "
                               "blanks, and not be a lone -",
                               SERVE_TOKEN_MAX - 1);
    strcpy(c->token, token);
    return -1;
}

static int read_token(struct collect *c, const char *path)
{
    char line[2 * SERVE_TOKEN_MAX] = "";
    FILE *f = fopen(path, "re");
    if (!f)
        return cli_error("collect", "--token-file %s: %s", path, strerror(errno));
    if (!fgets(line, sizeof line, f))
        line[0] = 0;
    fclose(f);
    line[strcspn(line, "\r\n")] = 0;
    return set_token(c, line);
}

static int read_number(const char *text, uint64_t *n)
{
    char *end;
    errno = 0;
    *n = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || errno)
        return -1;
    if (*end && strchr("kKmMgGtT", *end)) {
        static const char units[] = "kmgt";
        int shift = 10 * (int)(strchr(units, tolower((unsigned char)*end)) - units + 1);
        if (*n > UINT64_MAX >> shift)
            return -1;
        *n <<= shift;
        end++;
    }
    return *end ? -1 : 0;
}

static int read_clients(struct collect *c, const char *text)
{
    uint64_t n;
    if (read_number(text, &n) || n < 1 || n > CLIENTS_MOST)
        return cli_usage_error("collect", "--max-clients %s: not a number from 1 to %d", text,
                               CLIENTS_MOST);
    c->clients_max = (unsigned)n;
    return -1;
}

static int read_bytes(struct collect *c, const char *text)
{
    if (read_number(text, &c->bytes_max))
        return cli_usage_error("collect", "--max-bytes %s: not a size, such as 500M or 4G", text);
    return -1;
}

static int read_address(struct collect *c, const char *text)
{
    if (c->address_n == LISTEN_MAX)
        return cli_usage_error("collect", "at most %d addresses", LISTEN_MAX);
    if (strncmp(text, "unix:", 5) && strncmp(text, "tcp:", 4))
        return cli_usage_error("collect",
                               "--listen %s: an address begins with unix: or tcp:", text);
    c->address[c->address_n++] = text;
    return -1;
}

/* Returns -1 to go on, or an exit status. */
static int read_option(struct collect *c, int option, char **argv)
{
    switch (option) {
    case 'l':
        return read_address(c, optarg);
    case 'd':
        c->dir = optarg;
        return -1;
    case 't':
        return set_token(c, optarg);
    case 'f':
        return read_token(c, optarg);
    case 'c':
        return read_clients(c, optarg);
    case 'b':
        return read_bytes(c, optarg);
    case 'h':
        return fputs(help, stdout), EXIT_FINE;
    case ':':
        return cli_usage_error("collect", "%s wants a value", argv[optind - 1]);
    default:
        return cli_usage_error("collect", "there is no option %s", argv[optind - 1]);
    }
}

static int read_options(struct collect *c, int argc, char **argv)
{
    static const struct option options[] = {{"listen", required_argument, NULL, 'l'},
                                            {"dir", required_argument, NULL, 'd'},
                                            {"token", required_argument, NULL, 't'},
                                            {"token-file", required_argument, NULL, 'f'},
                                            {"max-clients", required_argument, NULL, 'c'},
                                            {"max-bytes", required_argument, NULL, 'b'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option, status = -1;
    opterr = 0;
    while (status < 0 && (option = getopt_long(argc, argv, ":l:d:h", options, NULL)) != -1)
        status = read_option(c, option, argv);
    if (status >= 0)
        return status;
    if (optind < argc)
        return cli_usage_error("collect", "%s: no argument is expected here", argv[optind]);
    if (!c->address_n)
        return cli_usage_error("collect", "where to listen was not said: --listen unix:/path");
    if (!*c->dir)
        return cli_usage_error("collect", "where the traces go was not said: --dir DIR");
    return -1;
}

int cmd_collect(int argc, char **argv)
{
    struct collect c = {
        .dir = "", .dir_fd = -1, .clients_max = CLIENTS_MAX, .bytes_max = BYTES_MAX};
    int status = read_options(&c, argc, argv);
    return status >= 0 ? status : collect(&c);
}
