/* page_verdicts: see page_verdicts.h. */
#include "collector/output/page_verdicts.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "collector/output/check_output.h"
#include "collector/util/xalloc.h"

struct page_verdicts {
    json_t *json;
};

static const char *why_not(const json_t *v)
{
    const char *schema = json_string_value(json_object_get(v, "schema"));
    if (!schema || strcmp(schema, "modprof-check") != 0)
        return "it is not what `modprof check --format json` writes";
    if (json_integer_value(json_object_get(v, "version")) != JSON_CHECK_VERSION)
        return "it is of another version of modprof; run `modprof check` anew";
    if (!json_is_string(json_object_get(v, "verdict")) ||
        !json_is_array(json_object_get(v, "rules")))
        return "it is damaged";
    return NULL;
}

struct page_verdicts *page_verdicts_read(const char *path, struct err *err)
{
    json_error_t wrong;
    json_t *json = json_load_file(path, 0, &wrong);
    const char *why = json ? why_not(json) : wrong.text;
    if (why) {
        err_set(err, "the verdicts in %s can not be read: %s", path, why);
        json_decref(json);
        return NULL;
    }
    struct page_verdicts *v = xcalloc(1, sizeof *v);
    v->json = json;
    return v;
}

void page_verdicts_write(const struct page_verdicts *v, FILE *out)
{
    json_dumpf(v->json, out, JSON_COMPACT | JSON_REAL_PRECISION(15));
}

void page_verdicts_free(struct page_verdicts *v)
{
    if (!v)
        return;
    json_decref(v->json);
    free(v);
}
