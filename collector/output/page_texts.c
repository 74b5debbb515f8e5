/* page_texts: see page_texts.h. */
#include "collector/output/page_texts.h"

#include <stdlib.h>
#include <string.h>

#include "collector/output/page_write.h"
#include "collector/util/xalloc.h"

void page_texts_init(struct page_texts *t)
{
    memset(t, 0, sizeof *t);
    rowset_init(&t->numbers, sizeof(uint32_t));
    page_texts_number(t, "");
}

void page_texts_release(struct page_texts *t)
{
    rowset_release(&t->numbers);
    free(t->at);
    memset(t, 0, sizeof *t);
}

uint32_t page_texts_number(struct page_texts *t, const char *text)
{
    uint64_t key = UINT64_C(0xcbf29ce484222325);
    uint32_t *number;
    for (const char *z = text; *z; z++)
        key = (key ^ (unsigned char)*z) * UINT64_C(0x100000001b3);
    while (*(number = rowset_put(&t->numbers, key)) && strcmp(t->at[*number - 1], text) != 0)
        key++;
    if (*number)
        return *number - 1;
    t->at = xgrow(t->at, t->n, &t->cap, sizeof *t->at);
    t->at[t->n] = text;
    *number = (uint32_t)++t->n;
    return *number - 1;
}

void page_texts_write(const struct page_texts *t, FILE *out)
{
    fputc('[', out);
    for (size_t i = 0; i < t->n; i++) {
        if (i)
            fputs(",\n", out);
        page_text(out, t->at[i]);
    }
    fputc(']', out);
}
