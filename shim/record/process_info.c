/* process_info: reads what the kernel tells of this process.  See process_info.h. */
#include "shim/record/process_info.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shim/platform.h"
#include "shim/record/config.h"
#include "shim/record/phrase.h"

enum { TICKS_A_SECOND = 100, START_FIELD = 22 };

static uint64_t clock_ns(clockid_t id)
{
    struct timespec t;
    return clock_gettime(id, &t) ? 0 : (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Reads PATH whole, or as much as fits; returns the bytes (0 on error). */
static size_t slurp(const char *path, char *out, size_t cap)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    size_t n = 0;
    for (ssize_t got; n < cap && (got = read(fd, out + n, cap - n)) > 0;)
        n += (size_t)got;
    close(fd);
    return n;
}

/* The same of text, which ends with NUL. */
static void slurp_text(const char *path, char *out, size_t cap)
{
    out[slurp(path, out, cap - 1)] = 0;
}

static uint64_t number_at(const char *s)
{
    uint64_t v = 0;
    for (; *s >= '0' && *s <= '9'; s++)
        v = v * 10 + (uint64_t)(*s - '0');
    return v;
}

/* ---- start ---- */

/* The name in parentheses may hold anything, also parentheses and spaces: fields are counted from
 * the last one. */
static uint64_t start_ticks_in(const char *path)
{
    char line[1024];
    slurp_text(path, line, sizeof line);
    const char *at = strrchr(line, ')');
    for (int field = 2; at && field < START_FIELD; field++) {
        at = strchr(at, ' ');
        at = at ? at + 1 : NULL;
    }
    return at ? number_at(at) : 0;
}

uint64_t process_info_start_ticks(void)
{
    return start_ticks_in("/proc/self/stat");
}

static uint64_t ticks_ago_ns(uint64_t ticks)
{
    uint64_t now = clock_ns(CLOCK_BOOTTIME), then = ticks * (1000000000u / TICKS_A_SECOND);
    return now > then ? now - then : 0;
}

uint64_t process_info_start_of(uint64_t pid)
{
    char path[64];
    struct phrase t = phrase_in(path, sizeof path);
    phrase_add(&t, "/proc/");
    phrase_add_number(&t, pid);
    phrase_add(&t, "/stat");
    uint64_t ticks = start_ticks_in(path);
    return ticks ? clock_ns(CLOCK_REALTIME) - ticks_ago_ns(ticks) : 0;
}

/* MODPROF_START_NS is inherited: it is ours only where it is close to what the kernel says. */
static int told_start_is_ours(uint64_t now)
{
    enum { NEAR_NS = 50 * 1000 * 1000 };
    uint64_t ticks = config.start_ns ? process_info_start_ticks() : 0;
    if (!ticks || config.start_ns > now)
        return 0;
    int64_t apart = (int64_t)(now - config.start_ns) - (int64_t)ticks_ago_ns(ticks);
    return apart > -NEAR_NS && apart < NEAR_NS;
}

static void ids(struct arena_process *p)
{
    p->pid = (uint64_t)getpid();
    p->ppid = (uint64_t)getppid();
    p->uid = geteuid();
}

/* Once: it stays the same for as long as this image runs, in children too. */
static void executable(struct arena_process *p)
{
    ssize_t n = readlink("/proc/self/exe", p->exe, sizeof p->exe - 1);
    p->exe[n > 0 ? n : 0] = 0;
}

void process_info_start(struct arena_process *p)
{
    uint64_t now = now_ns(), cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    ids(p);
    executable(p);
    p->start_estimated = !told_start_is_ours(now);
    p->start_mono_ns = p->start_estimated ? now - cpu : config.start_ns;
    p->start_real_ns = clock_ns(CLOCK_REALTIME) - (now - p->start_mono_ns);
    p->attach_ns = now;
}

void process_info_forked(struct arena_process *p)
{
    p->forked_from = p->pid;
    ids(p);
    p->start_estimated = 0;
    p->start_mono_ns = p->attach_ns = now_ns();
    p->start_real_ns = clock_ns(CLOCK_REALTIME);
    p->arena_path[0] = p->trace_path[0] = 0;
}

/* ---- description ---- */

/* Where the kernel put them: one behind the other on the stack. */
static const char *arguments;
static size_t arguments_n;

void process_info_arguments(int argc, char *const *argv)
{
    if (argc <= 0 || !argv)
        return;
    for (int i = 0; i + 1 < argc; i++)
        if (argv[i + 1] != argv[i] + strlen(argv[i]) + 1)
            return;
    const char *end = argv[argc - 1] + strlen(argv[argc - 1]) + 1;
    arguments_n = (size_t)(end - argv[0]);
    arguments = argv[0];
}

static size_t read_argv(char *out, size_t cap)
{
    if (!arguments)
        return slurp("/proc/self/cmdline", out, cap);
    size_t n = arguments_n < cap ? arguments_n : cap;
    memcpy(out, arguments, n);
    return n;
}

static void describe_argv(struct arena_process *p)
{
    size_t n = read_argv(p->argv, sizeof p->argv);
    if (n == sizeof p->argv)
        p->argv[n - 1] = 0; /* cut */
    p->argv_n = (uint32_t)n;
}

void process_info_describe(struct arena_process *p)
{
    describe_argv(p);
    struct phrase cwd = phrase_in(p->cwd, sizeof p->cwd);
    phrase_add(&cwd, config.cwd);
}

uint64_t process_info_rss_bytes(void)
{
    char line[128];
    slurp_text("/proc/self/statm", line, sizeof line);
    const char *second = strchr(line, ' ');
    return second ? number_at(second + 1) * 4096 : 0;
}

uint64_t process_info_peak_rss_kib(void)
{
    static const char label[] = "VmHWM:";
    char text[2048];
    slurp_text("/proc/self/status", text, sizeof text);
    const char *at = strstr(text, label);
    if (at == NULL)
        return 0;
    for (at += sizeof label - 1; *at == ' ' || *at == '\t'; at++)
        ;
    return number_at(at);
}

/* "time on a processor, time in the queue for one, turns" (Linux, Documentation/scheduler/sched-stats.rst) */
uint64_t process_info_queued_ns(uint32_t tid)
{
    char text[128];
    struct phrase path = phrase_in(text, sizeof text);
    phrase_add(&path, "/proc/self/task/");
    phrase_add_number(&path, tid);
    phrase_add(&path, "/schedstat");
    slurp_text(text, text, sizeof text);
    const char *second = strchr(text, ' ');
    return second ? number_at(second + 1) : UINT64_MAX;
}

uint64_t process_info_mapped_bytes(void)
{
    char line[128];
    slurp_text("/proc/self/statm", line, sizeof line);
    return number_at(line) * 4096;
}
