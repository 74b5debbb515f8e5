/* config: reads the environment.  See config.h.
 *
 * Context: constructor. */
#include "shim/record/config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct config config;

/* Copies VALUE; one that does not fit is taken as not set, rather than cut. */
static void copy_string(char *out, size_t cap, const char *value)
{
    size_t n = value ? strlen(value) : 0;
    out[0] = 0;
    if (n < cap)
        memcpy(out, value ? value : "", n + 1);
}

int config_out_is_socket(const char *out)
{
    return strncmp(out, "unix:", 5) == 0 || strncmp(out, "tcp:", 4) == 0;
}

/* Hosts change their directory later, so a file's name is made absolute now. */
static void read_out(const char *value)
{
    size_t dir = strlen(config.cwd), n = value ? strlen(value) : 0;
    if (!n || value[0] == '/' || config_out_is_socket(value) || !dir) {
        copy_string(config.out, sizeof config.out, value);
        return;
    }
    if (dir + 1 + n >= sizeof config.out)
        return;
    memcpy(config.out, config.cwd, dir);
    config.out[dir] = '/';
    memcpy(config.out + dir + 1, value, n + 1);
}

static int equals(const char *value, const char *what)
{
    return value && strcmp(value, what) == 0;
}

static uint64_t number(const char *value)
{
    uint64_t v = 0;
    for (; value && *value >= '0' && *value <= '9'; value++)
        v = v * 10 + (uint64_t)(*value - '0');
    return v;
}

/* glibc fills a buffer of this size without allocating. "(unreachable)..." is no directory. */
static void read_cwd(void)
{
    if (!getcwd(config.cwd, sizeof config.cwd) || config.cwd[0] != '/')
        config.cwd[0] = 0;
}

/* Go's choice, too: ignored by default, so nothing breaks where a host resets its handlers. */
static void read_cpu(const char *hz, const char *signal_number)
{
    uint64_t n = number(hz), s = number(signal_number);
    config.cpu_hz = n <= 10000 ? (uint32_t)n : 10000;
    config.cpu_timers = equals(getenv("MODPROF_CPU_SOURCE"), "timer");
    config.cpu_signal = s > 0 && s <= 64 ? (int)s : SIGURG;
}

void config_read(void)
{
    const char *verbose = getenv("MODPROF_VERBOSE"), *tmp_dir = getenv("TMPDIR");
    config.off = equals(getenv("MODPROF"), "off");
    config.layout_api = equals(getenv("MODPROF_LAYOUT"), "api");
    config.verbose = verbose && *verbose && !equals(verbose, "0");
    config.start_ns = number(getenv("MODPROF_START_NS"));
    copy_string(config.token, sizeof config.token, getenv("MODPROF_TOKEN"));
    copy_string(config.tmp_dir, sizeof config.tmp_dir,
                tmp_dir && tmp_dir[0] == '/' ? tmp_dir : "/tmp");
    read_cpu(getenv("MODPROF_CPU"), getenv("MODPROF_CPU_SIGNAL"));
    read_cwd();
    read_out(getenv("MODPROF_OUT"));
}
