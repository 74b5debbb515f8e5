/* symbol: keeps the files that were asked for.  See symbol.h; elf_symbols.c reads one. */
#include "collector/symbol/symbol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/symbol/elf_symbols.h"
#include "collector/util/xalloc.h"

struct file {
    char *path;
    enum symbol_file state;
    struct elf_symbols *own, *debug; /* debug: separate file with the full table, or NULL */
};

struct symbols {
    struct file *file;
    size_t n, cap;
};

struct symbols *symbols_new(void)
{
    return xcalloc(1, sizeof(struct symbols));
}

void symbols_free(struct symbols *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++) {
        free(s->file[i].path);
        elf_symbols_close(s->file[i].own);
        elf_symbols_close(s->file[i].debug);
    }
    free(s->file);
    free(s);
}

static int same_build(const struct elf_symbols *e, const uint8_t *id, size_t n)
{
    size_t own_n;
    const uint8_t *own = elf_symbols_build_id(e, &own_n);
    return !n || (own_n == n && memcmp(own, id, n) == 0);
}

/* Where distributions install the tables they strip: .../.build-id/ab/cdef....debug */
static struct elf_symbols *debug_open(const struct elf_symbols *own)
{
    size_t n;
    const uint8_t *id = elf_symbols_build_id(own, &n);
    char path[200] = "/usr/lib/debug/.build-id/";
    size_t at = strlen(path);
    if (n < 2 || n > 64)
        return NULL;
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(path + at, sizeof path - at, i ? "%02x" : "%02x/", id[i]);
    snprintf(path + at, sizeof path - at, ".debug");
    struct elf_symbols *e = elf_symbols_open(path);
    if (e && same_build(e, id, n))
        return e;
    elf_symbols_close(e);
    return NULL;
}

static void file_read(struct file *f, const struct symbol_query *q)
{
    f->own = elf_symbols_open(q->path);
    if (!f->own) {
        f->state = SYMBOL_FILE_MISSING;
    } else if (!same_build(f->own, q->build_id, q->build_id_n)) {
        f->state = SYMBOL_FILE_CHANGED;
    } else if (!elf_symbols_full(f->own)) {
        f->debug = debug_open(f->own);
    }
}

static struct file *file_of(struct symbols *s, const struct symbol_query *q)
{
    for (size_t i = 0; i < s->n; i++)
        if (!strcmp(s->file[i].path, q->path))
            return &s->file[i];
    s->file = xgrow(s->file, s->n, &s->cap, sizeof *s->file);
    struct file *f = &s->file[s->n++];
    memset(f, 0, sizeof *f);
    f->path = xstrdup(q->path);
    file_read(f, q);
    return f;
}

const char *symbol_name_from(struct symbols *s, const struct symbol_query *q, uint64_t *from,
                             enum symbol_file *file)
{
    struct file *f = file_of(s, q);
    const char *name = NULL;
    if (file)
        *file = f->state;
    if (f->state != SYMBOL_FILE_READ)
        return NULL;
    if (f->debug)
        name = elf_symbols_find_from(f->debug, q->address, from);
    return name ? name : elf_symbols_find_from(f->own, q->address, from);
}

const char *symbol_name(struct symbols *s, const struct symbol_query *q, enum symbol_file *file)
{
    uint64_t from;
    return symbol_name_from(s, q, &from, file);
}
