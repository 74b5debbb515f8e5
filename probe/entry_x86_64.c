/* entry_x86_64: plans the move of a function's first instructions.  See entry_x86_64.h.
 *
 * Instructions are copied one by one until at least 5 bytes are free for the jump.  What depends on
 * its own place is written anew: RIP-relative operands get a new distance, jumps their long form, a
 * direct call becomes "push the address behind it in the original, jump", so that unwinding sees
 * the original function and nothing of the moved code. */
#include "probe/entry_x86_64.h"

#include <string.h>

#include "probe/instruction_x86_64.h"

struct mover {
    const struct entry_site *site;
    uint64_t target; /* address of code[0] */
    struct entry_plan *plan;
    size_t at;           /* offset in the site of the next instruction */
    int ended;           /* 1: the last one does not go on to the next */
    uint64_t literal;    /* 8 bytes wanted behind the code; 0: none */
    size_t literal_user; /* offset in the code of the distance to it */
};

static const uint8_t endbr64[4] = {0xf3, 0x0f, 0x1e, 0xfa};

const char *entry_verdict_text(enum entry_verdict v)
{
    switch (v) {
    case ENTRY_OK:
        return "";
    case ENTRY_BREAKPOINT:
        return "a breakpoint is set in its first instructions";
    case ENTRY_TOO_SHORT:
        return "it is too short for a jump";
    case ENTRY_JUMPS_INTO:
        return "it jumps back into its first instructions";
    case ENTRY_CALLS:
        return "it begins with an indirect call";
    case ENTRY_RELATIVE:
        return "it begins with an instruction that works at its own place only";
    case ENTRY_FAR:
        return "what its first instructions refer to is out of reach";
    case ENTRY_UNDECODABLE:
        return "its first instructions are not understood";
    case ENTRY_ABSENT:
        return "it was not found";
    case ENTRY_TWICE:
        return "it is there twice";
    case ENTRY_SHARED:
        return "its code is another function's too";
    case ENTRY_NOT_CODE:
        return "its address is not in the object's code";
    }
    return "unknown";
}

static int decode(const struct mover *m, size_t at, struct instruction *in)
{
    if (at >= m->site->bytes_n)
        return -1;
    return instruction_read(m->site->bytes + at, m->site->bytes_n - at, in);
}

/* ---- writing ---- */

static void emit(struct mover *m, const void *bytes, size_t n)
{
    if (m->plan->code_n + n <= ENTRY_CODE_MAX)
        memcpy(m->plan->code + m->plan->code_n, bytes, n);
    m->plan->code_n = (uint8_t)(m->plan->code_n + n);
}

/* OPCODE and the 32-bit distance to the address TO. */
static enum entry_verdict emit_relative(struct mover *m, const void *opcode, size_t n, uint64_t to)
{
    emit(m, opcode, n);
    int64_t distance = (int64_t)(to - (m->target + m->plan->code_n + 4));
    int32_t d32 = (int32_t)distance;
    emit(m, &d32, 4);
    return d32 == distance ? ENTRY_OK : ENTRY_FAR;
}

static enum entry_verdict emit_jump(struct mover *m, uint64_t to)
{
    return emit_relative(m, "\xe9", 1, to);
}

/* push [literal]; jmp to: the literal is the address behind the call in the original. */
static enum entry_verdict emit_call(struct mover *m, uint64_t to, uint64_t return_address)
{
    emit(m, "\xff\x35\0\0\0\0", 6);
    m->literal = return_address;
    m->literal_user = m->plan->code_n - 4u;
    return emit_jump(m, to);
}

static void emit_literal(struct mover *m)
{
    if (m->literal == 0)
        return;
    int32_t distance = (int32_t)(m->plan->code_n - (m->literal_user + 4));
    memcpy(m->plan->code + m->literal_user, &distance, 4);
    emit(m, &m->literal, 8);
}

/* ---- one instruction ---- */

static enum entry_verdict move_rip_relative(struct mover *m, const struct instruction *in)
{
    uint8_t bytes[16];
    memcpy(bytes, m->site->bytes + m->at, in->length);
    int64_t moved_by = (int64_t)(m->target + m->plan->code_n - (m->site->address + m->at));
    int64_t distance = instruction_number(bytes + in->displacement_at, 4) - moved_by;
    int32_t d32 = (int32_t)distance;
    memcpy(bytes + in->displacement_at, &d32, 4);
    emit(m, bytes, in->length);
    return d32 == distance ? ENTRY_OK : ENTRY_FAR;
}

static enum entry_verdict move_branch(struct mover *m, const struct instruction *in)
{
    uint64_t next = m->site->address + m->at + in->length;
    uint64_t to = next + (uint64_t)instruction_number(m->site->bytes + m->at + in->immediate_at,
                                                      in->immediate_n);
    int two_byte = in->map == MAP_0F;
    if (!two_byte && (in->opcode == 0xe9 || in->opcode == 0xeb)) {
        m->ended = 1;
        return emit_jump(m, to);
    }
    if (!two_byte && in->opcode == 0xe8) {
        m->ended = 1; /* it comes back to the original */
        return emit_call(m, to, next);
    }
    if ((!two_byte && in->opcode >= 0x70 && in->opcode <= 0x7f) || two_byte) {
        uint8_t jcc[2] = {0x0f, (uint8_t)(0x80 | (in->opcode & 0x0f))};
        return emit_relative(m, jcc, 2, to);
    }
    return ENTRY_RELATIVE; /* loop, jrcxz */
}

static enum entry_verdict move_one(struct mover *m, const struct instruction *in)
{
    switch (in->kind) {
    case INSTRUCTION_BREAKPOINT:
        return ENTRY_BREAKPOINT;
    case INSTRUCTION_BRANCH:
        return move_branch(m, in);
    case INSTRUCTION_INDIRECT_CALL:
        return ENTRY_CALLS;
    }
    if (in->eip_relative)
        return ENTRY_RELATIVE;
    m->ended = in->kind == INSTRUCTION_RETURN || in->kind == INSTRUCTION_INDIRECT_JUMP;
    if (in->rip_relative)
        return move_rip_relative(m, in);
    emit(m, m->site->bytes + m->at, in->length);
    return ENTRY_OK;
}

/* ---- the whole function ---- */

static int is_padding(const struct instruction *in)
{
    return in->kind == INSTRUCTION_NOP || in->kind == INSTRUCTION_BREAKPOINT;
}

/* The function ended before the jump would: what follows must be padding. */
static enum entry_verdict need_padding(struct mover *m, size_t end)
{
    while (m->at < end) {
        struct instruction in;
        if (decode(m, m->at, &in) != 0 || !is_padding(&in))
            return ENTRY_TOO_SHORT;
        m->at += in.length;
    }
    return ENTRY_OK;
}

static void note_step(struct mover *m)
{
    m->plan->step[m->plan->step_n++] = (struct entry_step){m->plan->code_n, (uint8_t)m->at};
}

static enum entry_verdict move_all(struct mover *m)
{
    size_t end = m->plan->keep_n + (size_t)ENTRY_JUMP_BYTES;
    while (m->at < end && !m->ended) {
        struct instruction in;
        if (decode(m, m->at, &in) != 0)
            return ENTRY_UNDECODABLE;
        note_step(m);
        enum entry_verdict v = move_one(m, &in);
        if (v != ENTRY_OK)
            return v;
        m->at += in.length;
    }
    return need_padding(m, end);
}

/* Where the jump at offset P would lead, were P the begin of an instruction; -1: no jump. */
static int64_t raw_jump_target(const uint8_t *b, size_t p, size_t n)
{
    int32_t d32;
    if (((b[p] & 0xf0) == 0x70 || b[p] == 0xeb || (b[p] >= 0xe0 && b[p] <= 0xe3)) && p + 2 <= n)
        return (int64_t)p + 2 + (int8_t)b[p + 1];
    if (b[p] == 0xe9 && p + 5 <= n) {
        memcpy(&d32, b + p + 1, 4);
        return (int64_t)p + 5 + d32;
    }
    if (b[p] == 0x0f && p + 6 <= n && (b[p + 1] & 0xf0) == 0x80) {
        memcpy(&d32, b + p + 2, 4);
        return (int64_t)p + 6 + d32;
    }
    return -1;
}

/* Where the size is not known, what follows may be other functions, which may jump to the entry. */
static int jumps_to_front(const struct mover *m, size_t p, size_t n, size_t front_n)
{
    int64_t to = raw_jump_target(m->site->bytes, p, n);
    return to >= (m->site->size != 0 ? 0 : 1) && to < (int64_t)front_n;
}

/* Looks at instruction after instruction; what can not be decoded counts as a jump to the front. */
static int sweep_finds_jump(const struct mover *m, size_t n, size_t front_n)
{
    for (size_t p = 0; p < n;) {
        struct instruction in;
        if (decode(m, p, &in) != 0)
            return 1;
        if (in.kind == INSTRUCTION_BRANCH && jumps_to_front(m, p + in.opcode_at, n, front_n))
            return 1;
        p += in.length;
    }
    return 0;
}

/* Does the function jump back to where the jump is to stand?  Nearly always no byte even looks
 * like that, and nothing has to be decoded. */
static int jumps_back(const struct mover *m)
{
    enum { UNKNOWN_SIZE_LOOK = 256 };
    size_t n = m->site->size != 0 ? m->site->size : UNKNOWN_SIZE_LOOK;
    size_t front_n = m->plan->keep_n + (size_t)ENTRY_JUMP_BYTES;
    if (n > m->site->bytes_n)
        n = m->site->bytes_n;
    for (size_t p = 0; p < n; p++)
        if (jumps_to_front(m, p, n, front_n))
            return sweep_finds_jump(m, n, front_n);
    return 0;
}

enum entry_verdict entry_plan(const struct entry_site *site, uint64_t target,
                              struct entry_plan *plan)
{
    struct mover m = {.site = site, .target = target, .plan = plan};
    memset(plan, 0, sizeof *plan);
    if (site->bytes_n >= sizeof endbr64 && memcmp(site->bytes, endbr64, sizeof endbr64) == 0)
        plan->keep_n = sizeof endbr64;
    m.at = plan->keep_n;
    enum entry_verdict v = move_all(&m);
    if (v != ENTRY_OK)
        return v;
    plan->moved_n = (uint8_t)(m.at - plan->keep_n);
    if (jumps_back(&m))
        return ENTRY_JUMPS_INTO;
    if (!m.ended) {
        note_step(&m);
        v = emit_jump(&m, site->address + m.at);
    }
    emit_literal(&m);
    return plan->code_n <= ENTRY_CODE_MAX ? v : ENTRY_UNDECODABLE;
}
