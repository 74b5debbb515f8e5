/* text_annotate: see text_annotate.h. */
#include "collector/output/text_annotate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/analyse/stack_hot.h"
#include "collector/output/text_page.h"
#include "collector/util/escape.h"
#include "collector/util/human.h"
#include "collector/util/xalloc.h"

struct line {
    uint64_t self, total;
};

/* 1 where PATH is NAME, or ends with it behind a slash. */
static int is_named(const char *path, const char *name)
{
    size_t n = strlen(path), m = strlen(name);
    return n >= m && !strcmp(path + n - m, name) && (n == m || path[n - m - 1] == '/');
}

/* NULL: the frame is none of a file's. */
static const char *path_of(const struct frame *f)
{
    return f->kind == FRAME_LUA ? stack_source_path(f->source) : NULL;
}

/* The chunk name of the file that is meant: the one with the most time; NULL: none. */
static const char *chunk_find(const struct stack_hot *h, const char *name)
{
    const char *found = NULL;
    uint64_t most = 0;
    for (size_t i = 0; i < h->sums.n; i++) {
        const struct frame *f = &h->tree.frame[h->sums.row[i].frame];
        const char *path = path_of(f);
        if (!path || !is_named(path, name))
            continue;
        if (!found || h->sums.row[i].total > most) {
            found = f->source;
            most = h->sums.row[i].total;
        }
    }
    return found;
}

static int is_among(const char *const *list, size_t n, const char *path)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(list[i], path))
            return 1;
    return 0;
}

/* Files that have samples, for who asked for one that has none: "a.lua, b.lua"; freed by the caller. */
static char *files_list(const struct stack_hot *h)
{
    enum { LIST_MAX = 5 };
    const char *listed[LIST_MAX];
    char *list = xstrdup("");
    size_t n = 0;
    for (size_t i = 0; i < h->sums.n && n < LIST_MAX; i++) {
        const char *path = path_of(&h->tree.frame[h->sums.row[i].frame]);
        if (!path || is_among(listed, n, path))
            continue;
        listed[n++] = path;
        char *shown = escape_text(path, strlen(path));
        char *longer = xformat("%s%s%s", list, *list ? ", " : "", shown);
        free(shown);
        free(list);
        list = longer;
    }
    return list;
}

static void lines_sum(const struct stack_hot *h, const char *chunk, struct line *line, uint64_t n)
{
    for (size_t i = 0; i < h->sums.n; i++) {
        const struct frame_sum *s = &h->sums.row[i];
        const struct frame *f = &h->tree.frame[s->frame];
        if (f->kind != FRAME_LUA || strcmp(f->source, chunk) || !f->line || f->line > n)
            continue;
        line[f->line].self += s->self;
        line[f->line].total += s->total;
    }
}

static void share_put(const struct canvas *c, uint64_t part, uint64_t whole)
{
    if (part)
        fprintf(c->out, "%6.1f%% ", 100.0 * (double)part / (double)whole);
    else
        fputs("        ", c->out);
}

static void source_print(const struct stack_hot *h, const struct stack_source *s,
                         const struct line *line, const struct canvas *c)
{
    fputs("   self    total   line\n", c->out);
    for (uint32_t i = 1; i <= s->line_n; i++) {
        size_t n;
        const char *text = stack_source_line(s, i, &n);
        char *shown = escape_text(text, n);
        share_put(c, line[i].self, h->quality.weight);
        share_put(c, line[i].total, h->quality.weight);
        fprintf(c->out, "%6" PRIu32 "  %s\n", i, shown);
        free(shown);
    }
}

static void nothing_print(const struct canvas *c, const char *file, const char *why)
{
    char *shown = escape_text(file, strlen(file)), *text = xformat("%s: %s", shown, why);
    page_note(c, TONE_WARNING, text);
    free(shown);
    free(text);
}

static void chunk_print(struct digest *d, const struct stack_hot *h, const char *chunk,
                        const struct canvas *c)
{
    struct stack_sources sources = {0};
    struct text name = {chunk, strlen(chunk)};
    const struct stack_source *s = stack_source_of(&sources, d->process, name);
    if (!s || !s->text) {
        nothing_print(c, stack_source_path(chunk),
                      s && s->changed
                          ? "has changed since the program ran: its lines would be wrong"
                          : "its text can not be read");
    } else {
        char *shown = escape_text(s->path, strlen(s->path));
        struct line *line = xcalloc((size_t)s->line_n + 1, sizeof *line);
        page_heading(c, shown, "self: in the line itself; total: with what it calls");
        lines_sum(h, chunk, line, s->line_n);
        source_print(h, s, line, c);
        free(line);
        free(shown);
    }
    stack_sources_release(&sources);
}

static void unknown_print(const struct stack_hot *h, const char *file, const struct canvas *c)
{
    char *list = files_list(h);
    char *why = xformat("no sample is of a Lua function in a file of this name%s%s",
                        *list ? "; there are: " : "", list);
    nothing_print(c, file, why);
    free(why);
    free(list);
}

void text_annotate(struct digest *d, const char *file, const struct canvas *c)
{
    struct stack_hot h;
    if (!d->process->samples.n) {
        nothing_print(
            c, file,
            "there are no CPU samples: it took too little CPU time, or ran with MODPROF_CPU=off");
        return;
    }
    stack_hot_build(&h, d->process, d->symbols, BY_LINE);
    const char *chunk = chunk_find(&h, file);
    if (chunk)
        chunk_print(d, &h, chunk, c);
    else
        unknown_print(&h, file, c);
    stack_hot_release(&h);
}
