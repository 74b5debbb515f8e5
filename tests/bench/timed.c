/* timed: runs a command and prints on standard output `wall_us cpu_us max_rss_kib page_faults`.
 *
 * The command's own output goes to /dev/null; its environment is the caller's plus the leading
 * NAME=VALUE arguments, set in the child only, so that this program itself runs plain. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static void become(char **argv)
{
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    dup2(null, 2);
    while (*argv && strchr(*argv, '='))
        putenv(*argv++);
    execvp(*argv, argv);
    _exit(127);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    double begin = now_us();
    pid_t child = fork();
    if (!child)
        become(argv + 1);
    int status;
    struct rusage used;
    if (wait4(child, &status, 0, &used) != child)
        return 1;
    double wall = now_us() - begin;
    double cpu = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 + used.ru_utime.tv_usec +
                 used.ru_stime.tv_usec;
    if (status) {
        fprintf(stderr, "timed: %s ended with status 0x%x\n", argv[argc - 1], (unsigned)status);
        return 1;
    }
    printf("%.0f %.0f %ld %ld\n", wall, cpu, used.ru_maxrss, used.ru_minflt + used.ru_majflt);
    return 0;
}
