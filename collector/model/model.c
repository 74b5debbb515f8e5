/* model: see model.h. */
#include "collector/model/model.h"

#include <stdlib.h>
#include <string.h>

#include "collector/util/escape.h"
#include "collector/util/xalloc.h"

void model_init(struct model *m, const char *path)
{
    memset(m, 0, sizeof *m);
    m->path = xstrdup(path);
}

static void process_free(struct process *p)
{
    struct rowset *sets[] = {&p->strings,  &p->objects,   &p->copies, &p->functions, &p->states,
                             &p->spans,    &p->tries,     &p->hits,   &p->chunks,    &p->crossings,
                             &p->c_allocs, &p->uncovered, &p->memory, &p->protos,    &p->nodes,
                             &p->roles,    &p->threads};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        rowset_release(sets[i]);
    sample_table_release(&p->samples);
    memory_model_release(&p->heap);
    pool_release(&p->pool);
    free(p);
}

void model_release(struct model *m)
{
    for (size_t i = 0; i < m->process_n; i++)
        process_free(m->process[i]);
    free(m->process);
    free(m->quality.recover_error);
    free(m->path);
    memset(m, 0, sizeof *m);
}

static struct process *process_new(uint32_t pid, uint64_t start_real_ns)
{
    struct process *p = xcalloc(1, sizeof *p);
    p->pid = pid;
    p->start_real_ns = start_real_ns;
    rowset_init(&p->strings, sizeof(struct text));
    rowset_init(&p->objects, sizeof(struct rec_object));
    rowset_init(&p->copies, sizeof(struct rec_copy));
    rowset_init(&p->functions, sizeof(struct rec_function));
    rowset_init(&p->states, sizeof(struct rec_state));
    rowset_init(&p->spans, sizeof(struct span));
    rowset_init(&p->tries, sizeof(struct rec_span_try));
    rowset_init(&p->hits, sizeof(struct rec_require_hit));
    rowset_init(&p->chunks, sizeof(struct rec_chunk));
    rowset_init(&p->crossings, sizeof(struct rec_crossing));
    rowset_init(&p->c_allocs, sizeof(struct rec_c_alloc));
    rowset_init(&p->uncovered, sizeof(struct rec_uncovered));
    rowset_init(&p->memory, sizeof(struct rec_sample_memory));
    rowset_init(&p->protos, sizeof(struct rec_proto));
    rowset_init(&p->nodes, sizeof(struct rec_node));
    rowset_init(&p->roles, sizeof(struct rec_code_role));
    rowset_init(&p->threads, sizeof(struct rec_thread));
    memory_model_init(&p->heap);
    return p;
}

struct process *model_process(struct model *m, uint32_t pid, uint64_t start_real_ns)
{
    for (size_t i = m->process_n; i-- > 0;) /* newest first: frames of one come together */
        if (m->process[i]->pid == pid && m->process[i]->start_real_ns == start_real_ns)
            return m->process[i];
    m->process = xrealloc(m->process, m->process_n + 1, sizeof *m->process);
    struct process *p = process_new(pid, start_real_ns);
    p->window = m->window;
    if (m->window.times)
        p->samples.log = sample_log_new();
    return m->process[m->process_n++] = p;
}

int process_complete(const struct process *p)
{
    return p->end_seen && p->about_seen && !p->gaps.missing_n && !p->damaged_records_n;
}

int model_complete(const struct model *m)
{
    const struct file_quality *q = &m->quality;
    for (size_t i = 0; i < m->process_n; i++)
        if (!process_complete(m->process[i]))
            return 0;
    return !q->damage_n && !q->truncated && !q->newer_n;
}

struct text process_text(const struct process *p, uint64_t sid)
{
    static const struct text none = {"", 0}, lost = {"<lost>", 6};
    if (!sid)
        return none;
    const struct text *t = rowset_find(&p->strings, sid);
    return t ? *t : lost;
}

static const char *display(struct process *p, const char *at, size_t n)
{
    char *escaped = escape_text(at, n);
    const char *kept = pool_copy(&p->pool, escaped, strlen(escaped));
    free(escaped);
    return kept;
}

const char *process_display(struct process *p, uint64_t sid)
{
    struct text t = process_text(p, sid);
    return t.n ? display(p, t.at, t.n) : "";
}

const char *process_bytes_display(struct process *p, struct rec_bytes b)
{
    return b.n ? display(p, (const char *)b.at, b.n) : "";
}

const char *process_object_path(struct process *p, uint64_t object)
{
    const struct rec_object *o = rowset_find(&p->objects, object);
    return o ? process_display(p, o->path) : "";
}

char *process_absolute(const struct process *p, const char *path)
{
    if (*path == '/' || !p->about.cwd.n)
        return xstrdup(path);
    return xformat("%.*s/%s", (int)p->about.cwd.n, (const char *)p->about.cwd.at, path);
}

uint64_t process_end_ns(const struct process *p)
{
    return p->last_ns; /* the end record's moment is among those seen */
}

int process_end_unseen(const struct process *p)
{
    return p->end_seen ? p->end.end_unseen != 0 : !p->running;
}

uint64_t process_cpu_ns(const struct process *p)
{
    return (p->end.user_us + p->end.system_us) * 1000;
}

uint64_t process_since_start(const struct process *p, uint64_t mono_ns)
{
    return mono_ns > p->about.start_mono_ns ? mono_ns - p->about.start_mono_ns : 0;
}

int process_usage_told(const struct process *p)
{
    return p->end_seen && p->end.max_rss_kib; /* no process is without memory */
}

double process_queued_ns(const struct process *p)
{
    uint64_t plus_1 = p->end_seen ? p->end.queued_us_plus_1 : 0;
    return plus_1 ? (double)(plus_1 - 1) * 1000 : -1;
}

uint64_t process_attach_real_ns(const struct process *p)
{
    return p->start_real_ns + process_since_start(p, p->about.attach_ns);
}

uint64_t span_end_ns(const struct process *p, const struct span *s)
{
    return s->seen & SPAN_SEEN_END ? s->end.end_ns : process_end_ns(p);
}
