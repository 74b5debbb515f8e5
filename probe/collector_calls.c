/* collector_calls: see collector_calls.h. */
#include "probe/collector_calls.h"

enum { REACHED_MAX = 256, MAKERS_N = COLLECTOR_CALLS_lua_pushcclosure + 1 };

static void targets_of(const struct collector_calls *c, const struct code *f,
                       struct call_targets *out)
{
    if (f->bytes != NULL)
        call_targets_add(out, f, c->lo, c->hi);
}

uint64_t collector_calls_step(const struct collector_calls *c)
{
    struct call_targets of[MAKERS_N];
    for (int i = 0; i < MAKERS_N; i++) {
        of[i].n = 0;
        targets_of(c, &c->api[i], &of[i]);
    }
    return call_targets_common(of, MAKERS_N);
}

/* ---- finalizers ---- */

struct search {
    const struct collector_calls *c;
    struct call_targets protect; /* what lua_pcallk calls: the protected call is among it */
    struct call_targets other;   /* called in other trades: stack checks, closing of variables */
    uint64_t reached[REACHED_MAX];
    size_t reached_n;
    uint64_t finalize;
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

static void look_at(struct search *s, uint64_t address)
{
    struct code f;
    struct call_targets t = {.n = 0};
    if (s->c->function_at(s->c->whose, address, &f) != 0)
        return;
    targets_of(s->c, &f, &t);
    if (calls_any(&t, &s->protect)) {
        s->finalize = address;
        s->finalize_n++;
    } else {
        reach(s, &t);
    }
}

/* lua_gc makes no protected call, nor does lua_settop: what they call too is something else.  The nearest such function is
 * taken: farther away there are those that raise errors. */
uint64_t collector_calls_finalize(const struct collector_calls *c, uint64_t step)
{
    struct search s = {.c = c, .reached = {step}, .reached_n = 1};
    struct call_targets all = {.n = 0};
    targets_of(c, &c->api[COLLECTOR_CALLS_lua_gc], &s.other);
    targets_of(c, &c->api[COLLECTOR_CALLS_lua_settop], &s.other);
    targets_of(c, &c->api[COLLECTOR_CALLS_lua_pcallk], &all);
    for (size_t i = 0; i < all.n; i++)
        if (!call_targets_has(&s.other, all.at[i]))
            s.protect.at[s.protect.n++] = all.at[i];
    for (size_t i = 0, level_end = 1; i < s.reached_n && s.finalize_n == 0; level_end = s.reached_n)
        while (i < level_end)
            look_at(&s, s.reached[i++]);
    return s.finalize_n == 1 ? s.finalize : 0;
}
