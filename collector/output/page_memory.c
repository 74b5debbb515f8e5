/* page_memory: memory over time, for the page. */
#include "collector/output/page_parts.h"
#include "collector/output/page_write.h"

#define MEMORY_COLUMN(name, first, value) \
    do { \
        page_column_begin(&c, p->out, name, first); \
        for (size_t i = 0; i < memory->n; i++) { \
            const struct rec_sample_memory *r = rowset_at(memory, i); \
            page_column_put(&c, (int64_t)(value)); \
        } \
        page_column_end(&c); \
    } while (0)

void page_memory(struct page_process *p)
{
    const struct rowset *memory = &p->process->memory;
    struct page_column c;
    page_key(p->out, "memory");
    fputc('{', p->out);
    MEMORY_COLUMN("at_ns_d", 1, process_since_start(p->process, r->at_ns));
    MEMORY_COLUMN("lua_d", 0, r->lua_bytes);
    MEMORY_COLUMN("c_d", 0, r->c_bytes);
    MEMORY_COLUMN("rss_d", 0, r->rss_bytes);
    fputc('}', p->out);
}
