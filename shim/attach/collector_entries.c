/* collector_entries: see collector_entries.h. */
#include "shim/attach/collector_entries.h"

#include <string.h>

#include "probe/call_targets.h"
#include "shim/stack/native.h"

enum { REACHED_MAX = 256, FUNCTION_MAX = 1 << 16 };

struct text {
    uint64_t lo, hi;
};

static void targets_add(const struct text *t, const struct symbol *f, struct call_targets *out)
{
    struct code c = {(const uint8_t *)(uintptr_t)f->address, f->size, f->address};
    if (f->address >= t->lo && f->address < t->hi && f->size <= t->hi - f->address)
        call_targets_add(out, &c, t->lo, t->hi);
}

/* ---- the step ---- */

static uint64_t find_step(const struct text *t, const struct symbol found[LUA_SYMBOL_N])
{
    static const enum lua_symbol makers[] = {LUA_SYMBOL_lua_gc, LUA_SYMBOL_lua_createtable,
                                             LUA_SYMBOL_lua_newthread, LUA_SYMBOL_lua_pushcclosure};
    enum { MAKERS_N = sizeof makers / sizeof *makers };
    struct call_targets of[MAKERS_N];
    for (int i = 0; i < MAKERS_N; i++) {
        of[i].n = 0;
        targets_add(t, &found[makers[i]], &of[i]);
    }
    return call_targets_common(of, MAKERS_N);
}

/* ---- finalizers ---- */

struct search {
    const struct text *text;
    struct call_targets protect; /* what lua_pcallk calls: the protected call is among it */
    struct call_targets other;   /* called in other trades: stack checks, closing of variables */
    uint64_t reached[REACHED_MAX];
    size_t reached_n;
    struct symbol finalize;
    size_t finalize_n;
};

static void reach(struct search *s, const struct call_targets *t)
{
    for (size_t i = 0; i < t->n; i++) {
        int known =
            call_targets_has(&s->protect, t->at[i]) || call_targets_has(&s->other, t->at[i]);
        for (size_t k = 0; k < s->reached_n && !known; k++)
            known = s->reached[k] == t->at[i];
        if (!known && s->reached_n < REACHED_MAX)
            s->reached[s->reached_n++] = t->at[i];
    }
}

static int calls_any(const struct call_targets *t, const struct call_targets *wanted)
{
    for (size_t i = 0; i < wanted->n; i++)
        if (call_targets_has(t, wanted->at[i]))
            return 1;
    return 0;
}

static int function_at(uint64_t address, struct symbol *out)
{
    struct cfi_range range;
    if (native_range(address, &range) != 0 || range.lo != address ||
        range.hi - range.lo > FUNCTION_MAX)
        return -1;
    *out = (struct symbol){address, range.hi - range.lo};
    return 0;
}

static void look_at(struct search *s, uint64_t address)
{
    struct symbol f;
    struct call_targets t = {.n = 0};
    if (function_at(address, &f) != 0)
        return;
    targets_add(s->text, &f, &t);
    if (calls_any(&t, &s->protect)) {
        s->finalize = f;
        s->finalize_n++;
    } else {
        reach(s, &t);
    }
}

/* lua_gc makes no protected call, nor does lua_settop: what they call too is something else.  The nearest such function is
 * taken: farther away there are those that raise errors. */
static struct symbol find_finalize(const struct text *t, const struct symbol found[LUA_SYMBOL_N],
                                   const struct symbol *step)
{
    struct search s = {.text = t, .reached = {step->address}, .reached_n = 1};
    struct call_targets all = {.n = 0};
    targets_add(t, &found[LUA_SYMBOL_lua_gc], &s.other);
    targets_add(t, &found[LUA_SYMBOL_lua_settop], &s.other);
    targets_add(t, &found[LUA_SYMBOL_lua_pcallk], &all);
    for (size_t i = 0; i < all.n; i++)
        if (!call_targets_has(&s.other, all.at[i]))
            s.protect.at[s.protect.n++] = all.at[i];
    for (size_t i = 0, level_end = 1; i < s.reached_n && s.finalize_n == 0; level_end = s.reached_n)
        while (i < level_end)
            look_at(&s, s.reached[i++]);
    return s.finalize_n == 1 ? s.finalize : (struct symbol){0, 0};
}

void collector_entries_find(const struct image *im, const struct symbol found[LUA_SYMBOL_N],
                            struct collector_entries *out)
{
    memset(out, 0, sizeof *out);
    const ElfW(Phdr) *segment = image_text(im, found[LUA_SYMBOL_lua_gc].address);
    if (segment == NULL)
        return;
    struct text t = {im->bias + segment->p_vaddr, im->bias + segment->p_vaddr + segment->p_filesz};
    out->step.address = find_step(&t, found);
    if (out->step.address == 0 || function_at(out->step.address, &out->step) != 0)
        return;
    out->finalize = find_finalize(&t, found, &out->step);
}
