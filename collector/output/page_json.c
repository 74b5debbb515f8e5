/* page_json: see page_json.h. */
#include "collector/output/page_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/output/check_output.h"
#include "collector/output/json_report.h"
#include "collector/output/page_parts.h"
#include "collector/output/page_verdicts.h"
#include "collector/output/page_write.h"
#include "wire/version.h"

void page_prune_say(struct page_process *p, char *sentence)
{
    sentences_add(&p->pruned, sentence);
}

static void sentences_write(const struct sentences *s, FILE *out)
{
    fputc('[', out);
    for (size_t i = 0; i < s->n; i++) {
        fputs(i ? "," : "", out);
        page_text(out, s->at[i]);
    }
    fputc(']', out);
}

static void process_write(struct digest *d, const struct page_options *o, FILE *out)
{
    struct page_process p = {.digest = d, .process = d->process, .options = o, .out = out};
    page_texts_init(&p.texts);
    page_functions_init(&p.functions, &p.texts);
    page_code_build(&p);
    fprintf(out, "{\"pid\":%u", d->process->pid);
    page_trees(&p);
    page_samples(&p);
    page_memory(&p);
    page_sources(&p);
    page_functions_write(&p.functions, out);
    page_key(out, "strings");
    page_texts_write(&p.texts, out);
    page_key(out, "pruned");
    sentences_write(&p.pruned, out);
    fputs("}\n", out);
    sentences_release(&p.pruned);
    free(p.row);
    stack_order_release(&p.order);
    stack_union_release(&p.code);
    page_functions_release(&p.functions);
    page_texts_release(&p.texts);
}

static void check_write(const struct page_trace *t, FILE *out)
{
    page_key(out, "check");
    if (t->verdicts) {
        page_verdicts_write(t->verdicts, out);
    } else if (t->findings) {
        struct check_report r = {.budget = t->budget,
                                 .findings = t->findings,
                                 .digest = t->digest,
                                 .digest_n = t->digest_n,
                                 .groups = t->groups,
                                 .file = t->budget->path,
                                 .status = findings_status(t->findings, 0, 0),
                                 .all = 1};
        check_json(&r, out);
    } else {
        fputs("null", out);
    }
    page_key(out, "check_error");
    if (t->check_error)
        page_text(out, t->check_error);
    else
        fputs("null", out);
}

#define POINTS(name, value) \
    do { \
        fprintf(out, ",\"%s\":[", name); \
        for (size_t i = 0; i < s->n; i++) { \
            const struct page_point *p = &s->point[i]; \
            fputs(i ? "," : "", out); \
            value; \
        } \
        fputc(']', out); \
    } while (0)

static void number(double v, FILE *out)
{
    if (isfinite(v))
        fprintf(out, "%.9g", v);
    else
        fputs("null", out);
}

static void series_write(const struct page_series *s, FILE *out)
{
    fputs("{\"metric\":", out);
    page_text(out, s->metric);
    page_put_text(out, "item", s->place);
    page_put_text(out, "param", s->param);
    page_put_text(out, "unit", s->unit);
    page_put_text(out, "machine", s->machine);
    page_put_bool(out, "more_is_better", s->more_is_better);
    POINTS("at_unix_ns", fprintf(out, "%lld", (long long)p->at_ns));
    POINTS("value", number(p->median, out));
    POINTS("low", number(p->low, out));
    POINTS("high", number(p->high, out));
    POINTS("commit", page_text(out, p->commit));
    fputc('}', out);
}

static void history_write(const struct page_trace *t, FILE *out)
{
    page_key(out, "history");
    fputc('[', out);
    for (size_t i = 0; i < t->series_n; i++) {
        fputs(i ? ",\n" : "", out);
        series_write(&t->series[i], out);
    }
    fputc(']', out);
}

/* What stands behind the trace's name. */
static void trace_rest(const struct page_trace *t, const struct page_options *o, FILE *out)
{
    static const struct report_options all = {.sections = SECTION_ALL | SECTION_LEAKS,
                                              .top = SIZE_MAX};
    page_put_u64(out, "bytes", t->bytes);
    page_key(out, "report");
    json_report(t->digest, t->digest_n, &all, out);
    page_key(out, "processes");
    fputc('[', out);
    for (size_t i = 0; i < t->digest_n; i++) {
        fputs(i ? "," : "", out);
        process_write(t->digest[i], o, out);
    }
    fputc(']', out);
    check_write(t, out);
    history_write(t, out);
}

static void trace_write(const struct page_trace *t, const struct page_options *o, FILE *out)
{
    fputs("{\"name\":", out);
    page_text(out, t->name);
    if (t->href)
        page_put_text(out, "href", t->href);
    else
        trace_rest(t, o, out);
    fputs("}", out);
}

void page_trace_json(const struct page_trace *t, const struct page_options *o, FILE *out)
{
    fprintf(out, "{\"schema\":\"modprof-page\",\"version\":%d,\"name\":", JSON_PAGE_VERSION);
    page_text(out, t->name);
    trace_rest(t, o, out);
    fputs("}\n", out);
}

void page_json(const struct page *p, FILE *out)
{
    fprintf(out, "{\"schema\":\"modprof-page\",\"version\":%d", JSON_PAGE_VERSION);
    page_put_text(out, "modprof", MODPROF_VERSION);
    page_put_text(out, "title", p->title);
    fprintf(out, ",\"compare\":%s", p->compare ? "[0,1]" : "null");
    page_put_bool(out, "live", p->live);
    page_key(out, "traces");
    for (size_t i = 0; i < p->trace_n; i++) {
        fputs(i ? ",\n" : "[", out);
        trace_write(&p->trace[i], &p->options, out);
    }
    fputs("]}\n", out);
}
