/* plain_alloc: proves that an allocator function is nothing but realloc and free (see
 * plain_alloc.h). A walk over the code with symbolic registers.
 *
 * In: the function's code.  Out: yes or no.
 * Context: host threads; no allocation. */
#include "shim/attach/arch/x86_64/plain_alloc.h"

#include <stdint.h>
#include <string.h>

enum { STEPS_MAX = 48, PLT_BYTES = 16 };
enum { RAX = 0, RCX = 1, RDX = 2, RSP = 4, RSI = 6, RDI = 7 };
/* Registers that a function may change without giving their values back: rax rcx rdx rsi rdi
 * r8-r11. */
enum { SCRATCH = 0x0fc7 };

enum value { OTHER = 0, PTR, NSIZE, ZERO, RESULT };
enum called { NOTHING = 0, FREE, REALLOC };
enum verdict { GO_ON, PROVEN, NOT_PLAIN };

struct walk {
    const struct plain_alloc_targets *targets;
    const uint8_t *at;
    int nsize_is_zero;  /* the case that is being followed */
    uint8_t reg[16];    /* enum value */
    int flags_of_nsize; /* the flags come from testing the new size */
    int pushed_bytes;
    enum called called;
};

static int32_t read_i32(const uint8_t *p)
{
    int32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* ---- calls ---- */

static enum called which(const struct walk *w, const void *target)
{
    if (target == NULL)
        return NOTHING;
    return target == w->targets->realloc ? REALLOC : target == w->targets->free ? FREE : NOTHING;
}

/* What `jmp *offset(%rip)`, ending at END, leads to; NULL: can not be told. */
static const void *slot_content(const struct walk *w, const uint8_t *end, int32_t offset)
{
    const void *content;
    if (!w->targets->readable(end + offset))
        return NULL;
    memcpy(&content, end + offset, sizeof content);
    return content;
}

/* Follows a PLT entry: [endbr64] [bnd] jmp *slot(%rip). */
static const void *behind_plt(const struct walk *w, const uint8_t *p)
{
    if (!w->targets->readable(p))
        return NULL;
    const uint8_t *entry = p;
    if (memcmp(p, "\xf3\x0f\x1e\xfa", 4) == 0)
        p += 4;
    if (*p == 0xf2)
        p++;
    if (p[0] != 0xff || p[1] != 0x25)
        return entry;
    return slot_content(w, p + 6, read_i32(p + 2));
}

/* The arguments must be the ones that were given; the registers afterwards are the callee's. */
static int take_call(struct walk *w, enum called c)
{
    int sound = c != NOTHING && w->called == NOTHING && w->reg[RDI] == PTR &&
                (c == FREE || w->reg[RSI] == NSIZE);
    for (int r = 0; r < 16; r++)
        if (SCRATCH >> r & 1)
            w->reg[r] = OTHER;
    w->reg[RAX] = c == REALLOC ? RESULT : OTHER;
    w->flags_of_nsize = 0;
    w->called = c;
    return sound;
}

static enum verdict call(struct walk *w, const void *target)
{
    return take_call(w, which(w, target)) ? GO_ON : NOT_PLAIN;
}

static enum verdict at_return(const struct walk *w)
{
    if (w->pushed_bytes != 0)
        return NOT_PLAIN;
    int plain = w->nsize_is_zero ? w->called == FREE && w->reg[RAX] == ZERO
                                 : w->called == REALLOC && w->reg[RAX] == RESULT;
    return plain ? PROVEN : NOT_PLAIN;
}

/* A jump that leaves for one of the two functions, whose return is then ours. */
static enum verdict tail_call(struct walk *w, const void *target)
{
    return take_call(w, which(w, target)) ? at_return(w) : NOT_PLAIN;
}

static enum verdict jump(struct walk *w, const uint8_t *target)
{
    const void *behind = behind_plt(w, target);
    if (which(w, behind) != NOTHING)
        return tail_call(w, behind);
    w->at = target;
    return GO_ON;
}

/* ---- instructions ---- */

static enum verdict set(struct walk *w, unsigned reg, enum value v)
{
    if (!(SCRATCH >> reg & 1))
        return NOT_PLAIN;
    w->reg[reg] = (uint8_t)v;
    return GO_ON;
}

static enum verdict branch(struct walk *w, int if_zero, int32_t distance)
{
    if (!w->flags_of_nsize)
        return NOT_PLAIN;
    if (if_zero == w->nsize_is_zero)
        w->at += distance;
    return GO_ON;
}

/* Instructions whose operands are two registers. */
static enum verdict two_registers(struct walk *w, unsigned rex, uint8_t op, uint8_t modrm)
{
    if (modrm >> 6 != 3)
        return NOT_PLAIN;
    unsigned reg = (modrm >> 3 & 7) | (rex & 4) << 1, rm = (modrm & 7) | (rex & 1) << 3;
    int wide = (rex & 8) != 0;
    switch (op) {
    case 0x89: /* mov reg, rm */
        return wide ? set(w, rm, w->reg[reg]) : NOT_PLAIN;
    case 0x8b: /* mov rm, reg */
        return wide ? set(w, reg, w->reg[rm]) : NOT_PLAIN;
    case 0x85: /* test */
        w->flags_of_nsize = wide && reg == rm && w->reg[reg] == NSIZE;
        return GO_ON;
    case 0x31:
    case 0x33: /* xor */
        w->flags_of_nsize = 0;
        return reg == rm ? set(w, rm, ZERO) : NOT_PLAIN;
    default:
        return NOT_PLAIN;
    }
}

/* add and sub on the stack pointer. */
static enum verdict move_stack(struct walk *w, uint8_t modrm, int8_t bytes)
{
    if ((modrm != 0xec && modrm != 0xc4) || bytes < 0)
        return NOT_PLAIN;
    w->flags_of_nsize = 0;
    w->pushed_bytes += modrm == 0xec ? bytes : -bytes;
    return w->pushed_bytes >= 0 ? GO_ON : NOT_PLAIN;
}

static enum verdict pop(struct walk *w, unsigned reg)
{
    w->pushed_bytes -= 8;
    return w->pushed_bytes >= 0 ? set(w, reg, OTHER) : NOT_PLAIN;
}

/* call and jmp through a slot in memory. */
static enum verdict through_slot(struct walk *w, uint8_t modrm, int32_t offset)
{
    const void *target = slot_content(w, w->at, offset);
    if (modrm == 0x15)
        return call(w, target);
    return modrm == 0x25 ? tail_call(w, target) : NOT_PLAIN;
}

/* One-byte opcodes with their immediate; w->at is behind the opcode. */
static enum verdict one_byte(struct walk *w, unsigned rex, uint8_t op)
{
    const uint8_t *p = w->at;
    switch (op) {
    case 0x31:
    case 0x33:
    case 0x85:
    case 0x89:
    case 0x8b:
        w->at += 1;
        return two_registers(w, rex, op, p[0]);
    case 0x83:
        w->at += 2;
        return rex == 0x48 ? move_stack(w, p[0], (int8_t)p[1]) : NOT_PLAIN;
    case 0x74:
    case 0x75:
        w->at += 1;
        return branch(w, op == 0x74, (int8_t)p[0]);
    case 0xeb:
        return jump(w, p + 1 + (int8_t)p[0]);
    case 0xe9:
        return jump(w, p + 4 + read_i32(p));
    case 0xe8:
        w->at += 4;
        return call(w, behind_plt(w, p + 4 + read_i32(p)));
    case 0xff:
        w->at += 5;
        return through_slot(w, p[0], read_i32(p + 1));
    case 0xc3:
        return at_return(w);
    case 0x90:
        return rex ? NOT_PLAIN : GO_ON;
    case 0xb8: /* mov imm32, %eax */
        w->at += 4;
        return rex ? NOT_PLAIN : set(w, RAX, read_i32(p) == 0 ? ZERO : OTHER);
    default:
        return NOT_PLAIN;
    }
}

static enum verdict two_bytes(struct walk *w, uint8_t op)
{
    const uint8_t *p = w->at;
    w->at += 4;
    return op == 0x84 || op == 0x85 ? branch(w, op == 0x84, read_i32(p)) : NOT_PLAIN;
}

static enum verdict step(struct walk *w)
{
    if (!w->targets->readable(w->at))
        return NOT_PLAIN;
    if (memcmp(w->at, "\xf3\x0f\x1e\xfa", 4) == 0) { /* endbr64 */
        w->at += 4;
        return GO_ON;
    }
    if (*w->at == 0xf2 || (*w->at == 0xf3 && w->at[1] == 0xc3)) /* bnd; rep ret */
        w->at++;
    unsigned rex = (*w->at & 0xf0) == 0x40 ? *w->at++ : 0;
    uint8_t op = *w->at++;
    if (op >= 0x50 && op <= 0x57) {
        w->pushed_bytes += 8;
        return GO_ON;
    }
    if (op >= 0x58 && op <= 0x5f)
        return pop(w, (op & 7u) | (rex & 1) << 3);
    if (op == 0x0f)
        return two_bytes(w, *w->at++);
    return one_byte(w, rex, op);
}

static int proven_for(const void *function, const struct plain_alloc_targets *t, int nsize_is_zero)
{
    struct walk w = {.targets = t, .at = function, .nsize_is_zero = nsize_is_zero};
    w.reg[RSI] = PTR;
    w.reg[RCX] = NSIZE;
    enum verdict v = GO_ON;
    for (int i = 0; i < STEPS_MAX && v == GO_ON; i++)
        v = step(&w);
    return v == PROVEN;
}

int plain_alloc_is(const void *function, const struct plain_alloc_targets *t)
{
    return proven_for(function, t, 1) && proven_for(function, t, 0);
}
