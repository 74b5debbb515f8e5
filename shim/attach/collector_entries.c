/* collector_entries: see collector_entries.h. */
#include "shim/attach/collector_entries.h"

#include <string.h>

#include "probe/collector_calls.h"
#include "shim/stack/native.h"

enum { FUNCTION_MAX = 1 << 16 };

static struct code code_of(const struct collector_calls *c, struct symbol f)
{
    if (f.address < c->lo || f.address >= c->hi || f.size > c->hi - f.address)
        return (struct code){NULL, 0, 0};
    return (struct code){(const uint8_t *)(uintptr_t)f.address, f.size, f.address};
}

static int symbol_at(uint64_t address, struct symbol *out)
{
    struct cfi_range range;
    if (address == 0 || native_range(address, &range) != 0 || range.lo != address ||
        range.hi - range.lo > FUNCTION_MAX)
        return -1;
    *out = (struct symbol){address, range.hi - range.lo};
    return 0;
}

static int function_at(const void *whose, uint64_t address, struct code *out)
{
    struct symbol f;
    if (symbol_at(address, &f) != 0)
        return -1;
    *out = code_of(whose, f);
    return 0;
}

static void api_of(struct collector_calls *c, const struct symbol found[LUA_SYMBOL_N])
{
#define API(name) c->api[COLLECTOR_CALLS_##name] = code_of(c, found[LUA_SYMBOL_##name]);
    COLLECTOR_CALLS_API(API)
#undef API
}

void collector_entries_find(const struct image *im, const struct symbol found[LUA_SYMBOL_N],
                            struct collector_entries *out)
{
    struct collector_calls c = {.function_at = function_at};
    memset(out, 0, sizeof *out);
    const ElfW(Phdr) *segment = image_text(im, found[LUA_SYMBOL_lua_gc].address);
    if (segment == NULL)
        return;
    c.whose = &c;
    c.lo = im->bias + segment->p_vaddr;
    c.hi = c.lo + segment->p_filesz;
    api_of(&c, found);
    if (symbol_at(collector_calls_step(&c), &out->step) == 0)
        symbol_at(collector_calls_finalize(&c, out->step.address), &out->finalize);
}
