/* lua_frames: see lua_frames.h.
 *
 * Lines: Lua keeps a signed difference for each instruction, and absolute lines for some
 * (ldebug.c, luaG_getfuncline). */
#include "shim/stack/lua_frames.h"

#include <string.h>

#include "shim/attach/lua_tags.h"
#include "shim/attach/thunk.h"
#include "wire/enums.h"

/* Offsets of 5.4.2 to 5.4.9 on 64-bit machines, checked before use (lua_learn.c). */
enum {
    STATE_STACK_LAST = 40,
    STATE_STACK = 48,
    PROTO_SIZELINEINFO = 28,
    PROTO_SIZEABSLINEINFO = 40,
    PROTO_LINEDEFINED = 44,
    PROTO_LASTLINE = 48,
    PROTO_LINEINFO = 88,
    PROTO_ABSLINEINFO = 96,
    PROTO_SOURCE = 112,
    TSTRING_TAG = 8,
    TSTRING_SHRLEN = 11,
    TSTRING_LNGLEN = 16,
    TSTRING_BYTES = 24,
    TAG_LONG_STRING = 0x14,
    OBJECT_TAG = 8, /* in the header of every object that is collected */
    OBJECT_HEAD_BYTES = 32,
    PROTO_BYTES = 120,
    TAG_PROTO = 10,
    TAG_COLLECTABLE = 1 << 6 /* in values, not in headers */
};

SHIM_TLS const void *lua_frames_moved;

/* Bits of CallInfo.callstatus. */
enum {
    CIST_C = 1 << 1,
    CIST_FRESH = 1 << 2,
    CIST_HOOKED = 1 << 3,
    CIST_TAIL = 1 << 5,
    CIST_FIN = 1 << 7
};

static uint64_t u64_at(const void *base, size_t offset)
{
    uint64_t v;
    memcpy(&v, (const char *)base + offset, sizeof v);
    return v;
}

static int32_t s32_at(const void *base, size_t offset)
{
    int32_t v;
    memcpy(&v, (const char *)base + offset, sizeof v);
    return v;
}

static const void *pointer_at(const void *base, size_t offset)
{
    return (const void *)(uintptr_t)u64_at(base, offset);
}

/* ---- prototypes ---- */

void lua_proto_read(const void *proto, struct lua_proto *out)
{
    const void *s = pointer_at(proto, PROTO_SOURCE);
    out->line_defined = (uint32_t)s32_at(proto, PROTO_LINEDEFINED);
    out->last_line = (uint32_t)s32_at(proto, PROTO_LASTLINE);
    out->source = NULL;
    out->source_n = 0;
    if (s == NULL)
        return;
    out->source = (const char *)s + TSTRING_BYTES;
    int is_long = (((const uint8_t *)s)[TSTRING_TAG] & 0x3f) == TAG_LONG_STRING;
    out->source_n = is_long ? u64_at(s, TSTRING_LNGLEN) : ((const uint8_t *)s)[TSTRING_SHRLEN];
}

void lua_proto_code(const void *proto, uint64_t *lo, uint64_t *hi)
{
    *lo = u64_at(proto, OFFSET_PROTO_CODE);
    *hi = *lo + (uint64_t)(uint32_t)s32_at(proto, OFFSET_PROTO_SIZECODE) * 4;
}

struct abs_line {
    int32_t pc, line;
};

/* The last absolute line at or before PC. */
static struct abs_line base_line(const void *proto, int32_t pc)
{
    struct abs_line base = {-1, s32_at(proto, PROTO_LINEDEFINED)}, a;
    const char *list = pointer_at(proto, PROTO_ABSLINEINFO);
    int32_t lo = 0, hi = list != NULL ? s32_at(proto, PROTO_SIZEABSLINEINFO) : 0;
    while (lo < hi) {
        int32_t mid = (lo + hi) / 2;
        memcpy(&a, list + (size_t)mid * sizeof a, sizeof a);
        if (a.pc <= pc) {
            base = a;
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return base;
}

static uint32_t line_of(const void *proto, int32_t pc)
{
    const int8_t *differences = pointer_at(proto, PROTO_LINEINFO);
    if (differences == NULL || pc < 0 || pc >= s32_at(proto, PROTO_SIZELINEINFO))
        return 0;
    struct abs_line base = base_line(proto, pc);
    while (base.pc++ < pc)
        base.line += differences[base.pc];
    return base.line > 0 ? (uint32_t)base.line : 0;
}

/* ---- frames ---- */

/* Lua's pc is ahead of the instruction that runs. */
static int32_t instruction(const void *proto, uint64_t saved_pc)
{
    uint64_t lo, hi;
    lua_proto_code(proto, &lo, &hi);
    if (saved_pc == lo)
        return 0; /* not begun yet */
    return saved_pc > lo && saved_pc <= hi ? (int32_t)((saved_pc - lo) / 4) - 1 : -1;
}

uint32_t lua_proto_line_begin(const void *proto, uint64_t pc, uint32_t max)
{
    int32_t i = instruction(proto, pc);
    uint32_t line = line_of(proto, i), n = 0;
    while (n < max && i - (int32_t)n > 0 && line_of(proto, i - (int32_t)n - 1) == line)
        n++;
    return n;
}

/* The VM keeps its pc in a register, mostly one that calls preserve. */
static int pc_in_registers(const void *proto, const struct native_frame *vm, uint64_t *pc)
{
    uint64_t lo, hi;
    lua_proto_code(proto, &lo, &hi);
    for (int i = 0; i < CFI_SAVED_N; i++) {
        *pc = vm->r[cfi_saved_register[i]];
        if (*pc > lo && *pc <= hi && (*pc & 3) == 0)
            return 1;
    }
    for (int i = 0; vm->is_exact && i < 16; i++) {
        *pc = vm->r[i];
        if (i != CFI_RSP && *pc > lo && *pc <= hi && (*pc & 3) == 0)
            return 1;
    }
    return 0;
}

static uint16_t flags_of(unsigned status)
{
    return (uint16_t)((status & CIST_FRESH ? NODE_FRESH : 0) |
                      (status & CIST_TAIL ? NODE_TAIL_CALL : 0) |
                      (status & CIST_FIN ? NODE_FINALIZER : 0) |
                      (status & CIST_HOOKED ? NODE_HOOK : 0));
}

/* In Lua's allocator, and in a thread that waits for another, nothing of its own is half-done.  Where the pc is known, the innermost
 * function is left unread, too. */
enum moment { AT_ANY_MOMENT, AT_REST, AT_REST_AT_PC };

/* Functions and prototypes that this thread's samples met, so that the kernel is asked once for each (1 to 2 us in
 * a virtual machine).  A slot holds one's address again only while something lives there: what was freed is in
 * no value.  What that is now, its header says. */
enum { MET_N = 48 }; /* few: see known_tables.c */
static SHIM_TLS uint64_t met[MET_N];

/* Copies N bytes of the object at AT.  Returns 0, or -1: there is none of that TYPE. */
static int read_object(uint64_t at, unsigned type, uint8_t *out, size_t n)
{
    uint64_t *known = &met[(at ^ at >> 10) / 16 % MET_N];
    if (likely(*known == at))
        memcpy(out, (const void *)(uintptr_t)at, n);
    else if (native_peek(at, out, n) != 0)
        return -1;
    if (out[OBJECT_TAG] != type)
        return -1;
    *known = at;
    return 0;
}

/* Whether the function in the slot of the innermost call is one.  It may be half overwritten, by a
 * result or by a tail call: then it is any value, with the tag of a function. */
static int is_function(const char *func, enum moment moment)
{
    uint8_t tag = (uint8_t)func[OFFSET_TVALUE_TAG];
    uint8_t head[OBJECT_HEAD_BYTES], proto[PROTO_BYTES];
    if (tag != TAG_LUA_CLOSURE && tag != TAG_C_CLOSURE)
        return tag == TAG_LIGHT_C;
    if (moment != AT_ANY_MOMENT)
        return 1;
    if (read_object(u64_at(func, 0), tag & ~TAG_COLLECTABLE, head, sizeof head) != 0)
        return 0;
    return tag == TAG_C_CLOSURE ||
           read_object(u64_at(head, OFFSET_LCLOSURE_PROTO), TAG_PROTO, proto, sizeof proto) == 0;
}

static uint64_t c_function(const char *func, uint8_t tag)
{
    const void *p = pointer_at(func, 0);
    if (tag != TAG_LIGHT_C && tag != TAG_C_CLOSURE)
        return 0;
    return 1 + (uint64_t)thunk_index(tag == TAG_LIGHT_C ? p : pointer_at(p, OFFSET_CCLOSURE_F));
}

void lua_frame_read(struct lua_frame *f)
{
    const char *func = f->func;
    if (func == NULL)
        return;
    uint8_t tag = (uint8_t)func[OFFSET_TVALUE_TAG];
    f->func = NULL;
    if (tag != TAG_LUA_CLOSURE) {
        f->kind = NODE_C_FUNCTION;
        f->value = c_function(func, tag);
        return;
    }
    const void *proto = pointer_at(pointer_at(func, 0), OFFSET_LCLOSURE_PROTO);
    f->value = (uint64_t)(uintptr_t)proto;
    f->line = line_of(proto, instruction(proto, f->pc));
}

/* The exact line, where the VM runs this very function. Where its pc is not that of another function,
 * the VM is about to enter this one, or has just come back to it: the saved pc is right. */
static void read_innermost(struct lua_frame *f, const struct native_frame *vm)
{
    uint64_t pc;
    if (vm != NULL && (uint8_t)f->func[OFFSET_TVALUE_TAG] == TAG_LUA_CLOSURE &&
        pc_in_registers(pointer_at(pointer_at(f->func, 0), OFFSET_LCLOSURE_PROTO), vm, &pc))
        f->pc = pc;
    lua_frame_read(f);
}

static void frame_of(const char *ci, const char *func, struct lua_frame *out)
{
    uint16_t status;
    memcpy(&status, ci + OFFSET_CI_STATUS, sizeof status);
    memset(out, 0, sizeof *out);
    out->flags = flags_of(status);
    if (status & CIST_C) {
        out->kind = NODE_C_FUNCTION;
        out->value = c_function(func, (uint8_t)func[OFFSET_TVALUE_TAG]);
        return;
    }
    out->kind = NODE_LUA;
    out->func = func;
    out->pc = u64_at(ci, OFFSET_CI_SAVEDPC);
}

/* Whether the call info CI, whose caller is sound, can be read: FUNC lies where it must. */
static int is_sound(const char *func, const char *stack, const char *last, const char *above)
{
    return func >= stack && func < above && func < last && ((func - stack) % TVALUE_BYTES) == 0;
}

uint64_t lua_frames_saved_pc(lua_State *L)
{
    const char *ci = pointer_at(pointer_at(L, OFFSET_STATE_CI), OFFSET_CI_PREVIOUS);
    uint16_t status = CIST_C;
    if (ci != NULL)
        memcpy(&status, ci + OFFSET_CI_STATUS, sizeof status);
    return status & CIST_C ? 0 : u64_at(ci, OFFSET_CI_SAVEDPC);
}

static int frames(lua_State *L, const struct native_frame *vm, struct lua_frame *out, int max,
                  enum lua_frames_end *end, enum moment moment)
{
    const char *stack = pointer_at(L, STATE_STACK), *last = pointer_at(L, STATE_STACK_LAST);
    const char *ci = pointer_at(L, OFFSET_STATE_CI), *above = pointer_at(L, OFFSET_STATE_TOP);
    int n = 0, skipped = 0;
    *end = LUA_FRAMES_BUSY;
    if (stack == NULL || stack == (const char *)lua_frames_moved || above < stack ||
        above > last + 5 * TVALUE_BYTES + TVALUE_BYTES * 256)
        return 0;
    for (;;) {
        const char *previous = pointer_at(ci, OFFSET_CI_PREVIOUS);
        const char *func = pointer_at(ci, OFFSET_CI_FUNC);
        if (previous == NULL) {
            *end = LUA_FRAMES_WHOLE;
            return n;
        }
        if (n == max) {
            *end = LUA_FRAMES_CUT;
            return n;
        }
        if (!is_sound(func, stack, last, above) || (n == 0 && !is_function(func, moment))) {
            if (n > 0 || skipped)
                return n;
            skipped = 1; /* a call that is being made or has just ended: its caller is sound */
            ci = previous;
            continue;
        }
        frame_of(ci, func, &out[n]);
        if (n == 0 && out[0].func != NULL && moment != AT_REST_AT_PC)
            read_innermost(&out[0], vm);
        n++;
        above = func;
        ci = previous;
    }
}

int lua_frames(lua_State *L, const struct native_frame *vm, struct lua_frame *out, int max,
               enum lua_frames_end *end)
{
    return frames(L, vm, out, max, end, AT_ANY_MOMENT);
}

int lua_frames_at_rest(lua_State *L, const struct native_frame *vm, struct lua_frame *out, int max,
                       enum lua_frames_end *end)
{
    return frames(L, vm, out, max, end, AT_REST);
}

int lua_frames_at_pc(lua_State *L, uint64_t pc, struct lua_frame *out, int max,
                     enum lua_frames_end *end)
{
    int n = frames(L, NULL, out, max, end, AT_REST_AT_PC);
    if (n > 0 && pc != 0 && out[0].kind == NODE_LUA)
        out[0].pc = pc;
    return n;
}
