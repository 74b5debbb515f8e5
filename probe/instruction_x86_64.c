/* instruction_x86_64: see instruction_x86_64.h.
 *
 * Each opcode has a letter in the table of its map, which says what follows it:
 *
 *   .  nothing                        m  ModRM
 *   1  8 bits                         M  ModRM, 8 bits
 *   2  16 bits                        Z  ModRM, 32 bits (16 with prefix 66)
 *   3  16 and 8 bits (enter)          z  32 bits (16 with 66)
 *   b  a distance of 8 bits           v  32 bits (16 with 66, 64 with REX.W)
 *   B  a distance of 32 bits          o  an address (64 bits; 32 with 67)
 *   g  ModRM; 8 bits for /0, /1       G  ModRM; 32 bits for /0, /1 (as Z)
 *   i  ModRM, 8 bits; only /0         I  ModRM, 32 bits; only /0
 *   p  ModRM; only /0                 f  ModRM; only /0, /1
 *   F  ModRM; not /7                  -  a prefix, or none that is known */
#include "probe/instruction_x86_64.h"

#include <string.h>

static const char one_byte[] = "mmmm1z--mmmm1z--" /* 00 */
                               "mmmm1z--mmmm1z--"
                               "mmmm1z--mmmm1z--"
                               "mmmm1z--mmmm1z--"
                               "----------------" /* 40 */
                               "................"
                               "---m----zZ1M...."
                               "bbbbbbbbbbbbbbbb"
                               "MZ-Mmmmmmmmmmmmp" /* 80 */
                               "..........-....."
                               "oooo....1z......"
                               "11111111vvvvvvvv"
                               "MM2.--iI3.2..1-." /* c0 */
                               "mmmm---.mmmmmmmm"
                               "bbbb1111BB-b...."
                               "-.--..gG......fF";

/* Without what only a kernel uses, 3DNow and SSE4a. */
static const char map_0f[] = "mmmm-.....-.-m--" /* 00 */
                             "mmmmmmmmmmmmmmmm"
                             "--------mmmmmmmm"
                             "......-.--------"
                             "mmmmmmmmmmmmmmmm" /* 40 */
                             "mmmmmmmmmmmmmmmm"
                             "mmmmmmmmmmmmmmmm"
                             "MMMMmmm.----mmmm"
                             "BBBBBBBBBBBBBBBB" /* 80 */
                             "mmmmmmmmmmmmmmmm"
                             "...mMm--...mMmmm"
                             "mmmmmmmmmmMmmmmm"
                             "mmMmMMMm........" /* c0 */
                             "mmmmmmmmmmmmmmmm"
                             "mmmmmmmmmmmmmmmm"
                             "mmmmmmmmmmmmmmm-";

enum { LENGTH_MAX = 15, REX_B = 1, REX_W = 8 };

struct reader {
    const uint8_t *bytes;
    size_t n, at;
    struct instruction *out;
    int operand_16, address_32, repeat, lock; /* prefixes 66, 67, f2 or f3, f0 */
    uint8_t rex;                              /* 0: none */
};

int64_t instruction_number(const uint8_t *p, size_t n)
{
    int16_t d16;
    int32_t d32;
    if (n == 1)
        return (int8_t)*p;
    if (n == 2) {
        memcpy(&d16, p, sizeof d16);
        return d16;
    }
    memcpy(&d32, p, sizeof d32);
    return d32;
}

static int byte_at(const struct reader *r, size_t at)
{
    return at < r->n && at < LENGTH_MAX ? r->bytes[at] : -1;
}

/* ---- what stands before the opcode ---- */

static int take_prefix(struct reader *r, int byte)
{
    switch (byte) {
    case 0x66:
        return r->operand_16 = 1;
    case 0x67:
        return r->address_32 = 1;
    case 0xf0:
        return r->lock = 1;
    case 0xf2:
    case 0xf3:
        return r->repeat = byte;
    default:
        return byte == 0x26 || byte == 0x2e || byte == 0x36 || byte == 0x3e || byte == 0x64 ||
               byte == 0x65;
    }
}

/* REX counts only where it is the last of them. */
static void take_prefixes(struct reader *r)
{
    for (int byte; (byte = byte_at(r, r->at)) >= 0; r->at++) {
        if ((byte & 0xf0) == 0x40)
            r->rex = (uint8_t)byte;
        else if (take_prefix(r, byte))
            r->rex = 0;
        else
            return;
    }
}

/* ---- the opcode; these return its letter ---- */

static char letter_of(enum instruction_map map, int opcode)
{
    switch (map) {
    case MAP_ONE_BYTE:
        return one_byte[opcode];
    case MAP_0F:
        return map_0f[opcode];
    case MAP_0F38:
        return 'm';
    case MAP_0F3A:
        return 'M';
    }
    return '-';
}

/* The opcode stands at the offset AT. */
static char take_opcode(struct reader *r, enum instruction_map map, size_t at)
{
    int opcode = byte_at(r, at);
    if (opcode < 0)
        return '-';
    r->at = at + 1;
    r->out->map = (uint8_t)map;
    r->out->opcode = (uint8_t)opcode;
    return letter_of(map, opcode);
}

/* VEX and EVEX, with PREFIX_N bytes before the opcode; other prefixes may not go with them. */
static char take_vector(struct reader *r, int map, size_t prefix_n)
{
    if (r->rex || r->operand_16 || r->repeat || r->lock || map < MAP_0F || map > MAP_0F3A)
        return '-';
    char letter = take_opcode(r, (enum instruction_map)map, r->at + prefix_n);
    if (letter == 'm' || letter == 'M')
        return letter;
    return map == MAP_0F && r->out->opcode == 0x77 && prefix_n < 4 ? '.' : '-'; /* vzeroupper */
}

static char take_any_opcode(struct reader *r)
{
    int first = byte_at(r, r->at), second = byte_at(r, r->at + 1);
    r->out->opcode_at = (uint8_t)r->at;
    if (first < 0)
        return '-';
    if (first == 0xc5)
        return take_vector(r, MAP_0F, 2);
    if (first == 0xc4 && second >= 0)
        return take_vector(r, second & 0x1f, 3);
    if (first == 0x62 && second >= 0)
        return take_vector(r, second & 0x0f, 4);
    if (first != 0x0f)
        return take_opcode(r, MAP_ONE_BYTE, r->at);
    if (second == 0x38 || second == 0x3a)
        return take_opcode(r, second == 0x38 ? MAP_0F38 : MAP_0F3A, r->at + 2);
    return take_opcode(r, MAP_0F, r->at + 1);
}

/* ---- what stands behind it ---- */

static int take_modrm(struct reader *r)
{
    struct instruction *o = r->out;
    int modrm = byte_at(r, r->at++);
    int sib = modrm >= 0 && (modrm & 0xc0) != 0xc0 && (modrm & 7) == 4 ? byte_at(r, r->at++) : 0;
    if (modrm < 0 || sib < 0)
        return -1;
    int mod = modrm >> 6, is_distance = mod == 0 && (modrm & 7) == 5;
    int has_no_base = mod == 0 && (modrm & 7) == 4 && (sib & 7) == 5;
    o->has_modrm = 1;
    o->modrm = (uint8_t)modrm;
    o->displacement_n = mod == 1 ? 1 : mod == 2 || is_distance || has_no_base ? 4 : 0;
    o->displacement_at = (uint8_t)r->at;
    o->rip_relative = (uint8_t)(is_distance && !r->address_32);
    o->eip_relative = (uint8_t)(is_distance && r->address_32);
    r->at += o->displacement_n;
    return 0;
}

static uint8_t wide(const struct reader *r)
{
    return r->operand_16 && !(r->rex & REX_W) ? 2 : 4;
}

/* The bytes of the immediate that LETTER, of an instruction with the ModRM group REG, stands for; -1: there is no such. */
static int immediate_bytes(const struct reader *r, char letter, int reg)
{
    switch (letter) {
    case '.':
    case 'm':
        return 0;
    case '1':
    case 'M':
    case 'b':
        return 1;
    case '2':
        return 2;
    case '3':
        return 3;
    case 'z':
    case 'Z':
        return wide(r);
    case 'v':
        return r->rex & REX_W ? 8 : wide(r);
    case 'o':
        return r->address_32 ? 4 : 8;
    case 'B': /* of 16 bits on some processors */
        return wide(r) == 4 ? 4 : -1;
    case 'g':
        return reg <= 1 ? 1 : 0;
    case 'G':
        return reg <= 1 ? wide(r) : 0;
    case 'i':
        return reg == 0 ? 1 : -1;
    case 'I':
        return reg == 0 ? wide(r) : -1;
    case 'p':
        return reg == 0 ? 0 : -1;
    case 'f':
        return reg <= 1 ? 0 : -1;
    case 'F':
        return reg != 7 ? 0 : -1;
    }
    return -1;
}

/* ---- all ---- */

static enum instruction_kind kind_of(const struct reader *r, char letter)
{
    const struct instruction *o = r->out;
    int reg = o->modrm >> 3 & 7;
    if (letter == 'b' || letter == 'B')
        return INSTRUCTION_BRANCH;
    if (o->map == MAP_0F)
        return o->opcode == 0x1f ? INSTRUCTION_NOP : INSTRUCTION_PLAIN;
    if (o->map != MAP_ONE_BYTE)
        return INSTRUCTION_PLAIN;
    switch (o->opcode) {
    case 0x90: /* else pause, or xchg with r8 */
        return r->repeat == 0xf3 || r->rex & REX_B ? INSTRUCTION_PLAIN : INSTRUCTION_NOP;
    case 0xc2:
    case 0xc3:
    case 0xca:
    case 0xcb:
    case 0xcf:
        return INSTRUCTION_RETURN;
    case 0xcc:
        return INSTRUCTION_BREAKPOINT;
    case 0xff:
        return reg == 2 || reg == 3   ? INSTRUCTION_INDIRECT_CALL
               : reg == 4 || reg == 5 ? INSTRUCTION_INDIRECT_JUMP
                                      : INSTRUCTION_PLAIN;
    }
    return INSTRUCTION_PLAIN;
}

int instruction_read(const uint8_t *bytes, size_t n, struct instruction *out)
{
    struct reader r = {.bytes = bytes, .n = n, .out = out};
    memset(out, 0, sizeof *out);
    take_prefixes(&r);
    char letter = take_any_opcode(&r);
    if (letter == '-' || (strchr("mMZgGiIpfF", letter) != NULL && take_modrm(&r) != 0))
        return -1;
    int immediate_n = immediate_bytes(&r, letter, out->modrm >> 3 & 7);
    if (immediate_n < 0 || r.at + (size_t)immediate_n > n ||
        r.at + (size_t)immediate_n > LENGTH_MAX)
        return -1;
    out->immediate_at = (uint8_t)r.at;
    out->immediate_n = (uint8_t)immediate_n;
    out->length = (uint8_t)(r.at + (size_t)immediate_n);
    out->kind = (uint8_t)kind_of(&r, letter);
    return 0;
}
