/* doctor: `modprof doctor`: what can be covered in a program, a process or a file, and why not.
 *
 * In: the command line.  Out: the diagnosis on stdout. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/cli/cli.h"
#include "collector/cli/doctor_look.h"
#include "collector/util/err.h"
#include "wire/frame.h"

static const char help[] =
    "usage: modprof doctor [OPTION...] -- PROGRAM [ARGUMENT...]\n"
    "       modprof doctor [OPTION...] PID|FILE\n"
    "\n"
    "Says what the profiler can cover, without starting anything: which copies of Lua a\n"
    "program or a running process holds, of which versions, which of their functions can\n"
    "be intercepted, and what stands in the way.\n"
    "\n"
    "  PROGRAM    looked up in PATH; scripts are followed to their interpreters\n"
    "  PID        a running process, with all that it has opened so far\n"
    "  FILE       an executable, a library or a script\n"
    "\n"
    "  -f, --format text|json   for people (default), or for programs\n"
    "  -h, --help               show this\n"
    "\n"
    "Exit status: 0 it can be covered, wholly or in part; 1 error; 2 usage; 4 it can not be\n"
    "covered, or no Lua was found.\n";

static const struct option long_options[] = {
    {"format", required_argument, NULL, 'f'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* A number that is no file's name. */
static pid_t pid_of(const char *text)
{
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || errno != 0 || n <= 0 || n > 0x7fffffff ||
        access(text, F_OK) == 0)
        return 0;
    return (pid_t)n;
}

static int is_trace(const char *path)
{
    uint8_t head[FRAME_HEADER_BYTES];
    struct frame_header h;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, head, sizeof head);
    close(fd);
    return n == (ssize_t)sizeof head && frame_header_get(&h, head, sizeof head) != FRAME_FOREIGN;
}

static int look(struct doctor *d, const char *asked, int is_program, struct err *err)
{
    pid_t pid = is_program ? 0 : pid_of(asked);
    if (pid != 0)
        return doctor_look_process(d, pid, err);
    if (is_program || strchr(asked, '/') != NULL || access(asked, F_OK) != 0)
        return doctor_look_program(d, asked, err);
    char path[4200]; /* a file here, whatever PATH says */
    snprintf(path, sizeof path, "./%s", asked);
    return doctor_look_program(d, path, err);
}

static int diagnose(const char *asked, int is_program, int json)
{
    struct doctor d;
    struct err err = {""};
    int status;
    if (!is_program && is_trace(asked)) {
        printf("%s is a trace: `modprof report %s` shows what was covered in it.\n", asked, asked);
        return EXIT_FINE;
    }
    if (look(&d, asked, is_program, &err) != 0) {
        status = cli_error("doctor", "%s", err.text);
    } else {
        (json ? doctor_show_json : doctor_show_text)(&d);
        status =
            d.verdict == DOCTOR_COVERED || d.verdict == DOCTOR_PARTLY ? EXIT_FINE : EXIT_NO_VERDICT;
    }
    doctor_release(&d);
    return status;
}

int cmd_doctor(int argc, char **argv)
{
    int c, json = 0;
    optind = 0;
    while ((c = getopt_long(argc, argv, "+:f:h", long_options, NULL)) != -1) {
        if (c == 'h') {
            fputs(help, stdout);
            return EXIT_FINE;
        }
        if (c == ':')
            return cli_usage_error("doctor", "--format needs text or json");
        if (c != 'f')
            return cli_usage_error("doctor", "unknown option %s", argv[optind - 1]);
        json = strcmp(optarg, "json") == 0;
        if (!json && strcmp(optarg, "text") != 0)
            return cli_usage_error("doctor", "--format is text or json, not %s", optarg);
    }
    if (optind >= argc)
        return cli_usage_error("doctor", "which program, process or file?");
    int is_program = strcmp(argv[optind - 1], "--") == 0;
    if (!is_program && optind + 1 < argc)
        return cli_usage_error("doctor",
                               "one PID or FILE; a program with arguments goes behind --");
    return diagnose(argv[optind], is_program, json);
}
