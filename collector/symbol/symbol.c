/* symbol: keeps the files that were asked for.  See symbol.h; elf_symbols.c reads one. */
#include "collector/symbol/symbol.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "collector/symbol/debug_file.h"
#include "collector/symbol/elf_symbols.h"
#include "collector/util/file_time.h"
#include "collector/util/xalloc.h"

struct file {
    char *path;
    uint8_t *build_id;
    size_t build_id_n;
    uint64_t since_real_ns;
    enum symbol_file state;
    struct elf_symbols *own, *debug; /* own: only where it is the right one; debug: NULL none */
    struct inline_chain *lines;
    int lines_looked;
};

struct symbols {
    struct file *file;
    size_t n, cap;
    struct debug_search search;
};

struct symbols *symbols_new(void)
{
    struct symbols *s = xcalloc(1, sizeof *s);
    const char *dirs = getenv("MODPROF_DEBUG_DIR");
    char *copy = xstrdup(dirs ? dirs : ""), *save;
    for (char *dir = strtok_r(copy, ":", &save); dir; dir = strtok_r(NULL, ":", &save))
        symbols_debug_dir(s, dir);
    free(copy);
    return s;
}

void symbols_debug_dir(struct symbols *s, const char *dir)
{
    struct debug_search *d = &s->search;
    d->dir = xgrow(d->dir, d->dir_n, &d->dir_cap, sizeof *d->dir);
    d->dir[d->dir_n++] = xstrdup(dir);
}

void symbols_debuginfod(struct symbols *s)
{
    s->search.debuginfod = 1;
}

static void file_release(struct file *f)
{
    inline_chain_close(f->lines);
    elf_symbols_close(f->own);
    elf_symbols_close(f->debug);
    free(f->path);
    free(f->build_id);
}

void symbols_free(struct symbols *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++)
        file_release(&s->file[i]);
    for (size_t i = 0; i < s->search.dir_n; i++)
        free(s->search.dir[i]);
    free(s->search.dir);
    free(s->file);
    free(s);
}

static int is_newer(const char *path, uint64_t since_real_ns)
{
    struct stat st;
    return since_real_ns && stat(path, &st) == 0 && file_changed_real_ns(&st) > since_real_ns;
}

static int is_same(const struct file *f)
{
    size_t n;
    const uint8_t *own = elf_symbols_build_id(f->own, &n);
    if (!f->build_id_n)
        return !is_newer(f->path, f->since_real_ns);
    return n == f->build_id_n && !memcmp(own, f->build_id, n);
}

static void file_read(struct file *f, const struct debug_search *search)
{
    f->own = elf_symbols_open(f->path);
    f->state = !f->own ? SYMBOL_FILE_MISSING : !is_same(f) ? SYMBOL_FILE_CHANGED : SYMBOL_FILE_READ;
    if (f->state != SYMBOL_FILE_READ) {
        elf_symbols_close(f->own);
        f->own = NULL;
    }
    struct debug_wanted w = {f->path, f->build_id, f->build_id_n, f->own};
    if (f->own && !w.build_id_n)
        w.build_id = elf_symbols_build_id(f->own, &w.build_id_n);
    if (!f->own || !elf_symbols_full(f->own) || !elf_symbols_has_lines(f->own))
        f->debug = debug_file_find(search, &w);
    if (f->debug)
        f->state = SYMBOL_FILE_READ;
}

static int is_file(const struct file *f, const struct symbol_query *q)
{
    return f->build_id_n == q->build_id_n && !strcmp(f->path, q->path) &&
           (f->build_id_n ? !memcmp(f->build_id, q->build_id, f->build_id_n)
                          : f->since_real_ns == q->since_real_ns);
}

static struct file *file_of(struct symbols *s, const struct symbol_query *q)
{
    for (size_t i = 0; i < s->n; i++)
        if (is_file(&s->file[i], q))
            return &s->file[i];
    s->file = xgrow(s->file, s->n, &s->cap, sizeof *s->file);
    struct file *f = &s->file[s->n++];
    memset(f, 0, sizeof *f);
    f->path = xstrdup(q->path);
    f->build_id = xmalloc(q->build_id_n + 1);
    if (q->build_id_n)
        memcpy(f->build_id, q->build_id, q->build_id_n);
    f->build_id_n = q->build_id_n;
    f->since_real_ns = q->since_real_ns;
    file_read(f, &s->search);
    return f;
}

const char *symbol_name_from(struct symbols *s, const struct symbol_query *q, uint64_t *from,
                             enum symbol_file *file)
{
    struct file *f = file_of(s, q);
    const char *name = NULL;
    if (file)
        *file = f->state;
    if (f->debug)
        name = elf_symbols_find_from(f->debug, q->address, from);
    if (!name && f->own)
        name = elf_symbols_find_from(f->own, q->address, from);
    return name;
}

const char *symbol_name(struct symbols *s, const struct symbol_query *q, enum symbol_file *file)
{
    uint64_t from;
    return symbol_name_from(s, q, &from, file);
}

size_t symbol_inlines(struct symbols *s, const struct symbol_query *q, struct inline_frame *out,
                      size_t max)
{
    struct file *f = file_of(s, q);
    if (!f->lines_looked) {
        const struct elf_symbols *with = f->debug && elf_symbols_has_lines(f->debug) ? f->debug
                                         : f->own && elf_symbols_has_lines(f->own)   ? f->own
                                                                                     : NULL;
        f->lines = with ? inline_chain_open(with) : NULL;
        f->lines_looked = 1;
    }
    return f->lines ? inline_chain_at(f->lines, q->address, out, max) : 0;
}
