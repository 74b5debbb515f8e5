/* table: rows of cells drawn in aligned columns, or as a tree, through libsmartcols.
 *
 * The table fits itself to the width it is given by cutting the columns that may be cut; it is
 * never cut by anybody else.  Cells must be fit for people already (util/escape.h). */
#ifndef COLLECTOR_OUTPUT_TABLE_H
#define COLLECTOR_OUTPUT_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum column_flags {
    COLUMN_RIGHT = 1,     /* numbers */
    COLUMN_CUT_END = 2,   /* may be cut: the end goes */
    COLUMN_CUT_START = 4, /* may be cut: the start goes (paths), but of [string "..."] the end */
    COLUMN_TREE = 8
};
enum { TABLE_COLUMNS_MAX = 20, TABLE_NO_PARENT = UINT32_MAX, TABLE_DEPTH_MAX = 24 };

struct table;

/* Where tables go, and how. */
struct canvas {
    FILE *out;
    unsigned width; /* columns to choose a layout for; never 0 */
    int cut;        /* 1: nothing may be wider; 0: width is a wish */
    int color;
};

struct table *table_new(void);
void table_free(struct table *t);
/* Columns come first; returns the column's number. TITLE must outlive the table. */
unsigned table_column(struct table *t, const char *title, unsigned flags);
/* A new row under PARENT (a row number, or TABLE_NO_PARENT); returns its number. */
uint32_t table_row(struct table *t, uint32_t parent);
/* Sets a cell of the newest row; the text is copied. */
void table_cell(struct table *t, unsigned column, const char *text);
void table_cellf(struct table *t, unsigned column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Colours the newest row ("red", "yellow", ...), where colours are used. */
void table_row_color(struct table *t, const char *color);
size_t table_rows(const struct table *t);

/* Draws it; nothing where it has no rows.  Columns without any text are left out. */
void table_print(struct table *t, const struct canvas *c);

#endif
