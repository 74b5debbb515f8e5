/* page_write: see page_write.h. */
#include "collector/output/page_write.h"

#include <inttypes.h>
#include <string.h>

#include "collector/output/flame_export.h"

void page_key(FILE *out, const char *name)
{
    fprintf(out, ",\"%s\":", name);
}

void page_text(FILE *out, const char *text)
{
    flame_json_text(out, text);
}

void page_put_text(FILE *out, const char *name, const char *text)
{
    page_key(out, name);
    page_text(out, text);
}

void page_put_u64(FILE *out, const char *name, uint64_t v)
{
    fprintf(out, ",\"%s\":%" PRIu64, name, v);
}

void page_put_bool(FILE *out, const char *name, int v)
{
    fprintf(out, ",\"%s\":%s", name, v ? "true" : "false");
}

void page_column_begin(struct page_column *c, FILE *out, const char *name, int first)
{
    size_t n = strlen(name);
    *c = (struct page_column){.out = out, .is_delta = n > 2 && !strcmp(name + n - 2, "_d")};
    fprintf(out, "%s\"%s\":[", first ? "" : ",", name);
}

/* Millions of them: printf would take most of the time. */
void page_column_put(struct page_column *c, int64_t v)
{
    char digits[24], *at = digits + sizeof digits;
    int64_t shown = c->is_delta ? v - c->last : v;
    uint64_t left = shown < 0 ? 0 - (uint64_t)shown : (uint64_t)shown;
    do
        *--at = (char)('0' + left % 10);
    while (left /= 10);
    if (shown < 0)
        *--at = '-';
    if (c->n)
        *--at = ',';
    c->n = 1;
    c->last = v;
    fwrite_unlocked(at, 1, (size_t)(digits + sizeof digits - at), c->out);
}

void page_column_end(struct page_column *c)
{
    fputc(']', c->out);
}
