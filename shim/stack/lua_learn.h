/* lua_learn: finds out, on a state of the shim's own, whether lua_frames reads this copy of Lua
 * rightly, and where its VM loop lies.
 *
 * Context: host threads, within allocators too, and signal handlers: nothing here takes a lock or memory of the
 * host's, and the state is nobody else's. */
#ifndef SHIM_STACK_LUA_LEARN_H
#define SHIM_STACK_LUA_LEARN_H

#include "shim/attach/copy.h"
#include "shim/stack/cfi.h"
#include "shim/stack/native.h"

struct lua_learnt {
    int tried;           /* 1: all was learnt that can be */
    int frames;          /* 1: lua_frames may be used */
    int pc_in_register;  /* 1: the VM keeps its pc in a register that calls preserve */
    int32_t pc_slot;     /* else it is in memory, so far from where rbp points to; 0: not found */
    struct cfi_range vm; /* 0, 0: not found */
    /* Where the VM has the state that it runs at a call: registers that calls preserve, and places in its frame, so far from where
     * rsp points to.  Elsewhere in its code it may be at some of them only. */
    uint16_t state_registers; /* bits of DWARF numbers */
    int16_t state_slot[4];
    uint32_t state_slots_n;
};

/* What is known of copy ID; never NULL.  Any context. */
const struct lua_learnt *lua_learnt(uint32_t id);

/* Learns, once per copy, when its layout was checked.  STACK: the one this runs on, of which it takes up to 96 KiB;
 * 0, 0: not known.  Returns 1 to the caller that learnt, 0 to all others, also while another copy is being learnt. */
int lua_learn(struct lua_copy *c, const struct native_stack *stack);

/* In a fork's child: the thread that was learning is not there. */
void lua_learn_forked(void);

/* Why the Lua frames of C, which was looked at, can not be read: a sentence part that lives for ever. */
const char *lua_no_frames_why(const struct lua_copy *c);

/* 1: the pc of copy ID's running function can be told. Any context. */
int lua_has_pc(uint32_t id);

/* Brings the pc of a VM that keeps it in memory to where lua_frames finds it: a register of VM, the VM's frame on STACK.
 * Changes errno.  Any context. */
void lua_bring_pc(uint32_t id, struct native_frame *vm, const struct native_stack *stack);

/* The state that VM, a frame of copy ID's VM on STACK, runs; NULL: it can not be told.  Only what is a state is returned, and none
 * while the VM is being entered.  For what no call into Lua stands for: metamethods and finalizers of a host that is in no function
 * of Lua's.  Changes errno.  Any context. */
lua_State *lua_vm_state(uint32_t id, const struct native_frame *vm,
                        const struct native_stack *stack);

/* The copy's object is about to be unloaded. */
void lua_unlearn(uint32_t id);

#endif
