/* json_value: see json_value.h. */
#include "collector/output/json_value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/util/escape.h"
#include "collector/util/xalloc.h"

json_t *json_bytes(const void *at, size_t n)
{
    size_t clean_n;
    char *clean = escape_utf8_only(at, n, &clean_n);
    json_t *v = json_stringn_nocheck(clean, clean_n);
    free(clean);
    return xgiven(v);
}

json_t *json_sid(const struct process *p, uint64_t sid)
{
    struct text t = process_text(p, sid);
    return json_bytes(t.at, t.n);
}

json_t *json_sid_or_null(const struct process *p, uint64_t sid)
{
    return sid ? json_sid(p, sid) : json_null();
}

void json_put(json_t *object, const char *key, json_t *value)
{
    json_object_set_new_nocheck(object, key, xgiven(value));
}

void json_put_u64(json_t *object, const char *key, uint64_t v)
{
    json_put(object, key, json_integer(v > INT64_MAX ? INT64_MAX : (json_int_t)v));
}

void json_put_s64(json_t *object, const char *key, int64_t v)
{
    json_put(object, key, json_integer(v));
}

void json_put_real(json_t *object, const char *key, double v)
{
    json_put(object, key, isfinite(v) ? json_real(v) : json_null());
}

void json_put_bool(json_t *object, const char *key, int v)
{
    json_put(object, key, json_boolean(v));
}

void json_put_text(json_t *object, const char *key, const char *text)
{
    json_put(object, key, json_bytes(text, strlen(text)));
}
