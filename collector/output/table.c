/* table: see table.h. */
#include "collector/output/table.h"

#include <libsmartcols/libsmartcols.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "collector/output/cells.h"
#include "collector/util/xalloc.h"

enum { CUT_MIN = 12, TREE_STEP = 2, GAP = 2 };

struct column {
    const char *title;
    unsigned flags;
    size_t width; /* widest cell, tree lines included */
    size_t limit; /* what cells are cut to; SIZE_MAX: not */
    int used;
};

struct row {
    char *cell[TABLE_COLUMNS_MAX];
    const char *color;
    uint32_t parent, depth;
    struct libscols_line *line;
};

struct table {
    struct column column[TABLE_COLUMNS_MAX];
    unsigned column_n;
    struct row *row;
    size_t row_n, row_cap;
};

struct table *table_new(void)
{
    return xcalloc(1, sizeof(struct table));
}

void table_free(struct table *t)
{
    for (size_t i = 0; i < t->row_n; i++)
        for (unsigned c = 0; c < t->column_n; c++)
            free(t->row[i].cell[c]);
    free(t->row);
    free(t);
}

unsigned table_column(struct table *t, const char *title, unsigned flags)
{
    t->column[t->column_n] = (struct column){title, flags, cells_width(title), SIZE_MAX, 0};
    return t->column_n++;
}

/* Deeper rows are drawn at the deepest level, so that names are not pushed off the page. */
static uint32_t shown_parent(const struct table *t, uint32_t parent)
{
    return parent != TABLE_NO_PARENT && t->row[parent].depth == TABLE_DEPTH_MAX
               ? t->row[parent].parent
               : parent;
}

uint32_t table_row(struct table *t, uint32_t parent)
{
    t->row = xgrow(t->row, t->row_n, &t->row_cap, sizeof *t->row);
    struct row *r = &t->row[t->row_n];
    memset(r, 0, sizeof *r);
    r->parent = shown_parent(t, parent);
    r->depth = r->parent == TABLE_NO_PARENT ? 0 : t->row[r->parent].depth + 1;
    return (uint32_t)t->row_n++;
}

static size_t tree_width(const struct table *t, const struct row *r, unsigned column)
{
    return t->column[column].flags & COLUMN_TREE ? r->depth * TREE_STEP : 0;
}

void table_cell(struct table *t, unsigned column, const char *text)
{
    struct row *r = &t->row[t->row_n - 1];
    size_t width = cells_width(text) + tree_width(t, r, column);
    free(r->cell[column]);
    r->cell[column] = xstrdup(text);
    t->column[column].used |= *text != 0;
    if (width > t->column[column].width)
        t->column[column].width = width;
}

void table_cellf(struct table *t, unsigned column, const char *format, ...)
{
    char *text = NULL;
    va_list ap;
    va_start(ap, format);
    int n = vasprintf(&text, format, ap);
    va_end(ap);
    table_cell(t, column, n < 0 ? "?" : text);
    if (n >= 0)
        free(text);
}

void table_row_color(struct table *t, const char *color)
{
    t->row[t->row_n - 1].color = color;
}

size_t table_rows(const struct table *t)
{
    return t->row_n;
}

static size_t width_of(const struct column *c)
{
    return c->width < c->limit ? c->width : c->limit;
}

static size_t whole_width(const struct table *t)
{
    size_t width = 0;
    for (unsigned i = 0; i < t->column_n; i++)
        if (t->column[i].used)
            width += width_of(&t->column[i]) + GAP;
    return width ? width - GAP : 0;
}

/* The widest column that may still be cut, or NULL. */
static struct column *widest(struct table *t)
{
    struct column *best = NULL;
    for (unsigned i = 0; i < t->column_n; i++) {
        struct column *c = &t->column[i];
        if (c->used && c->flags & (COLUMN_CUT_END | COLUMN_CUT_START) && width_of(c) > CUT_MIN &&
            (!best || width_of(c) > width_of(best)))
            best = c;
    }
    return best;
}

static void fit(struct table *t, size_t width)
{
    struct column *c;
    while (whole_width(t) > width && (c = widest(t)))
        c->limit = width_of(c) - 1;
}

/* A remark, such as [no Lua code]; not a place in a text without a file, such as [string "app"]:12. */
static int is_remark(const char *text)
{
    return *text == '[' && text[strlen(text) - 1] == ']';
}

static char *cell_text(const struct table *t, const struct row *r, unsigned i)
{
    const struct column *c = &t->column[i];
    const char *text = r->cell[i] ? r->cell[i] : "";
    size_t tree = tree_width(t, r, i);
    if (c->limit == SIZE_MAX)
        return xstrdup(text);
    return cells_cut(text, c->limit > tree + CUT_MIN / 2 ? c->limit - tree : CUT_MIN / 2,
                     c->flags & COLUMN_CUT_START && !is_remark(text));
}

static struct libscols_table *draw_head(const struct table *t, const struct canvas *c)
{
    struct libscols_table *tb = xgiven(scols_new_table());
    scols_table_enable_colors(tb, c->color);
    scols_table_set_termforce(tb, SCOLS_TERMFORCE_ALWAYS);
    scols_table_set_termwidth(tb, 1 << 20); /* the table fits itself */
    scols_table_enable_noencoding(tb, 1);   /* cells are escaped already */
    scols_table_set_column_separator(tb, "  ");
    for (unsigned i = 0; i < t->column_n; i++) {
        const struct column *col = &t->column[i];
        if (!col->used)
            continue;
        struct libscols_column *cl =
            scols_table_new_column(tb, col->title, 0,
                                   (col->flags & COLUMN_RIGHT ? SCOLS_FL_RIGHT : 0) |
                                       (col->flags & COLUMN_TREE ? SCOLS_FL_TREE : 0));
        scols_cell_set_color(scols_column_get_header(cl), "bold");
    }
    return tb;
}

static void draw_row(struct table *t, struct row *r, struct libscols_table *tb)
{
    struct libscols_line *parent = r->parent == TABLE_NO_PARENT ? NULL : t->row[r->parent].line;
    unsigned shown = 0;
    r->line = scols_table_new_line(tb, parent);
    if (r->color)
        scols_line_set_color(r->line, r->color);
    for (unsigned i = 0; i < t->column_n; i++) {
        if (!t->column[i].used)
            continue;
        scols_line_refer_data(r->line, shown++, cell_text(t, r, i));
    }
}

/* libsmartcols pads the last column: blanks at the end of a line are nobody's. */
static void draw_out(struct libscols_table *tb, const struct canvas *c)
{
    char *text = NULL;
    if (scols_print_table_to_string(tb, &text))
        return;
    for (char *line = text, *end; *line; line = *end ? end + 1 : end) {
        end = strchrnul(line, '\n');
        size_t n = (size_t)(end - line);
        while (n && line[n - 1] == ' ')
            n--;
        fprintf(c->out, "%.*s\n", (int)n, line);
    }
    free(text);
}

void table_print(struct table *t, const struct canvas *c)
{
    if (!t->row_n)
        return;
    if (c->cut)
        fit(t, c->width);
    struct libscols_table *tb = draw_head(t, c);
    for (size_t i = 0; i < t->row_n; i++)
        draw_row(t, &t->row[i], tb);
    draw_out(tb, c);
    scols_unref_table(tb);
}
