/* lua_key: a number for the stack of a Lua state, without interning a frame.
 *
 * Stacks with equal frames (the same functions, with the same flags, whose callers are at the same lines and the innermost one at
 * the same instruction) have equal keys, and unequal ones all but never.  A Lua frame is known by a pc alone, since each function has
 * instructions of its own; so a key holds until one of the state's prototypes is freed.
 *
 * Only for copies whose structures were checked (lua_learn.h), and not while a stack is being moved: all that is read is sound then.
 * Context: the thread that runs the state, within its allocator while a new block is made. */
#ifndef SHIM_STACK_LUA_KEY_H
#define SHIM_STACK_LUA_KEY_H

#include <string.h>

#include "shim/attach/lua_tags.h"
#include "shim/stack/lua_line.h"

/* As many frames are told apart, innermost first. */
enum { LUA_KEY_FRAMES = 127 };
/* The bits of a call's status that its frame shows (lua_frames.c). */
enum { LUA_KEY_STATUS = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 5 | 1 << 7 };

static inline uint64_t lua_key_add(uint64_t key, uint64_t value)
{
    key = (key ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return key ^ key >> 32;
}

static inline uint64_t lua_key_word(const void *base, size_t offset)
{
    uint64_t v;
    memcpy(&v, (const char *)base + offset, sizeof v);
    return v;
}

static inline const void *lua_key_pointer(const void *base, size_t offset)
{
    return (const void *)(uintptr_t)lua_key_word(base, offset);
}

static inline uint16_t lua_key_status(const void *ci)
{
    uint16_t status;
    memcpy(&status, (const char *)ci + OFFSET_CI_STATUS, sizeof status);
    return status;
}

/* The address of the C function that the call info CI is of. */
static inline uint64_t lua_key_c_function(const void *ci)
{
    const char *func = lua_key_pointer(ci, OFFSET_CI_FUNC);
    switch ((uint8_t)func[OFFSET_TVALUE_TAG]) {
    case TAG_LIGHT_C:
        return lua_key_word(func, 0);
    case TAG_C_CLOSURE:
        return lua_key_word(lua_key_pointer(func, 0), OFFSET_CCLOSURE_F);
    default:
        return 0;
    }
}

/* Where no address has bits. */
static inline uint64_t lua_key_flags(uint32_t status)
{
    uint32_t flags = status & LUA_KEY_STATUS;
    __asm__("" : "+r"(flags)); /* masked before it is moved: a large mask would take a register */
    return (uint64_t)flags << 48;
}

/* The call info of the Lua function that runs innermost on L; NULL where a C function does, or nothing. */
static inline const void *lua_key_lua_call(const lua_State *L)
{
    const void *ci = lua_key_pointer(L, OFFSET_STATE_CI);
    if (lua_key_status(ci) & CALL_IS_C || lua_key_pointer(ci, OFFSET_CI_PREVIOUS) == NULL)
        return NULL;
    return ci;
}

/* The bounds of the instructions of the Lua function that the call info CI is of. */
static inline void lua_key_code(const void *ci, uint64_t *lo, uint64_t *hi)
{
    const void *closure = lua_key_pointer(lua_key_pointer(ci, OFFSET_CI_FUNC), 0);
    const void *proto = lua_key_pointer(closure, OFFSET_LCLOSURE_PROTO);
    int32_t n;
    memcpy(&n, (const char *)proto + OFFSET_PROTO_SIZECODE, sizeof n);
    *lo = lua_key_word(proto, OFFSET_PROTO_CODE);
    *hi = *lo + (uint64_t)(uint32_t)n * 4;
}

/* The key of L's stack.  PC: where it is, if that is better known than by what it saved; else 0.  MAY_LOOK 0: returns 0 where a
 * line is not known yet. */
static inline __attribute__((always_inline)) uint64_t lua_key(const lua_State *L, uint64_t pc,
                                                              int may_look)
{
    const uint64_t step = UINT64_C(0xd6e8feb86659fd93), salt = lua_line_salt_now();
    const void *ci = lua_key_pointer(L, OFFSET_STATE_CI);
    int left = LUA_KEY_FRAMES;
    uint64_t key = 0, what;
    if (pc != 0) { /* there is a call */
        key = (pc ^ lua_key_flags(lua_key_status(ci))) * step;
        ci = lua_key_pointer(ci, OFFSET_CI_PREVIOUS);
    }
    while (lua_key_word(ci, OFFSET_CI_PREVIOUS) != 0) {
        uint32_t status = lua_key_status(ci);
        if (likely(!(status & CALL_IS_C))) {
            uint64_t at = lua_key_word(ci, OFFSET_CI_SAVEDPC);
            if (!lua_line_known(at, salt, &what)) {
                if (!may_look)
                    return 0;
                what = lua_line_look(ci, at);
            }
        } else {
            what = lua_key_c_function(ci);
        }
        if (unlikely(status & LUA_KEY_STATUS))
            what ^= lua_key_flags(status);
        key = (key + what) * step;
        ci = lua_key_pointer(ci, OFFSET_CI_PREVIOUS);
        if (unlikely(--left == 0))
            break;
    }
    return key;
}

#endif
