/* view_document: see view_document.h. */
#include "collector/cli/view_document.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "collector/output/page_json.h"
#include "collector/util/gzip_file.h"
#include "collector/util/xalloc.h"

enum { LEVEL = 3 }; /* it only goes through loopback */

void view_document_release(struct view_document *d)
{
    free(d->gzip);
    memset(d, 0, sizeof *d);
}

/* ---- a compressed text in memory ---- */

struct packing {
    FILE *under, *in;
};

static int packing_begin(struct packing *p, struct view_document *d, struct err *err)
{
    view_document_release(d);
    p->under = open_memstream(&d->gzip, &d->n);
    p->in = p->under ? gzip_file_open(p->under, LEVEL) : NULL;
    if (p->in)
        return 0;
    if (p->under)
        fclose(p->under);
    view_document_release(d);
    return err_set(err, "there is no memory for the page");
}

static int packing_end(struct packing *p, struct view_document *d, struct err *err)
{
    int bad = ferror(p->in);
    bad |= fclose(p->in) != 0;
    bad |= fclose(p->under) != 0;
    if (!bad)
        return 0;
    view_document_release(d);
    return err_set(err, "there is no memory for the page");
}

/* ---- documents ---- */

static int tag_of(const char *path, char tag[64], struct err *err)
{
    struct stat st;
    if (stat(path, &st))
        return err_set(err, "%s: can not be opened: %s", path, strerror(errno));
    snprintf(tag, 64, "%" PRIx64 "-%" PRIx64 "-%" PRIx64 ".%lx", (uint64_t)st.st_ino,
             (uint64_t)st.st_size, (uint64_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    return 0;
}

static int is_running(const struct page_load *l)
{
    for (size_t i = 0; i < l->digest_n; i++)
        if (l->digest[i]->process->running)
            return 1;
    return 0;
}

/* One that is killed writes no more: its end is found only by looking, which completes the file. */
int view_document_is_current(const struct view_document *d, const char *path)
{
    char tag[64];
    struct err err = {""};
    return d->gzip && !d->running && !tag_of(path, tag, &err) && !strcmp(d->tag, tag);
}

int view_document_trace(struct view_document *d, const struct view_wanted *w, struct err *err)
{
    char tag[64];
    struct page_load l;
    struct packing p;
    if (tag_of(w->path, tag, err))
        return -1;
    int bad = page_load_read(&l, w->path, w->settings, w->budget, err) || packing_begin(&p, d, err);
    if (!bad) {
        page_trace_json(&l.trace, &w->settings->options, p.in);
        bad = packing_end(&p, d, err);
        d->running = is_running(&l);
    }
    page_load_release(&l);
    if (!bad) /* reading may have completed the file */
        bad = tag_of(w->path, d->tag, err);
    return bad ? -1 : 0;
}

static char *title_of(const struct paths *paths, const struct page_settings *s)
{
    return s->title        ? xstrdup(s->title)
           : paths->n == 1 ? xstrdup(paths->at[0])
                           : xformat("%zu traces", paths->n);
}

int view_document_list(struct view_document *d, const struct paths *paths,
                       const struct page_settings *s, struct err *err)
{
    struct packing p;
    if (packing_begin(&p, d, err))
        return -1;
    char *title = title_of(paths, s);
    struct page_trace *trace = xcalloc(paths->n, sizeof *trace);
    for (size_t i = 0; i < paths->n; i++)
        trace[i] = (struct page_trace){.name = paths->at[i], .href = xformat("trace/%zu", i)};
    page_json(&(struct page){.title = title,
                             .trace = trace,
                             .trace_n = paths->n,
                             .compare = page_compares(s, paths->n),
                             .live = 1,
                             .options = s->options},
              p.in);
    for (size_t i = 0; i < paths->n; i++)
        free((char *)(uintptr_t)trace[i].href);
    free(trace);
    free(title);
    return packing_end(&p, d, err);
}
