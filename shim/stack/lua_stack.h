/* lua_stack: Lua frames as a chain of nodes.
 *
 * Context: host threads, signal handlers; lock-free. */
#ifndef SHIM_STACK_LUA_STACK_H
#define SHIM_STACK_LUA_STACK_H

#include "shim/stack/lua_frames.h"
#include "shim/stack/lua_key.h"
#include "shim/stack/nodes.h"

/* The most frames of a stack that are told apart, innermost first. */
enum { LUA_STACK_MAX = LUA_KEY_FRAMES + 1 };

/* The key of the node of F, which is read, below PARENT. */
static inline struct node_key lua_stack_key(struct lua_frame *f, uint32_t parent)
{
    lua_frame_read(f);
    return (struct node_key){
        .value = f->kind == NODE_LUA ? proto_intern((const void *)(uintptr_t)f->value) : f->value,
        .parent = parent,
        .line = f->line,
        .kind = f->kind,
        .flags = f->flags};
}

/* The node of N frames, innermost first; 0: there is none. */
uint32_t lua_stack_intern(struct lua_frame *f, int n);

/* The node of what L runs, whose innermost function, where it is a Lua function, is at PC (0: at what it saved).  Within
 * Lua's allocator.  Callers that were met before are not interned again: CODE changes whenever a pc may have become
 * another function's.  MAY_ASK as for native_bounds. */
uint32_t lua_stack_node(const lua_State *L, uint64_t pc, uint64_t code, int may_ask);

#endif
