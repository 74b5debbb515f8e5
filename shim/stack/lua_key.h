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

#define LUA_KEY_STEP UINT64_C(0xd6e8feb86659fd93)

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
    uint8_t tag = (uint8_t)func[OFFSET_TVALUE_TAG];
    if (likely(tag == TAG_LIGHT_C))
        return lua_key_word(func, 0);
    return tag == TAG_C_CLOSURE ? lua_key_word(lua_key_pointer(func, 0), OFFSET_CCLOSURE_F) : 0;
}

/* Where no address has bits. */
static inline uint64_t lua_key_flags(uint32_t status)
{
    uint32_t flags = status & LUA_KEY_STATUS;
    __asm__("" : "+r"(flags)); /* masked before it is moved: a large mask would take a register */
    return (uint64_t)flags << 48;
}

/* Is the call info CI, a state's innermost one, of a Lua function?  Else of a C function, or nothing runs: the outermost call info, which
 * stands for no call, is marked as C's (lua_layout_check.c). */
static inline int lua_key_is_lua(const void *ci)
{
    return !(lua_key_status(ci) & CALL_IS_C);
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

/* Sets *WHAT to what stands for a call that has some of LUA_KEY_STATUS: by far not most.  Returns 0 where that is not known yet, and
 * MAY_LOOK is 0. */
static inline int lua_key_special(const void *ci, uint64_t salt, int may_look, uint64_t *what)
{
    uint32_t status = lua_key_status(ci);
    uint64_t at = lua_key_word(ci, OFFSET_CI_SAVEDPC);
    if (status & CALL_IS_C) {
        *what = lua_key_c_function(ci);
    } else if (!lua_line_known(at, salt, what)) {
        if (!may_look)
            return 0;
        *what = lua_line_look(ci, at);
    }
    *what ^= lua_key_flags(status);
    return 1;
}

/* Adds the call info CI and its callers to *KEY, that of what they called.  MAY_LOOK 0: returns 0 where a line is not known yet.
 * One test a frame tells all that is seldom, and the outermost one, too. */
static inline __attribute__((always_inline)) int lua_key_callers(const void *ci, uint64_t *key,
                                                                 int may_look)
{
    const uint64_t salt = lua_line_salt_now();
    uint64_t k = *key;
    int left = LUA_KEY_FRAMES;
    do {
        uint64_t what, at;
        if (unlikely(lua_key_status(ci) & LUA_KEY_STATUS)) {
            __asm__("" : "+r"(ci)); /* what the test has read is not kept for this */
            if (lua_key_pointer(ci, OFFSET_CI_PREVIOUS) == NULL)
                break;
            if (!lua_key_special(ci, salt, may_look, &what))
                return 0;
        } else if (unlikely(
                       !lua_line_known(at = lua_key_word(ci, OFFSET_CI_SAVEDPC), salt, &what))) {
            if (!may_look)
                return 0;
            what = lua_line_look(ci, at);
        }
        k = (k + what) * LUA_KEY_STEP;
        ci = lua_key_pointer(ci, OFFSET_CI_PREVIOUS);
    } while (likely(--left != 0));
    *key = k;
    return 1;
}

/* The part of the innermost frame, CI's, of a Lua function that is at PC. */
static inline uint64_t lua_key_innermost(const void *ci, uint64_t pc)
{
    return (pc ^ lua_key_flags(lua_key_status(ci))) * LUA_KEY_STEP;
}

/* The key of L's stack, by what its frames saved. */
static inline uint64_t lua_key(const lua_State *L)
{
    uint64_t key = 0;
    lua_key_callers(lua_key_pointer(L, OFFSET_STATE_CI), &key, 1);
    return key;
}

#endif
