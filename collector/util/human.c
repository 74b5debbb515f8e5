/* human: see human.h. */
#include "collector/util/human.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Three significant digits: 1.23, 12.3, 123. */
static int decimals(double v)
{
    v = fabs(v);
    return v < 9.995 ? 2 : v < 99.95 ? 1 : 0;
}

char *human_ns(char *out, double ns)
{
    static const char *const unit[] = {"us", "ms", "s"};
    double v = ns;
    if (fabs(ns) < 999.5) {
        snprintf(out, HUMAN_MAX, "%.0f ns", ns);
        return out;
    }
    for (int i = 0; i < 3; i++) {
        v /= 1000;
        if (fabs(v) >= 999.5 && i < 2)
            continue;
        if (i == 2 && v >= 119.5)
            snprintf(out, HUMAN_MAX, "%.0fm %02.0fs", floor(round(v) / 60), fmod(round(v), 60));
        else
            snprintf(out, HUMAN_MAX, "%.*f %s", decimals(v), v, unit[i]);
        break;
    }
    return out;
}

char *human_bytes(char *out, double bytes)
{
    static const char *const unit[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double v = bytes;
    if (fabs(v) < 1023.5) {
        snprintf(out, HUMAN_MAX, "%.0f B", v);
        return out;
    }
    int i = -1;
    do {
        v /= 1024;
        i++;
    } while (fabs(v) >= 1023.5 && i < 5);
    snprintf(out, HUMAN_MAX, "%.*f %s", decimals(v), v, unit[i]);
    return out;
}

char *human_count(char *out, uint64_t n)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    char *at = out;
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            *at++ = ',';
        *at++ = digits[i];
    }
    *at = 0;
    return out;
}

char *human_nouns(char *out, uint64_t n, const char *one, const char *many)
{
    char count[HUMAN_MAX];
    snprintf(out, HUMAN_NOUN_MAX, "%s %s", human_count(count, n), n == 1 ? one : many);
    return out;
}

char *human_share(char *out, double part, double whole)
{
    if (whole > 0)
        snprintf(out, HUMAN_MAX, "%.1f%%", 100 * part / whole);
    else
        out[0] = 0;
    return out;
}

char *human_date(char *out, uint64_t real_ns)
{
    time_t t = (time_t)(real_ns / UINT64_C(1000000000));
    struct tm tm;
    if (!localtime_r(&t, &tm) || !strftime(out, HUMAN_MAX, "%Y-%m-%d %H:%M:%S", &tm))
        strcpy(out, "?");
    return out;
}
