/* measure_memory: what Lua and C allocated. */
#include "collector/budget/measure_parts.h"
#include "wire/enums.h"

void measure_lua_figure(struct measure_sink *s, uint64_t value)
{
    if (s->digest->lua.state_n)
        measure_item(s, (double)value, "");
}

void measure_lua_peak(struct measure_sink *s)
{
    measure_lua_figure(s, s->digest->lua.peak_bytes);
}

void measure_lua_live(struct measure_sink *s)
{
    measure_lua_figure(s, s->digest->lua.live_bytes);
}

void measure_lua_states(struct measure_sink *s)
{
    measure_lua_figure(s, s->digest->lua.state_n);
}

static void kinds(struct measure_sink *s, const uint64_t *value)
{
    if (!s->digest->lua.state_n)
        return;
    for (unsigned k = 0; k < ALLOC_KIND_N; k++) {
        const char *name = alloc_kind_name(k);
        if (*name != '?' && (s->rule->kind < 0 || s->rule->kind == (int)k))
            measure_item(s, (double)value[k], name);
    }
}

void measure_lua_allocated(struct measure_sink *s)
{
    kinds(s, s->digest->lua.kind_bytes);
}

void measure_lua_blocks(struct measure_sink *s)
{
    kinds(s, s->digest->lua.kind_n);
}

/* Each thread tells its part in steps of 64 KiB. */
void measure_c_peak(struct measure_sink *s)
{
    const struct rec_c_heap *h = &s->digest->process->c_heap;
    double live = (double)h->live_bytes, peak = (double)h->peak_bytes;
    size_t threads = s->digest->process->threads.n;
    s->m->lower_bound = 1;
    s->m->unseen = 65536.0 * (double)(threads ? threads : 1);
    measure_item(s, peak > live ? peak : live, "");
}

static void libraries(struct measure_sink *s, uint64_t (*value)(const struct rec_c_alloc *))
{
    struct process *p = s->digest->process;
    for (size_t i = 0; i < p->c_allocs.n; i++) {
        const struct rec_c_alloc *c = rowset_at(&p->c_allocs, i);
        const char *path = c->object ? process_object_path(p, c->object - 1) : "";
        if (!*path)
            path = "code outside any library";
        if (measure_wanted(s->rule, &s->rule->library, path))
            measure_item(s, (double)value(c), path);
    }
}

static uint64_t library_bytes(const struct rec_c_alloc *c)
{
    return c->alloc_bytes;
}

static uint64_t library_blocks(const struct rec_c_alloc *c)
{
    return c->alloc_n;
}

void measure_c_allocated(struct measure_sink *s)
{
    libraries(s, library_bytes);
}

void measure_c_blocks(struct measure_sink *s)
{
    libraries(s, library_blocks);
}
