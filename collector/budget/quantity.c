/* quantity: see quantity.h. */
#include "collector/budget/quantity.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/util/nearest.h"

struct unit {
    const char *name;
    enum quantity of;
    double factor;
};

static const struct unit units[] = {
    {"ns", QUANTITY_TIME, 1},
    {"us", QUANTITY_TIME, 1e3},
    {"ms", QUANTITY_TIME, 1e6},
    {"s", QUANTITY_TIME, 1e9},
    {"min", QUANTITY_TIME, 60e9},
    {"B", QUANTITY_BYTES, 1},
    {"kB", QUANTITY_BYTES, 1e3},
    {"KB", QUANTITY_BYTES, 1e3},
    {"MB", QUANTITY_BYTES, 1e6},
    {"GB", QUANTITY_BYTES, 1e9},
    {"KiB", QUANTITY_BYTES, 1024.0},
    {"MiB", QUANTITY_BYTES, 1024.0 * 1024},
    {"GiB", QUANTITY_BYTES, 1024.0 * 1024 * 1024},
    {"", QUANTITY_COUNT, 1},
    {"k", QUANTITY_COUNT, 1e3},
    {"K", QUANTITY_COUNT, 1e3},
    {"M", QUANTITY_COUNT, 1e6},
    {"G", QUANTITY_COUNT, 1e9},
    {"%", QUANTITY_SHARE, 1},
};
enum { UNIT_N = sizeof units / sizeof *units };

const char *quantity_name(enum quantity q)
{
    static const char *const name[] = {"a time", "a size", "a count", "a share"};
    return name[q];
}

const char *quantity_units(enum quantity q)
{
    static const char *const text[] = {"ns, us, ms, s, min", "B, KB, MB, GB, KiB, MiB, GiB",
                                       "none, k, M, G", "%"};
    return text[q];
}

const char *quantity_unit(enum quantity q)
{
    static const char *const text[] = {"ns", "bytes", "count", "percent"};
    return text[q];
}

static int unit_unknown(const char *text, const char *unit, struct err *err)
{
    const char *names[UNIT_N];
    size_t n = 0;
    for (size_t i = 0; i < UNIT_N; i++)
        if (*units[i].name)
            names[n++] = units[i].name;
    const char *nearest = nearest_word(unit, names, n);
    for (size_t i = 0; i < n; i++)
        if (!strcasecmp(unit, names[i]))
            nearest = names[i];
    if (nearest)
        return err_set(err, "`%s` is not a unit in \"%s\"; did you mean `%s`?", unit, text,
                       nearest);
    return err_set(err, "`%s` is not a unit in \"%s\"", unit, text);
}

int quantity_read(enum quantity q, const char *text, double *value, struct err *err)
{
    size_t digits = strspn(text, "0123456789.");
    char *end;
    *value = strtod(text, &end); /* stops short of DIGITS where these hold two dots */
    if (!digits || end < text + digits || *text == '.')
        return err_set(err, "\"%s\" does not begin with a number", text);
    const char *unit = text + digits; /* strtod would take 1e3 and 0x10 further */
    char *number = strndup(text, digits);
    *value = number ? strtod(number, NULL) : NAN;
    free(number);
    unit += strspn(unit, " ");
    if (!*unit && q != QUANTITY_COUNT && *value != 0)
        return err_set(err, "\"%s\" has no unit: it is %s (%s)", text, quantity_name(q),
                       quantity_units(q));
    if (!*unit)
        return 0;
    for (size_t i = 0; i < UNIT_N; i++) {
        if (strcmp(unit, units[i].name))
            continue;
        if (units[i].of != q)
            return err_set(err, "\"%s\" is %s, where %s is needed (%s)", text,
                           quantity_name(units[i].of), quantity_name(q), quantity_units(q));
        *value *= units[i].factor;
        return isfinite(*value) ? 0 : err_set(err, "\"%s\" is too large", text);
    }
    return unit_unknown(text, unit, err);
}

char *quantity_show(char *out, enum quantity q, double value)
{
    if (q == QUANTITY_TIME)
        return human_ns(out, value);
    if (q == QUANTITY_BYTES)
        return human_bytes(out, value);
    if (q == QUANTITY_SHARE)
        snprintf(out, HUMAN_MAX, "%.3g%%", value);
    else if (value < 0 || value >= 1e18 || value != floor(value))
        snprintf(out, HUMAN_MAX, "%.6g", value);
    else
        human_count(out, (uint64_t)value);
    return out;
}
