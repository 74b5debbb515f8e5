/* text_searches: modules that failed, with the files that were tried, and modules that were found only
 * after a search. */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "collector/output/text_page.h"
#include "collector/util/human.h"
#include "collector/output/text_report.h"
#include "collector/util/escape.h"
#include "collector/util/xalloc.h"

enum { TRIES_SHOWN = 12 };

char *span_caller_text(struct process *p, const struct span *s)
{
    const char *source = process_display(p, s->begin.caller_source);
    if (!*source)
        return xstrdup("");
    return xformat("%s:%" PRIu64, source + (*source == '@' || *source == '='),
                   s->begin.caller_line);
}

static int is_failure(const struct span_node *n)
{
    return n->span->seen & SPAN_SEEN_END &&
           (n->span->end.status == SPAN_FAILED || n->span->end.load == LOAD_NOT_FOUND);
}

static char *try_text(struct process *p, const struct rec_span_try *r)
{
    const char *path = process_display(p, r->path);
    if (r->err == ENOENT)
        return xstrdup(path);
    return xformat("%s (%s)", path, r->err ? strerror((int)r->err) : "opened");
}

static void tries_print(const struct digest *d, const struct span_node *n, const struct canvas *c)
{
    struct process *p = d->process;
    size_t shown = 0;
    for (size_t i = 0; i < p->tries.n; i++) {
        const struct rec_span_try *r = rowset_at(&p->tries, i);
        if (r->span != n->span->begin.id || shown++ >= TRIES_SHOWN)
            continue;
        char *line = try_text(p, r);
        page_field(c, TONE_PLAIN, shown == 1 ? "  tried" : "", line);
        free(line);
    }
    if (shown > TRIES_SHOWN) {
        size_t more = shown - TRIES_SHOWN;
        char *line = xformat("and %zu more %s", more, more == 1 ? "file" : "files");
        page_field(c, TONE_PLAIN, "", line);
        free(line);
    }
}

/* Lua's messages have several lines; of a module that was not found they only repeat the files
 * that were tried. */
static char *error_text(const struct process *p, const struct span_node *n)
{
    struct text t = process_text(p, n->span->end.error);
    char *lines = xstrndup(t.at, t.n), *end = memchr(lines, '\n', t.n);
    if (end && n->span->end.load == LOAD_NOT_FOUND)
        t.n = (size_t)(end - lines) - (end > lines && end[-1] == ':');
    for (size_t i = 0; i < t.n; i++)
        if (lines[i] == '\n' || lines[i] == '\t')
            lines[i] = ' ';
    char *text = escape_text(lines, t.n);
    free(lines);
    return text;
}

static char *again_text(uint32_t n)
{
    char text[HUMAN_NOUN_MAX];
    return xformat(" (and %s)", human_nouns(text, n, "more time", "more times"));
}

static void failure_print(const struct digest *d, const struct span_node *n, uint32_t times,
                          const struct canvas *c)
{
    char *caller = span_caller_text(d->process, n->span), *error = error_text(d->process, n);
    char *again = times > 1 ? again_text(times - 1) : xstrdup("");
    char *line = xformat("%s%s%s%s%s%s", n->name, *caller ? ", required at " : "", caller,
                         *error ? ": " : "", error, again);
    page_note(c, TONE_ERROR, line);
    tries_print(d, n, c);
    free(caller);
    free(error);
    free(again);
    free(line);
}

/* How often each name failed: uint32_t by string id. */
static void failures_count(struct rowset *times, const struct digest *d)
{
    rowset_init(times, sizeof(uint32_t));
    for (size_t i = 0; i < d->spans.n; i++)
        if (is_failure(&d->spans.node[i]))
            ++*(uint32_t *)rowset_put(times, d->spans.node[i].span->begin.name);
}

void text_failures(struct digest *d, const struct report_options *o, const struct canvas *c)
{
    struct rowset times;
    size_t shown = 0;
    failures_count(&times, d);
    if (times.n)
        page_heading(c, "Failed", "");
    for (size_t i = 0; i < d->spans.n && shown < o->top; i++) {
        const struct span_node *n = &d->spans.node[i];
        uint32_t *left = is_failure(n) ? rowset_find(&times, n->span->begin.name) : NULL;
        if (!left || !*left)
            continue;
        failure_print(d, n, *left, c);
        *left = 0; /* each name once */
        shown++;
    }
    page_more(c, times.n - shown, "names");
    rowset_release(&times);
}

static int by_tries(const void *pa, const void *pb)
{
    const struct span_node *a = *(const struct span_node *const *)pa;
    const struct span_node *b = *(const struct span_node *const *)pb;
    if (a->try_n != b->try_n)
        return a->try_n > b->try_n ? -1 : 1;
    return a < b ? -1 : a > b;
}

static void search_rows(struct table *t, const struct digest *d,
                        const struct span_node *const *found, size_t n)
{
    unsigned name = table_column(t, "module", COLUMN_CUT_END);
    unsigned tried = table_column(t, "files tried", COLUMN_RIGHT);
    unsigned resolve = table_column(t, "resolve ms", COLUMN_RIGHT);
    unsigned file = table_column(t, "found", COLUMN_CUT_START);
    for (size_t i = 0; i < n; i++) {
        table_row(t, TABLE_NO_PARENT);
        table_cell(t, name, found[i]->name);
        cell_count(t, tried, found[i]->try_n);
        cell_ms(t, resolve, found[i]->span->end.phase_ns[PHASE_RESOLVE]);
        table_cell(t, file, process_display(d->process, found[i]->span->end.file));
    }
}

/* Modules that were found only after other places had been tried. */
void text_searches(struct digest *d, const struct report_options *o, const struct canvas *c)
{
    const struct span_node **found = xcalloc(d->spans.n, sizeof *found);
    size_t n = 0, tries = 0, top = o->top == SIZE_MAX ? SIZE_MAX : (o->top + 3) / 4;
    for (size_t i = 0; i < d->spans.n; i++) {
        const struct span_node *node = &d->spans.node[i];
        tries += node->try_n;
        if (node->try_n > 1 && !is_failure(node))
            found[n++] = node;
    }
    if (n) {
        char modules[HUMAN_NOUN_MAX], files[HUMAN_NOUN_MAX];
        char *remarks = xformat("%s not found at the first place; %s tried in all",
                                human_nouns(modules, n, "module was", "modules were"),
                                human_nouns(files, tries, "file", "files"));
        struct table *t = table_new();
        qsort(found, n, sizeof *found, by_tries);
        page_heading(c, "Searches", remarks);
        search_rows(t, d, found, n < top ? n : top);
        table_print(t, c);
        page_more(c, n > top ? n - top : 0, "modules");
        table_free(t);
        free(remarks);
    }
    free(found);
}
