/* page_functions: see page_functions.h. */
#include "collector/output/page_functions.h"

#include <stdlib.h>
#include <string.h>

#include "collector/output/page_write.h"
#include "collector/util/xalloc.h"

void page_functions_init(struct page_functions *f, struct page_texts *texts)
{
    f->texts = texts;
    rowset_init(&f->functions, sizeof(struct page_function));
    rowset_init(&f->frames, sizeof(struct page_frame));
}

void page_functions_release(struct page_functions *f)
{
    rowset_release(&f->functions);
    rowset_release(&f->frames);
}

static uint32_t row_number(const struct rowset *s, const void *row)
{
    return (uint32_t)((size_t)((const char *)row - s->rows) / s->row_bytes);
}

static uint32_t function_of(struct page_functions *f, const struct frame *of, unsigned tree)
{
    uint32_t label = page_texts_number(f->texts, of->function ? of->function : of->label);
    uint64_t key = (uint64_t)label << 16 | (uint64_t)of->kind << 8 | tree;
    struct page_function *row = rowset_find(&f->functions, key);
    if (!row) {
        row = rowset_put(&f->functions, key);
        *row = (struct page_function){of->kind, label, page_texts_number(f->texts, of->module),
                                      page_texts_number(f->texts, of->file), of->defined};
    }
    return row_number(&f->functions, row);
}

static uint32_t frame_of(struct page_functions *f, const struct frame *of, unsigned tree)
{
    uint32_t function = function_of(f, of, tree);
    uint64_t line = of->function ? of->line : 0;
    struct page_frame *row = rowset_put(&f->frames, (uint64_t)function << 32 | (uint32_t)line);
    *row = (struct page_frame){function, line};
    return row_number(&f->frames, row);
}

uint32_t *page_functions_add(struct page_functions *f, const struct stack_tree *t, unsigned tree)
{
    uint32_t *number = xcalloc(t->frame_n + 1, sizeof *number);
    for (size_t i = 0; i < t->frame_n; i++)
        number[i] = frame_of(f, &t->frame[i], tree);
    return number;
}

uint32_t *page_functions_of(struct page_functions *f, const struct stack_tree *t, unsigned tree)
{
    uint32_t *number = xcalloc(t->frame_n + 1, sizeof *number);
    for (size_t i = 0; i < t->frame_n; i++)
        number[i] = function_of(f, &t->frame[i], tree);
    return number;
}

static void column(const struct rowset *s, FILE *out, const char *name,
                   int64_t (*value)(const void *row), int first)
{
    struct page_column c;
    page_column_begin(&c, out, name, first);
    for (size_t i = 0; i < s->n; i++)
        page_column_put(&c, value(rowset_at(s, i)));
    page_column_end(&c);
}

#define VALUE(name, type, member) \
    static int64_t name(const void *row) \
    { \
        return (int64_t)((const type *)row)->member; \
    }
VALUE(function_kind, struct page_function, kind)
VALUE(function_label, struct page_function, label)
VALUE(function_module, struct page_function, module)
VALUE(function_file, struct page_function, file)
VALUE(function_line, struct page_function, line)
VALUE(frame_function, struct page_frame, function)
VALUE(frame_line, struct page_frame, line)

void page_functions_write(const struct page_functions *f, FILE *out)
{
    page_key(out, "functions");
    fputc('{', out);
    column(&f->functions, out, "kind", function_kind, 1);
    column(&f->functions, out, "label", function_label, 0);
    column(&f->functions, out, "module", function_module, 0);
    column(&f->functions, out, "file", function_file, 0);
    column(&f->functions, out, "line", function_line, 0);
    fputc('}', out);
    page_key(out, "frames");
    fputc('{', out);
    column(&f->frames, out, "function", frame_function, 1);
    column(&f->frames, out, "line", frame_line, 0);
    fputc('}', out);
}
