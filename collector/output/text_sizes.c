/* text_sizes: how large modules are, as source and as bytecode, and what precompiling would save. */
#include <stdlib.h>

#include "collector/output/text_page.h"
#include "collector/output/text_report.h"
#include "collector/util/human.h"
#include "collector/util/pattern.h"
#include "collector/util/xalloc.h"

struct size_columns {
    unsigned name, source, source_gzip, bytecode, bytecode_gzip, stripped, part[PART_N];
    unsigned compile, saving, remark;
    int wide;
};

enum { WIDE_FROM = 130 };

static void columns(struct size_columns *k, struct table *t)
{
    k->name = table_column(t, "module", COLUMN_CUT_END);
    k->source = table_column(t, "source", COLUMN_RIGHT);
    k->source_gzip = table_column(t, "gzip", COLUMN_RIGHT);
    k->bytecode = table_column(t, k->wide ? "bytecode" : "bytecd", COLUMN_RIGHT);
    k->bytecode_gzip = table_column(t, "gzip", COLUMN_RIGHT);
    k->stripped = table_column(t, "stripd", COLUMN_RIGHT);
    for (unsigned i = 0; k->wide && i < PART_N; i++)
        k->part[i] = table_column(t, chunk_part_name(i), COLUMN_RIGHT);
    k->compile = table_column(t, "compile", COLUMN_RIGHT);
    k->saving = table_column(t, "saving", COLUMN_RIGHT);
    k->remark = table_column(t, "", COLUMN_CUT_END);
}

static void row(const struct size_columns *k, struct table *t, const struct module_size *m)
{
    table_row(t, TABLE_NO_PARENT);
    table_cell(t, k->name, m->node->name);
    cell_kib(t, k->source, (int64_t)m->source_bytes);
    cell_ms(t, k->compile, (uint64_t)m->compile_ns);
    if (m->unknown) {
        table_cellf(t, k->remark, "not known: %s", m->unknown);
        return;
    }
    cell_kib(t, k->source_gzip, (int64_t)m->source_gzip);
    cell_kib(t, k->bytecode, (int64_t)m->bytecode_bytes);
    cell_kib(t, k->bytecode_gzip, (int64_t)m->bytecode_gzip);
    cell_kib(t, k->stripped, (int64_t)m->stripped_bytes);
    for (unsigned i = 0; k->wide && i < PART_N; i++)
        if (m->bytecode_bytes)
            table_cellf(t, k->part[i], "%.0f%%",
                        100.0 * (double)m->chunk.part_bytes[i] / (double)m->bytecode_bytes);
    cell_ms(t, k->saving, (uint64_t)m->saving_ns);
    if (m->invalid)
        table_row_color(t, "red");
    if (m->precompiled)
        table_cellf(t, k->remark, "precompiled, %s%s", m->invalid ? "REFUSED: " : "valid",
                    m->invalid ? m->invalid : "");
}

static void sum_say(const struct module_sizes *all, const struct canvas *c)
{
    char source[HUMAN_MAX], bytecode[HUMAN_MAX], compile[HUMAN_MAX], saving[HUMAN_MAX];
    double source_n = 0, bytecode_n = 0, compile_ns = 0, saving_ns = 0;
    size_t known = 0;
    for (size_t i = 0; i < all->n; i++) {
        const struct module_size *m = &all->at[i];
        if (m->unknown || m->precompiled)
            continue;
        known++;
        source_n += (double)m->source_bytes;
        bytecode_n += (double)m->bytecode_bytes;
        compile_ns += m->compile_ns;
        saving_ns += m->saving_ns;
    }
    if (!known)
        return;
    char *text = xformat("%zu modules: %s of source, %s as bytecode; of %s of compiling, "
                         "precompiled files would save about %s",
                         known, human_bytes(source, source_n), human_bytes(bytecode, bytecode_n),
                         human_ns(compile, compile_ns), human_ns(saving, saving_ns));
    page_note(c, TONE_PLAIN, text);
    free(text);
}

void text_sizes(struct digest *d, const struct report_options *o, const struct canvas *c)
{
    const struct module_sizes *all = digest_sizes(d);
    struct size_columns k = {.wide = c->width >= WIDE_FROM};
    struct table *t = table_new();
    size_t left_out = 0;
    columns(&k, t);
    for (size_t i = 0; i < all->n; i++) {
        if (!pattern_match(o->filter, all->at[i].node->name))
            continue;
        if (table_rows(t) < o->top)
            row(&k, t, &all->at[i]);
        else
            left_out++;
    }
    page_heading(c, "sizes of modules", "KiB; times in ms; gzip level 6");
    if (!table_rows(t))
        page_note(c, TONE_PLAIN, "no module was read and compiled");
    table_print(t, c);
    table_free(t);
    page_more(c, left_out, "modules");
    sum_say(all, c);
}
