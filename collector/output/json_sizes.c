/* json_sizes: how large modules are, as source and as bytecode, for programs. */
#include <string.h>

#include "collector/output/json_sections.h"
#include "collector/output/json_value.h"
#include "collector/util/pattern.h"

static json_t *parts(const struct module_size *m)
{
    json_t *v = json_object();
    for (unsigned i = 0; i < PART_N; i++)
        json_put_u64(v, chunk_part_name(i), m->chunk.part_bytes[i]);
    return v;
}

static json_t *known_or_null(int known, double value)
{
    return known ? json_real(value) : json_null();
}

static json_t *size(struct process *p, const struct module_size *m)
{
    json_t *v = json_object();
    int known = !m->unknown, text = known && !m->precompiled;
    json_put_text(v, "module", m->node->name);
    json_put(v, "file", json_sid_or_null(p, m->node->span->end.file));
    json_put_bool(v, "precompiled", m->precompiled);
    json_put(v, "unknown", known ? json_null() : json_bytes(m->unknown, strlen(m->unknown)));
    json_put(v, "invalid", m->invalid ? json_string(m->invalid) : json_null());
    json_put(v, "source_bytes", known_or_null(!m->precompiled, (double)m->source_bytes));
    json_put(v, "source_gzip_bytes", known_or_null(text, (double)m->source_gzip));
    json_put(v, "bytecode_bytes", known_or_null(known, (double)m->bytecode_bytes));
    json_put(v, "bytecode_gzip_bytes", known_or_null(known, (double)m->bytecode_gzip));
    json_put(v, "stripped_bytes", known_or_null(text, (double)m->stripped_bytes));
    json_put(v, "parts_bytes", known && !m->invalid ? parts(m) : json_null());
    json_put_real(v, "compile_ns", m->compile_ns);
    json_put(v, "saving_ns", known_or_null(text, m->saving_ns));
    return v;
}

json_t *json_sizes(struct digest *d, const struct report_options *o)
{
    const struct module_sizes *all = digest_sizes(d);
    json_t *list = json_array();
    for (size_t i = 0; i < all->n && json_array_size(list) < o->top; i++)
        if (pattern_match(o->filter, all->at[i].node->name))
            json_array_append_new(list, size(d->process, &all->at[i]));
    return list;
}
