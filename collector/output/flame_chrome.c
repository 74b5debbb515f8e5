/* flame_chrome: spans as trace events.  See flame_export.h. */
#include <inttypes.h>
#include <string.h>

#include "collector/analyse/digest.h"
#include "collector/output/flame_export.h"

/* Microseconds since the start of the first process. */
static double us_since(uint64_t base_ns, uint64_t ns)
{
    return ns > base_ns ? (double)(ns - base_ns) / 1000 : 0;
}

static void put_name(struct process *p, FILE *out)
{
    struct digest d = {.process = p};
    fprintf(out,
            "{\"ph\":\"M\",\"pid\":%" PRIu32
            ",\"tid\":0,\"name\":\"process_name\",\"args\":{\"name\":",
            p->pid);
    flame_json_text(out, digest_command(&d));
    fputs("}}", out);
    for (size_t i = 0; i < p->threads.n; i++) {
        const struct rec_thread *t = rowset_at(&p->threads, i);
        fprintf(out,
                ",\n{\"ph\":\"M\",\"pid\":%" PRIu32 ",\"tid\":%" PRIu64
                ",\"name\":\"thread_name\",\"args\":{\"name\":",
                p->pid, t->tid);
        flame_json_text(out, process_bytes_display(p, t->name));
        fputs("}}", out);
    }
}

static void put_span(struct process *p, const struct span_node *n, uint64_t base_ns, FILE *out)
{
    const struct span *s = n->span;
    fprintf(out,
            ",\n{\"ph\":\"X\",\"pid\":%" PRIu32 ",\"tid\":%" PRIu64
            ",\"ts\":%.3f,\"dur\":%.3f,\"cat\":\"%s\",\"name\":",
            p->pid, s->begin.tid, us_since(base_ns, s->begin.begin_ns), (double)n->total_ns / 1000,
            span_kind_name((unsigned)s->begin.kind));
    flame_json_text(out, n->name);
    fprintf(out,
            ",\"args\":{\"self_us\":%.3f,\"status\":\"%s\",\"file\":", (double)n->self_ns / 1000,
            n->open ? "open" : span_status_name((unsigned)s->end.status));
    flame_json_text(out, process_display(p, s->end.file));
    for (unsigned i = 0; i < s->end.phase_ns_n; i++)
        if (s->end.phase_ns[i])
            fprintf(out, ",\"%s_us\":%.3f", phase_name(i), (double)s->end.phase_ns[i] / 1000);
    fputs("}}", out);
}

void flame_chrome(struct process *const *p, size_t n, FILE *out)
{
    uint64_t base_ns = UINT64_MAX;
    for (size_t i = 0; i < n; i++)
        if (p[i]->about.start_mono_ns < base_ns)
            base_ns = p[i]->about.start_mono_ns;
    fputs("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n", out);
    for (size_t i = 0; i < n; i++) {
        struct span_tree spans;
        fputs(i ? ",\n" : "", out);
        put_name(p[i], out);
        span_tree_build(&spans, p[i]);
        for (size_t k = 0; k < spans.n; k++)
            put_span(p[i], &spans.node[k], base_ns, out);
        span_tree_release(&spans);
    }
    fputs("]}\n", out);
}
