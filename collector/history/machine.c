/* machine: see machine.h. */
#include "collector/history/machine.h"

#include <gnu/libc-version.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { MODEL_MAX = 120 };

static void model_find(char *out)
{
    char line[512];
    FILE *in = fopen("/proc/cpuinfo", "re");
    strcpy(out, "unknown processor");
    while (in && fgets(line, sizeof line, in)) {
        char *value = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !value)
            continue;
        value += 1 + strspn(value + 1, " ");
        value[strcspn(value, "\n")] = 0;
        snprintf(out, MODEL_MAX, "%.*s", MODEL_MAX - 1, value);
        break;
    }
    if (in)
        fclose(in);
}

static int cores(void)
{
    cpu_set_t set;
    if (!sched_getaffinity(0, sizeof set, &set))
        return CPU_COUNT(&set);
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

char *machine_describe(char *out)
{
    char model[MODEL_MAX];
    struct utsname kernel;
    unsigned major = 0, minor = 0;
    model_find(model);
    uname(&kernel);
    sscanf(kernel.release, "%u.%u", &major, &minor);
    int n = cores();
    snprintf(out, MACHINE_MAX, "%s, %d core%s, %.20s %u.%u, glibc %.20s", model, n,
             n == 1 ? "" : "s", kernel.sysname, major, minor, gnu_get_libc_version());
    return out;
}
