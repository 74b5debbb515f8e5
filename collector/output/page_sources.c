/* page_sources: texts of the Lua files that ran, for the page.
 *
 * A text is taken only where it is still the one that ran: the file has not changed since the process
 * ended, and where the trace knows its checksum, that is the same. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <stdlib.h>
#include <string.h>

#include "collector/output/page_parts.h"
#include "collector/output/page_write.h"
#include "collector/util/human.h"
#include "collector/util/xalloc.h"

enum { FILE_BYTES_MAX = 1 << 20, ALL_BYTES_MAX = 8 << 20 };

/* A file that stacks have frames of. */
struct page_source {
    const char *file, *source; /* for people; chunk name */
    const struct stack_source *text;
    const char *why; /* it is left out; NULL: it is taken */
};

static void files_collect(struct rowset *files, const struct stack_tree *t)
{
    rowset_init(files, sizeof(struct page_source));
    for (size_t i = 0; i < t->frame_n; i++) {
        const struct frame *f = &t->frame[i];
        if (f->kind != FRAME_LUA || !stack_source_path(f->source))
            continue;
        struct page_source *s = rowset_put(files, XXH64(f->source, strlen(f->source), 0));
        s->file = f->file;
        s->source = f->source;
    }
}

/* As the parser got it: luaL_loadfilex skips a byte order mark and a first line with #. */
static int is_hash_of(uint64_t hash, const char *text, size_t n)
{
    if (XXH64(text, n, 0) == hash)
        return 1;
    if (n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
        text += 3;
        n -= 3;
    }
    const char *end = n && *text == '#' ? memchr(text, '\n', n) : NULL;
    return XXH64(end ? end : text, end ? n - (size_t)(end - text) : n, 0) == hash;
}

/* 0 where the trace knows checksums of this file and none is its text's. */
static int is_what_ran(struct page_process *p, const struct page_source *s)
{
    int known = 0;
    for (size_t i = 0; i < p->process->spans.n; i++) {
        const struct span *span = rowset_at(&p->process->spans, i);
        if (!span->end.text_hash || !span->end.file ||
            strcmp(process_text(p->process, span->end.file).at, s->source + 1) != 0)
            continue;
        if (is_hash_of(span->end.text_hash, s->text->text, s->text->line_at[s->text->line_n]))
            return 1;
        known = 1;
    }
    return !known;
}

static const char *why_not(struct page_process *p, const struct page_source *s, size_t left)
{
    const struct stack_source *t = s->text;
    if (!t || (!t->text && !t->changed))
        return "it can not be read here";
    if (t->changed)
        return "it has changed since it ran";
    if (memchr(t->text, 0, t->line_at[t->line_n]))
        return "it is not text";
    if (t->line_at[t->line_n] > FILE_BYTES_MAX)
        return "it is larger than 1 MiB";
    if (t->line_at[t->line_n] > left)
        return "the sources together would be larger than 8 MiB";
    return is_what_ran(p, s) ? NULL : "its text is not the one that ran";
}

static void choose(struct page_process *p, struct rowset *files, struct stack_sources *sources)
{
    size_t left = ALL_BYTES_MAX;
    for (size_t i = 0; i < files->n; i++) {
        struct page_source *s = rowset_at(files, i);
        struct text chunk = {s->source, strlen(s->source)};
        s->text = stack_source_of(sources, p->process, chunk);
        s->why = why_not(p, s, left);
        if (!s->why)
            left -= s->text->line_at[s->text->line_n];
    }
}

static void taken_write(const struct rowset *files, FILE *out)
{
    const char *comma = "";
    for (size_t i = 0; i < files->n; i++) {
        const struct page_source *s = rowset_at(files, i);
        if (s->why)
            continue;
        fprintf(out, "%s{\"file\":", comma);
        page_text(out, s->file);
        page_put_text(out, "text", s->text->text);
        fputc('}', out);
        comma = ",\n";
    }
}

static void left_out_write(const struct rowset *files, FILE *out)
{
    const char *comma = "";
    for (size_t i = 0; i < files->n; i++) {
        const struct page_source *s = rowset_at(files, i);
        if (!s->why)
            continue;
        fprintf(out, "%s{\"file\":", comma);
        page_text(out, s->file);
        page_put_text(out, "why", s->why);
        fputc('}', out);
        comma = ",\n";
    }
}

void page_sources(struct page_process *p)
{
    struct rowset files;
    struct stack_sources sources = {0};
    if (!p->options->with_source) {
        fputs(",\"sources\":[],\"sources_left_out\":[]", p->out);
        return;
    }
    files_collect(&files, &p->code.tree);
    choose(p, &files, &sources);
    fputs(",\"sources\":[", p->out);
    taken_write(&files, p->out);
    fputs("],\"sources_left_out\":[", p->out);
    left_out_write(&files, p->out);
    fputc(']', p->out);
    rowset_release(&files);
    stack_sources_release(&sources);
}
