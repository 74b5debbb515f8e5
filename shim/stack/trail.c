/* trail: see trail.h. */
#include "shim/stack/trail.h"

#include <stdatomic.h>
#include <string.h>

#include "shim/attach/copy.h"
#include "shim/stack/lua_kinds.h"

enum { TRAILS_MAX = 512, BUCKETS = 64, FRAME_MAX_BYTES = 1 << 16 };

static struct trail trails[TRAILS_MAX];
static _Atomic uint32_t trails_n;
static struct trail *_Atomic bucket[TRAIL_WANTS][BUCKETS];

/* Where the first return address into Lua's code lies; 0: not known yet.  It is the same for all, since the shim's own
 * frames are. */
static _Atomic int32_t lua_at;

static inline uint64_t word_at(const struct registers *r, int32_t at)
{
    uint64_t word;
    memcpy(&word, (const void *)(uintptr_t)(r->rsp + (uint64_t)(int64_t)at), sizeof word);
    return word;
}

enum { RBP = 1 }; /* in cfi_saved_register */

/* What is there, or in rbp. */
static inline uint64_t place(const struct registers *r, int32_t at)
{
    return unlikely(at == TRAIL_REGISTER) ? r->saved[RBP] : word_at(r, at);
}

static inline uint32_t bucket_of(uint64_t return_address)
{
    return (uint32_t)(return_address ^ return_address >> 6) % BUCKETS;
}

/* ---- known ones ---- */

/* In order: only what was checked before says that there is a frame at the next place. */
static inline int fits(const struct trail *t, const struct registers *r)
{
    for (uint32_t i = 0; i < t->checks_n; i++) {
        const struct trail_check *c = &t->check[i];
        if (place(r, c->at) - (unlikely(c->relative) ? r->rsp : 0) != c->word)
            return 0;
    }
    return 1;
}

const struct trail *trail_find(const struct registers *r, unsigned wants)
{
    int32_t at = atomic_load_explicit(&lua_at, memory_order_relaxed);
    if (unlikely(at == 0))
        return NULL;
    struct trail *t =
        atomic_load_explicit(&bucket[wants][bucket_of(word_at(r, at))], memory_order_acquire);
    while (t != NULL && !fits(t, r))
        t = atomic_load_explicit(&t->next, memory_order_acquire);
    return t;
}

static uint64_t saved(const struct trail *t, const struct registers *r, int i)
{
    return t->saved_at[i] == TRAIL_REGISTER ? r->saved[i] : word_at(r, t->saved_at[i]);
}

static int is_pc(uint64_t pc, uint64_t lo, uint64_t hi)
{
    return pc > lo && pc <= hi && (pc & 3) == 0;
}

uint64_t trail_pc(const struct trail *t, const struct registers *r, uint64_t lo, uint64_t hi)
{
    int last = atomic_load_explicit(&t->pc_in, memory_order_relaxed);
    uint64_t pc = saved(t, r, last);
    if (likely(is_pc(pc, lo, hi)))
        return pc;
    for (int i = 0; i < CFI_SAVED_N; i++)
        if (is_pc(pc = saved(t, r, i), lo, hi)) {
            atomic_store_explicit(&((struct trail *)(uintptr_t)t)->pc_in, (uint8_t)i,
                                  memory_order_relaxed);
            return pc;
        }
    return 0;
}

/* ---- new ones ---- */

struct walk {
    const struct registers *r;
    const struct trail_walk *how;
    struct trail t;
    uint64_t pc;
    int32_t sp_at; /* of the frame's rsp, from r->rsp */
    int is_caller; /* 1: pc is a return address */
    int32_t lua_at;
    struct lua_kind_look kind;
    unsigned missing;
};

static int add_check(struct walk *w, int32_t at, int relative, uint64_t word)
{
    if (w->t.checks_n == TRAIL_CHECKS)
        return -1;
    w->t.check[w->t.checks_n++] = (struct trail_check){at, relative, word};
    return 0;
}

/* Is there a word so far from rsp, on this stack? */
static int is_on_stack(const struct walk *w, int64_t at)
{
    uint64_t address = w->r->rsp + (uint64_t)at;
    return at >= 0 && at < FRAME_MAX_BYTES && address + 8 <= w->how->stack.hi && !(at & 7);
}

/* The frame's CFA, from rsp here; -1: it can not be told from this. */
static int64_t find_cfa(struct walk *w, const struct cfi_row *row)
{
    int32_t at = w->t.saved_at[RBP];
    if (row->cfa_reg == CFI_RSP)
        return (int64_t)w->sp_at + row->cfa_offset;
    if (row->cfa_reg != CFI_RBP)
        return -1;
    int64_t rbp = (int64_t)(place(w->r, at) - w->r->rsp);
    return add_check(w, at, 1, (uint64_t)rbp) == 0 ? rbp + row->cfa_offset : -1;
}

static int step(struct walk *w)
{
    struct cfi_row row;
    native_row(w->pc - (uint64_t)w->is_caller, &row);
    if (row.kind != CFI_ROW)
        return -1;
    int64_t cfa = find_cfa(w, &row), ra_at = cfa + row.return_offset;
    if (cfa <= w->sp_at || !is_on_stack(w, ra_at))
        return -1;
    for (int i = 0; i < CFI_SAVED_N; i++) {
        if (row.saved[i] == CFI_NOT_SAVED)
            continue;
        if (!is_on_stack(w, cfa + row.saved[i]))
            return -1;
        w->t.saved_at[i] = (int32_t)(cfa + row.saved[i]);
    }
    w->pc = word_at(w->r, (int32_t)ra_at);
    w->sp_at = (int32_t)cfa;
    w->is_caller = 1;
    return add_check(w, (int32_t)ra_at, 0, w->pc);
}

static void look_for_vm(struct walk *w, int32_t saved_at[CFI_SAVED_N])
{
    if (!(w->missing & TRAIL_VM))
        return;
    w->t.has_vm = w->how->vm_copy(w->pc - 1) >= 0;
    if (w->t.has_vm || w->pc == w->how->call_return)
        w->missing &= ~(unsigned)TRAIL_VM;
    if (w->t.has_vm)
        memcpy(saved_at, w->t.saved_at, sizeof w->t.saved_at);
}

/* Only Lua's frames and our own: code of others may be unloaded, and make place for code with other frames. */
static int is_ours(const struct walk *w)
{
    if (copy_of_address((const void *)(uintptr_t)w->pc) != NULL)
        return 1;
    return w->lua_at == 0 || w->pc == w->how->call_return;
}

static int walk(struct walk *w)
{
    int32_t saved_at[CFI_SAVED_N] = {0};
    while (w->missing) {
        if (step(w) != 0 || !is_ours(w))
            return -1;
        if (w->lua_at == 0 && copy_of_address((const void *)(uintptr_t)w->pc) != NULL)
            w->lua_at = w->t.check[w->t.checks_n - 1].at;
        look_for_vm(w, saved_at);
        lua_kind_look(&w->kind, w->pc);
        if (w->kind.done)
            w->missing &= ~(unsigned)TRAIL_KIND;
    }
    memcpy(w->t.saved_at, saved_at, sizeof saved_at);
    w->t.kind = w->kind.kind;
    return w->lua_at != 0 ? 0 : -1;
}

static int same_lua_at(int32_t at)
{
    int32_t none = 0;
    return atomic_compare_exchange_strong(&lua_at, &none, at) || none == at;
}

static const struct trail *keep(const struct walk *w, unsigned wants)
{
    uint32_t i = atomic_load(&trails_n);
    do {
        if (i == TRAILS_MAX)
            return NULL;
    } while (!atomic_compare_exchange_weak(&trails_n, &i, i + 1));
    struct trail *t = &trails[i], *first;
    struct trail *_Atomic *head = &bucket[wants][bucket_of(word_at(w->r, w->lua_at))];
    *t = w->t;
    first = atomic_load(head);
    do {
        atomic_store_explicit(&t->next, first, memory_order_relaxed);
    } while (!atomic_compare_exchange_weak(head, &first, t));
    return t;
}

const struct trail *trail_record(const struct registers *r, unsigned wants,
                                 const struct trail_walk *how)
{
    struct walk w = {.r = r, .how = how, .pc = r->rip, .missing = wants};
    for (int i = 0; i < CFI_SAVED_N; i++)
        w.t.saved_at[i] = TRAIL_REGISTER;
    if (how->stack.hi == 0 || walk(&w) != 0 || !same_lua_at(w.lua_at))
        return NULL;
    return keep(&w, wants);
}

void trail_forget(void)
{
    for (int i = 0; i < TRAIL_WANTS; i++)
        for (int j = 0; j < BUCKETS; j++)
            atomic_store(&bucket[i][j], NULL);
}
