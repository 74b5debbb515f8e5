/* measure_sizes: how large modules are as source and as bytecode, and what precompiling would save. */
#include "collector/budget/measure_parts.h"

/* ---- sizes ---- */

typedef double size_value(const struct module_size *m);
static size_value size_invalid;

/* A wanted module whose file is gone or changed makes the figure doubtful; one whose figure is not
 * there at all (of a precompiled chunk: its source) is no item. */
static void sizes(struct measure_sink *s, size_value *value)
{
    const struct module_sizes *all = digest_sizes(s->digest);
    struct pool *pool = &s->digest->process->pool;
    for (size_t i = 0; i < all->n; i++) {
        const struct module_size *m = &all->at[i];
        if (!measure_wanted(s->rule, &s->rule->module, m->node->name))
            continue;
        if (!m->precompiled && value == size_invalid)
            measure_item(s, 0, m->node->name);
        else if (m->unknown)
            s->m->doubt = pool_format(pool, "size of %s: %s", m->node->name, m->unknown);
        else if (value(m) >= 0)
            measure_item(s, value(m), m->node->name);
    }
}

static double size_gzip(const struct module_size *m)
{
    return m->precompiled ? -1 : (double)m->source_gzip;
}

static double size_bytecode(const struct module_size *m)
{
    return (double)m->bytecode_bytes;
}

static double size_bytecode_gzip(const struct module_size *m)
{
    return (double)m->bytecode_gzip;
}

static double size_stripped(const struct module_size *m)
{
    return m->precompiled ? -1 : (double)m->stripped_bytes;
}

static double size_saving(const struct module_size *m)
{
    return m->precompiled ? -1 : m->saving_ns;
}

static double size_invalid(const struct module_size *m)
{
    return m->invalid != NULL;
}

void measure_module_gzip(struct measure_sink *s)
{
    sizes(s, size_gzip);
}

void measure_module_bytecode(struct measure_sink *s)
{
    sizes(s, size_bytecode);
}

void measure_module_bytecode_gzip(struct measure_sink *s)
{
    sizes(s, size_bytecode_gzip);
}

void measure_module_stripped(struct measure_sink *s)
{
    sizes(s, size_stripped);
}

void measure_module_saving(struct measure_sink *s)
{
    sizes(s, size_saving);
}

void measure_modules_invalid(struct measure_sink *s)
{
    sizes(s, size_invalid);
}
