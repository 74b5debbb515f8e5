/* trail: a walk of the C stack from Lua's allocator to the VM, remembered.
 *
 * By the frame descriptions, a return address tells how large its frame is and where it keeps its caller's registers.  So
 * where the return addresses of a walk are seen again, each at its place, the walk would find what it found before: the
 * same kind of block, and the VM's registers in the same places.  A few comparisons then stand for it.
 *
 * Context: host threads within an allocator; lock-free.  Bounded: what finds no room is not remembered. */
#ifndef SHIM_STACK_TRAIL_H
#define SHIM_STACK_TRAIL_H

#include <stdatomic.h>
#include <string.h>

#include "shim/attach/arch/x86_64/registers.h"
#include "shim/platform.h"
#include "shim/stack/cfi.h"
#include "shim/stack/native.h"

/* How far to walk: to the VM's loop (or the call that was made into Lua, where it is not running); until
 * the kind of a block is told to which Lua gives none (lua_kinds.h). */
enum { TRAIL_VM = 1, TRAIL_KIND = 2, TRAIL_WANTS = 4 };

/* WORDS is a multiple of STRIDE. */
enum { TRAIL_WORDS = 16, TRAIL_STRIDE = 4, TRAIL_RBP = -1 };

/* Where a walk begins: a function that has saved all registers that calls preserve, but for rbp maybe. */
struct trail_here {
    uint64_t rsp, rbp;
};

static inline __attribute__((always_inline)) struct trail_here trail_here(void)
{
    struct trail_here h;
    __asm__ volatile("mov %%rsp, %0" : "=r"(h.rsp));
    __asm__ volatile("mov %%rbp, %0" : "=r"(h.rbp));
    return h;
}

struct trail {
    const struct trail *_Atomic next;
    uint8_t words_n, kind;
    uint8_t has_vm;                /* 1: of a VM that keeps its pc in a register */
    uint8_t has_frames;            /* 1: a function on the way has a frame pointer */
    _Atomic uint32_t pc_in;        /* which saved register had the pc the last time */
    int32_t saved_at[CFI_SAVED_N]; /* the VM's registers: distance from rsp, or TRAIL_RBP */
    /* Distances from rsp of return addresses, and these.  The last one stands once more up to the end of the stride. */
    int64_t at[TRAIL_WORDS];
    uint64_t word[TRAIL_WORDS];
    /* Where the address of the frame of the function is that has the I-th return address, and how far from rsp that
     * is; 0: it has no frame pointer. */
    int32_t frame_at[TRAIL_WORDS], frame[TRAIL_WORDS];
};

/* What is so far from rsp, or in rbp. */
static inline uint64_t trail_word(struct trail_here h, int32_t at)
{
    uint64_t word;
    if (unlikely(at == TRAIL_RBP))
        return h.rbp;
    memcpy(&word, (const void *)(uintptr_t)(h.rsp + (uint64_t)(int64_t)at), sizeof word);
    return word;
}

/* The same where functions have frame pointers. */
int trail_fits_frames(const struct trail *t, struct trail_here h);

static inline int trail_has_word(const struct trail *t, struct trail_here h, uint32_t i)
{
    return *(const uint64_t *)(uintptr_t)(h.rsp + (uint64_t)t->at[i]) == t->word[i];
}

/* In order: only what was checked before says that there is a frame at the next place. */
static inline int trail_fits(const struct trail *t, struct trail_here h)
{
    if (unlikely(t->has_frames))
        return trail_fits_frames(t, h);
    uint32_t i = 0;
    do { /* there is one, at least */
        if (unlikely(!trail_has_word(t, h, i)) || unlikely(!trail_has_word(t, h, i + 1)) ||
            unlikely(!trail_has_word(t, h, i + 2)) || unlikely(!trail_has_word(t, h, i + 3)))
            return 0;
    } while ((i += TRAIL_STRIDE) < t->words_n);
    return 1;
}

/* The trail from H; NULL: it is not known. */
const struct trail *trail_find(struct trail_here h, unsigned wants);

enum trail_vm { TRAIL_NO_VM, TRAIL_VM_PC, TRAIL_VM_NO_PC, TRAIL_VM_ELSEWHERE };
struct trail_walk {
    struct native_stack stack;        /* this one */
    uint64_t call_return;             /* where calls into Lua return to in frames of the shim's */
    enum trail_vm (*vm)(uint64_t pc); /* is that in a VM's loop? */
};
/* Walks from R, which are the registers at H, and remembers.  Returns NULL where that can not be done. */
const struct trail *trail_record(const struct registers *r, unsigned wants,
                                 const struct trail_walk *how);

uint64_t trail_find_pc(struct trail *t, struct trail_here h, uint64_t lo, uint64_t hi);

static inline int trail_is_pc(uint64_t pc, uint64_t lo, uint64_t hi)
{
    return pc > lo && pc <= hi && (pc & 3) == 0;
}

/* The pc, where T has a VM: what of its registers lies in (LO, HI]; 0: nothing does. */
static inline uint64_t trail_pc(const struct trail *t, struct trail_here h, uint64_t lo,
                                uint64_t hi)
{
    uint32_t last = atomic_load_explicit(&t->pc_in, memory_order_relaxed);
    uint64_t pc = trail_word(h, t->saved_at[last]);
    return likely(trail_is_pc(pc, lo, hi)) ? pc
                                           : trail_find_pc((struct trail *)(uintptr_t)t, h, lo, hi);
}

/* A copy of Lua was unloaded. */
void trail_forget(void);

#endif
