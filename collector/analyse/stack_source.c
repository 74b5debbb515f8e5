/* stack_source: see stack_source.h. */
#include "collector/analyse/stack_source.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "collector/util/file_time.h"
#include "collector/util/xalloc.h"

enum { TEXT_MAX = 16 << 20 };

static void lines_find(struct stack_source *s, size_t n)
{
    size_t cap = 0;
    for (size_t i = 0; i <= n; i++) {
        if (i && i < n && s->text[i - 1] != '\n')
            continue;
        s->line_at = xgrow(s->line_at, s->line_n, &cap, sizeof *s->line_at);
        s->line_at[s->line_n++] = (uint32_t)i;
    }
    s->line_n -= 1;
}

static char *read_all(int fd, size_t n)
{
    char *text = xmalloc(n + 1);
    size_t got = 0;
    while (got < n) {
        ssize_t r = read(fd, text + got, n - got);
        if (r <= 0)
            break;
        got += (size_t)r;
    }
    text[got] = 0;
    if (got == n)
        return text;
    free(text);
    return NULL;
}

/* Lua reads neither a byte order mark nor a first line with #, but for its end. */
static size_t unread_bytes(const char *text, size_t n)
{
    size_t mark = n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0;
    if (mark == n || text[mark] != '#')
        return mark;
    const char *end = memchr(text + mark, '\n', n - mark);
    return end ? (size_t)(end - text) : n;
}

/* 1 where TEXT is what the process loaded from this file, whatever the file's date says. */
static int is_loaded(const struct process *p, const char *path, const char *text, size_t n)
{
    size_t unread = unread_bytes(text, n);
    text += unread;
    n -= unread;
    for (size_t i = 0; i < p->spans.n; i++) {
        const struct span *s = rowset_at(&p->spans, i);
        struct text file = process_text(p, s->end.file);
        if (s->end.source_bytes == n && s->end.text_hash && file.n &&
            !strcmp(file.at + (*file.at == '@'), path) && XXH64(text, n, 0) == s->end.text_hash)
            return 1;
    }
    return 0;
}

static void text_take(struct stack_source *s, const struct process *p, char *text, size_t n)
{
    s->changed = s->changed && !(text && is_loaded(p, s->path, text, n));
    if (s->changed || !text) {
        free(text);
        return;
    }
    s->text = text;
    lines_find(s, n);
}

static void text_read(struct stack_source *s, const struct process *p)
{
    struct stat st;
    char *path = process_absolute(p, s->path);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    free(path);
    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 && st.st_size <= TEXT_MAX) {
        s->changed = file_changed_real_ns(&st) > process_attach_real_ns(p);
        text_take(s, p, read_all(fd, (size_t)st.st_size), (size_t)st.st_size);
    }
    close(fd);
}

const char *stack_source_path(const char *chunk_name)
{
    if (*chunk_name == '@')
        return chunk_name + 1;
    return *chunk_name == '/' && !strchr(chunk_name, '\n') ? chunk_name : NULL;
}

const struct stack_source *stack_source_of(struct stack_sources *s, const struct process *p,
                                           struct text chunk_name)
{
    const char *path = chunk_name.n < 2 ? NULL : stack_source_path(chunk_name.at);
    if (!path || memchr(chunk_name.at, 0, chunk_name.n))
        return NULL;
    for (size_t i = 0; i < s->n; i++)
        if (!strcmp(s->at[i]->path, path))
            return s->at[i];
    struct stack_source *new = xcalloc(1, sizeof *new);
    new->path = xstrdup(path);
    text_read(new, p);
    s->at = xgrow(s->at, s->n, &s->cap, sizeof *s->at);
    return s->at[s->n++] = new;
}

void stack_sources_release(struct stack_sources *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->at[i]->path);
        free(s->at[i]->text);
        free(s->at[i]->line_at);
        free(s->at[i]);
    }
    free(s->at);
    memset(s, 0, sizeof *s);
}

const char *stack_source_line(const struct stack_source *s, uint64_t number, size_t *n)
{
    if (!s->text || !number || number > s->line_n)
        return NULL;
    const char *at = s->text + s->line_at[number - 1];
    *n = s->line_at[number] - s->line_at[number - 1];
    while (*n && (at[*n - 1] == '\n' || at[*n - 1] == '\r'))
        --*n;
    return at;
}
