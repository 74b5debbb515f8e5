/* trail: a walk of the C stack from Lua's allocator to the VM, remembered.
 *
 * By the frame descriptions, a return address tells how large its frame is and where it keeps its caller's registers.  So
 * where the return addresses of a walk are seen again, each at its place, the walk would find what it found before: the
 * same kind of block, and the VM's registers in the same places.  A few comparisons then stand for it.
 *
 * Context: host threads within an allocator; lock-free.  Bounded: what finds no room is not remembered. */
#ifndef SHIM_STACK_TRAIL_H
#define SHIM_STACK_TRAIL_H

#include "shim/attach/arch/x86_64/registers.h"
#include "shim/platform.h"
#include "shim/stack/cfi.h"
#include "shim/stack/native.h"

/* How far to walk: to the VM's loop (or the call that was made into Lua, where it is not running); until
 * the kind of a block is told to which Lua gives none (lua_kinds.h). */
enum { TRAIL_VM = 1, TRAIL_KIND = 2, TRAIL_WANTS = 4 };

enum { TRAIL_CHECKS = 14, TRAIL_REGISTER = -1 };

struct trail {
    struct trail *_Atomic next;
    uint8_t checks_n, kind;
    uint8_t has_vm;
    _Atomic uint8_t pc_in;         /* which saved register had the pc the last time */
    int32_t saved_at[CFI_SAVED_N]; /* the VM's registers: distance from rsp, or TRAIL_REGISTER */
    struct trail_check {
        int32_t at;       /* TRAIL_REGISTER: rbp */
        int32_t relative; /* 1: it is an address on the stack; WORD is its distance from rsp */
        uint64_t word;
    } check[TRAIL_CHECKS];
};

/* The trail from R, the registers here, which must stay as they are; NULL: it is not known. */
const struct trail *trail_find(const struct registers *r, unsigned wants);

struct trail_walk {
    struct native_stack stack;   /* this one */
    uint64_t call_return;        /* where calls into Lua return to in frames of the shim's */
    int (*vm_copy)(uint64_t pc); /* the copy whose VM's loop that is in; -1: none */
};
/* Walks, and remembers.  Returns NULL where that can not be done. */
const struct trail *trail_record(const struct registers *r, unsigned wants,
                                 const struct trail_walk *how);

/* The pc of a VM that keeps it in a register: one of the VM's that lies in (LO, HI]; 0: none does. */
uint64_t trail_pc(const struct trail *t, const struct registers *r, uint64_t lo, uint64_t hi);

/* A copy of Lua was unloaded. */
void trail_forget(void);

#endif
