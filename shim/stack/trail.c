/* trail: see trail.h. */
#include "shim/stack/trail.h"

#include <stdatomic.h>
#include <string.h>

#include "shim/attach/copy.h"
#include "shim/stack/lua_kinds.h"

enum { TRAILS_MAX = 512, BUCKETS = 64, FRAME_MAX_BYTES = 1 << 16, NOT_SAVED = -2 };

static SHIM_TABLE struct trail trails[TRAILS_MAX];
static _Atomic uint32_t trails_n;
static SHIM_TABLE const struct trail *_Atomic bucket[TRAIL_WANTS][BUCKETS];

/* Where the first return address into Lua's code lies; 0: not known yet.  It is the same for all, since the shim's own
 * frames are. */
static _Atomic int32_t lua_at;

enum { RBP = 1 }; /* in cfi_saved_register */

static inline uint32_t bucket_of(uint64_t return_address)
{
    return (uint32_t)(return_address ^ return_address >> 6) % BUCKETS;
}

/* ---- known ones ---- */

const struct trail *trail_find(struct trail_here h, unsigned wants)
{
    int32_t at = atomic_load_explicit(&lua_at, memory_order_relaxed);
    if (unlikely(at == 0))
        return NULL;
    const struct trail *t =
        atomic_load_explicit(&bucket[wants][bucket_of(trail_word(h, at))], memory_order_acquire);
    while (t != NULL && !trail_fits(t, h))
        t = atomic_load_explicit(&t->next, memory_order_acquire);
    return t;
}

int trail_fits_frames(const struct trail *t, struct trail_here h)
{
    for (uint32_t i = 0; i < t->words_n; i++) {
        int32_t at = t->frame_at[i];
        if (at != 0 && trail_word(h, at) - h.rsp != (uint64_t)t->frame[i])
            return 0;
        if (!trail_has_word(t, h, i))
            return 0;
    }
    return 1;
}

uint64_t trail_find_pc(struct trail *t, struct trail_here h, uint64_t lo, uint64_t hi)
{
    for (uint32_t i = 0; i < CFI_SAVED_N; i++) {
        uint64_t pc = trail_word(h, t->saved_at[i]);
        if (!trail_is_pc(pc, lo, hi))
            continue;
        atomic_store_explicit(&t->pc_in, i, memory_order_relaxed);
        return pc;
    }
    return 0;
}

/* ---- new ones ---- */

struct walk {
    struct trail_here here;
    const struct trail_walk *how;
    struct trail t;
    uint64_t pc;
    int32_t sp_at; /* of the frame's rsp, from here.rsp */
    int is_caller; /* 1: pc is a return address */
    int32_t lua_at;
    struct lua_kind_look kind;
    unsigned missing;
};

/* Is there a word so far from rsp, on this stack? */
static int is_on_stack(const struct walk *w, int64_t at)
{
    uint64_t address = w->here.rsp + (uint64_t)at;
    return at >= 0 && at < FRAME_MAX_BYTES && address + 8 <= w->how->stack.hi && !(at & 7);
}

/* The frame's CFA, from rsp here; -1: it can not be told from this. */
static int64_t find_cfa(struct walk *w, const struct cfi_row *row)
{
    uint32_t i = w->t.words_n;
    int32_t at = w->t.saved_at[RBP];
    if (row->cfa_reg == CFI_RSP)
        return (int64_t)w->sp_at + row->cfa_offset;
    int64_t rbp = (int64_t)(trail_word(w->here, at) - w->here.rsp);
    if (row->cfa_reg != CFI_RBP || at == 0 || !is_on_stack(w, rbp))
        return -1;
    w->t.frame_at[i] = at;
    w->t.frame[i] = (int32_t)rbp;
    w->t.has_frames = 1;
    return rbp + row->cfa_offset;
}

static int step(struct walk *w)
{
    struct cfi_row row;
    native_row(w->pc - (uint64_t)w->is_caller, &row);
    if (row.kind != CFI_ROW || w->t.words_n == TRAIL_WORDS)
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
    w->pc = trail_word(w->here, (int32_t)ra_at);
    w->sp_at = (int32_t)cfa;
    w->is_caller = 1;
    w->t.at[w->t.words_n] = ra_at;
    w->t.word[w->t.words_n++] = w->pc;
    return 0;
}

static int look_for_vm(struct walk *w, int32_t saved_at[CFI_SAVED_N])
{
    enum trail_vm vm = w->missing & TRAIL_VM ? w->how->vm(w->pc - 1) : TRAIL_NO_VM;
    if (vm == TRAIL_VM_ELSEWHERE)
        return -1;
    if (vm != TRAIL_NO_VM || w->pc == w->how->call_return)
        w->missing &= ~(unsigned)TRAIL_VM;
    w->t.has_vm |= vm == TRAIL_VM_PC;
    if (vm == TRAIL_VM_PC)
        memcpy(saved_at, w->t.saved_at, sizeof w->t.saved_at);
    return 0;
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
            w->lua_at = (int32_t)w->t.at[w->t.words_n - 1];
        if (look_for_vm(w, saved_at) != 0)
            return -1;
        lua_kind_look(&w->kind, w->pc);
        if (w->kind.done)
            w->missing &= ~(unsigned)TRAIL_KIND;
    }
    memcpy(w->t.saved_at, saved_at, sizeof saved_at);
    w->t.kind = w->kind.kind;
    return w->lua_at != 0 ? 0 : -1;
}

static void fill_stride(struct trail *t)
{
    for (uint32_t i = t->words_n; i % TRAIL_STRIDE != 0; i++) {
        t->at[i] = t->at[i - 1];
        t->word[i] = t->word[i - 1];
    }
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
    struct trail *t = &trails[i];
    const struct trail *first,
        *_Atomic *head = &bucket[wants][bucket_of(trail_word(w->here, w->lua_at))];
    *t = w->t;
    fill_stride(t);
    first = atomic_load(head);
    do {
        atomic_store_explicit(&t->next, first, memory_order_relaxed);
    } while (!atomic_compare_exchange_weak(head, &first, t));
    return t;
}

/* Every register but rbp must have been saved where the walk begins, and be found by it. */
static int is_complete(const struct trail *t)
{
    for (int i = 0; i < CFI_SAVED_N; i++)
        if (t->saved_at[i] == NOT_SAVED)
            return 0;
    return 1;
}

const struct trail *trail_record(const struct registers *r, unsigned wants,
                                 const struct trail_walk *how)
{
    struct walk w = {.here = {r->rsp, r->saved[RBP]}, .how = how, .pc = r->rip, .missing = wants};
    for (int i = 0; i < CFI_SAVED_N; i++)
        w.t.saved_at[i] = i == RBP ? TRAIL_RBP : NOT_SAVED;
    if (how->stack.hi == 0 || walk(&w) != 0 || !is_complete(&w.t) || !same_lua_at(w.lua_at))
        return NULL;
    return keep(&w, wants);
}

void trail_forget(void)
{
    for (int i = 0; i < TRAIL_WANTS; i++)
        for (int j = 0; j < BUCKETS; j++)
            atomic_store(&bucket[i][j], NULL);
}
