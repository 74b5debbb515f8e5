/* lua_frames: walks Lua's call infos, without calling Lua.
 *
 * Trusts nothing that a signal may have interrupted half-way: a call info counts only when its
 * function lies between its caller's and the top of the stack, within the stack; the walk ends where
 * that does not hold, and says so.  Only for copies whose structures were checked (lua_learn.h).
 *
 * Context: signal handlers on the thread that runs L. */
#ifndef SHIM_STACK_LUA_FRAMES_H
#define SHIM_STACK_LUA_FRAMES_H

#include "shim/attach/copy.h"
#include "shim/stack/native.h"

struct lua_frame {
    uint64_t value; /* as in the `node` record, but for Lua functions: address of the Proto */
    uint64_t pc;    /* Lua functions: exact where a register held it, else the saved one */
    const char
        *func; /* Lua functions whose value and line were not read yet: their slot; else NULL */
    uint32_t line;
    uint16_t kind;  /* enum node_kind */
    uint16_t flags; /* enum node_flag */
};

/* The block that this thread's last request to a Lua allocator moves or moved; NULL where it was none.
 * Until 5.4.4 a state points to its old stack, which is gone, until all is copied. */
extern SHIM_HIDDEN SHIM_TLS const void *lua_frames_moved;

enum lua_frames_end { LUA_FRAMES_WHOLE = 0, LUA_FRAMES_CUT = 1, LUA_FRAMES_BUSY = 2 };

/* Writes up to MAX frames of L, innermost first, to OUT; returns their number.  VM: registers of the
 * innermost native frame of the VM, for the exact line of the running function, or NULL.  Lua functions but the
 * innermost are left unread. */
int lua_frames(lua_State *L, const struct native_frame *vm, struct lua_frame *out, int max,
               enum lua_frames_end *end);

typedef int lua_frames_walk(lua_State *L, const struct native_frame *vm, struct lua_frame *out,
                            int max, enum lua_frames_end *end);

/* The same where nothing of L is half-done: within Lua's allocator, or while L waits for a coroutine that it resumed.  Asks the
 * kernel for nothing. */
int lua_frames_at_rest(lua_State *L, const struct native_frame *vm, struct lua_frame *out, int max,
                       enum lua_frames_end *end);

/* The same where it is known already that the innermost function, if it is a Lua function, is at PC (0: at what it saved);
 * it is left unread as well. */
int lua_frames_at_pc(lua_State *L, uint64_t pc, struct lua_frame *out, int max,
                     enum lua_frames_end *end);

/* Reads value and line of an unread frame; others are left as they are. */
void lua_frame_read(struct lua_frame *f);

/* The pc that the Lua function which called the running C function saved; 0: it was none. */
uint64_t lua_frames_saved_pc(lua_State *L);

/* What identifies a Lua function beyond its address. */
struct lua_proto {
    const char *source; /* NULL: stripped */
    size_t source_n;
    uint32_t line_defined, last_line;
};
void lua_proto_read(const void *proto, struct lua_proto *out);

/* How many instructions PC (saved, or in a register) is behind the first one of its line; at most MAX. */
uint32_t lua_proto_line_begin(const void *proto, uint64_t pc, uint32_t max);

/* Bounds of the function's code. */
void lua_proto_code(const void *proto, uint64_t *lo, uint64_t *hi);

#endif
