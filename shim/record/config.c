/* config: reads the environment.  See config.h.
 *
 * Context: constructor. */
#include "shim/record/config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/platform.h"

struct config config = {.out = "", .token = "", .cwd = "", .tmp_dir = ""};

/* ---- texts ---- */

enum { TEXT_MAX = 4096, TOKEN_MAX = 128 };

/* One behind the other: they are short as a rule. */
static SHIM_TABLE char texts[3 * TEXT_MAX + TOKEN_MAX];
static size_t texts_n;

/* A copy of A and B together; "" where that has CAP bytes or more, rather than a part of it. */
static const char *keep(size_t cap, const char *a, const char *b)
{
    size_t a_n = strlen(a), b_n = strlen(b);
    char *text = texts + texts_n;
    if (a_n + b_n >= cap || a_n + b_n >= sizeof texts - texts_n)
        return "";
    memcpy(text, a, a_n);
    memcpy(text + a_n, b, b_n + 1);
    texts_n += a_n + b_n + 1;
    return text;
}

int config_out_is_socket(const char *out)
{
    return strncmp(out, "unix:", 5) == 0 || strncmp(out, "tcp:", 4) == 0;
}

/* Hosts change their directory later, so a file's name is made absolute now. */
static void read_out(const char *value)
{
    char dir[TEXT_MAX + 1] = "";
    if (value == NULL)
        value = "";
    if (value[0] != '/' && value[0] && !config_out_is_socket(value) && config.cwd[0])
        strcat(strcpy(dir, config.cwd), "/");
    config.out = keep(TEXT_MAX, dir, value);
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
    char cwd[TEXT_MAX];
    config.cwd = getcwd(cwd, sizeof cwd) && cwd[0] == '/' ? keep(TEXT_MAX, cwd, "") : "";
}

/* SIGURG is Go's choice, too: ignored by default, so nothing breaks where a host resets its handlers.  Under
 * valgrind times mean nothing, so there samples must be asked for. */
static void read_cpu(const char *hz, const char *wall_hz, const char *signal_number)
{
    enum { UNASKED_HZ = 999 };
    const char *preloads = getenv("LD_PRELOAD");
    uint64_t n = number(wall_hz), s = number(signal_number);
    config.valgrind = preloads && strstr(preloads, "vgpreload");
    config.wall = n != 0;
    config.cpu_asked = hz || n;
    if (n == 0)
        n = hz ? number(hz) : config.valgrind ? 0 : UNASKED_HZ;
    config.cpu_hz = n <= 10000 ? (uint32_t)n : 10000;
    config.cpu_timers = equals(getenv("MODPROF_CPU_SOURCE"), "timer");
    int events = equals(getenv("MODPROF_CPU_SOURCE"), "event");
    config.cpu_events = config.cpu_asked || events;
    config.cpu_events_first = events || (config.cpu_events && getenv("MODPROF_START_NS"));
    config.cpu_signal = s > 0 && s <= 64 ? (int)s : SIGURG;
}

static void read_mark_signal(const char *text)
{
    uint64_t n = number(text);
    config.mark_signal = n > 0 && n <= 64 ? (int)n : text && *text ? -1 : 0;
}

/* ---- MODPROF_ALLOC ---- */

enum { ALLOC_INTERVAL = 512 * 1024, ALLOC_SITES = 64000 };

/* "N", "Nk", "Nm"; 0: none of these. */
static uint64_t size_of(const char *text, const char *end)
{
    uint64_t v = 0;
    for (; text < end && *text >= '0' && *text <= '9' && v < UINT64_C(1) << 40; text++)
        v = v * 10 + (uint64_t)(*text - '0');
    if (text + 1 == end && (*text | 0x20) == 'k')
        return v << 10;
    if (text + 1 == end && (*text | 0x20) == 'm')
        return v << 20;
    return text == end ? v : 0;
}

/* 1 where [AT, END) is NAME, or NAME:SIZE where SIZE is not NULL. */
static int word_is(const char *at, const char *end, const char *name, uint64_t *size)
{
    size_t n = strlen(name), length = (size_t)(end - at);
    if (length < n || memcmp(at, name, n) != 0)
        return 0;
    if (length == n)
        return 1;
    if (size == NULL || at[n] != ':')
        return 0;
    *size = size_of(at + n + 1, end);
    return *size != 0;
}

static void read_alloc_word(struct config_alloc *a, const char *at, const char *end)
{
    uint64_t n = 0;
    if (word_is(at, end, "off", NULL)) {
        a->lua = a->c = ALLOC_OFF;
    } else if (word_is(at, end, "sample", &n)) {
        a->lua = a->c = ALLOC_SAMPLED;
        a->lua_interval = a->c_interval = n ? n : ALLOC_INTERVAL;
        a->lua_paced = a->c_paced = n == 0;
    } else if (word_is(at, end, "exact", NULL)) {
        a->lua = ALLOC_EXACT;
    } else if (word_is(at, end, "c-off", NULL)) {
        a->c = ALLOC_OFF;
    } else if (word_is(at, end, "c-sample", &n)) {
        a->c = ALLOC_SAMPLED;
        a->c_interval = n ? n : ALLOC_INTERVAL;
        a->c_paced = n == 0;
    } else if (word_is(at, end, "c-exact", NULL)) {
        a->c = ALLOC_EXACT;
    } else if (word_is(at, end, "sites", &n) && n != 0) {
        a->sites_max = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
    } else if (word_is(at, end, "no-tag", NULL)) {
        a->no_tag = 1;
    } else if (at < end) {
        a->bad = 1;
    }
}

void config_read_alloc(const char *value, struct config_alloc *a)
{
    *a = (struct config_alloc){.lua = ALLOC_SAMPLED,
                               .c = ALLOC_SAMPLED,
                               .lua_interval = ALLOC_INTERVAL,
                               .c_interval = ALLOC_INTERVAL,
                               .lua_paced = 1,
                               .c_paced = 1,
                               .sites_max = ALLOC_SITES};
    for (const char *at = value; at != NULL;) {
        const char *comma = strchr(at, ',');
        read_alloc_word(a, at, comma != NULL ? comma : at + strlen(at));
        at = comma != NULL ? comma + 1 : NULL;
    }
}

void config_read(void)
{
    const char *verbose = getenv("MODPROF_VERBOSE"), *tmp_dir = getenv("TMPDIR");
    const char *token = getenv("MODPROF_TOKEN");
    config.off = equals(getenv("MODPROF"), "off");
    config.layout_api = equals(getenv("MODPROF_LAYOUT"), "api");
    config.verbose = verbose && *verbose && !equals(verbose, "0");
    config.start_ns = number(getenv("MODPROF_START_NS"));
    config.token = keep(TOKEN_MAX, token ? token : "", "");
    config.tmp_dir = keep(TEXT_MAX, tmp_dir && tmp_dir[0] == '/' ? tmp_dir : "/tmp", "");
    read_cpu(getenv("MODPROF_CPU"), getenv("MODPROF_WALL"), getenv("MODPROF_CPU_SIGNAL"));
    config.marks = equals(getenv("MODPROF_MARKS"), "1");
    read_mark_signal(getenv("MODPROF_MARK_SIGNAL"));
    config_read_alloc(getenv("MODPROF_ALLOC"), &config.alloc);
    read_cwd();
    read_out(getenv("MODPROF_OUT"));
}
