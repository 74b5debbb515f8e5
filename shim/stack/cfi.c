/* cfi: finds and runs the frame description of one address.  See cfi.h.
 *
 * In: .eh_frame_hdr and, through it, .eh_frame.  Out: one row. */
#include "shim/stack/cfi.h"

#include <string.h>

const uint8_t cfi_saved_register[CFI_SAVED_N] = {CFI_RBX, CFI_RBP, 12, 13, 14, 15};

/* ---- reading ---- */

struct bytes {
    const uint8_t *at, *end;
    int bad;
};

static uint64_t get(struct bytes *b, unsigned n)
{
    uint64_t v = 0;
    if ((size_t)(b->end - b->at) < n) {
        b->bad = 1;
        return 0;
    }
    memcpy(&v, b->at, n);
    b->at += n;
    return v;
}

static int32_t get_s32(struct bytes *b)
{
    return (int32_t)get(b, 4);
}

static uint64_t get_uleb(struct bytes *b)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = (uint8_t)get(b, 1);
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return v;
    }
    b->bad = 1;
    return 0;
}

static int64_t get_sleb(struct bytes *b)
{
    uint64_t v = 0;
    unsigned shift = 0;
    uint8_t byte;
    do {
        byte = (uint8_t)get(b, 1);
        v |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80 && shift < 64);
    if (shift < 64 && byte & 0x40)
        v |= ~UINT64_C(0) << shift;
    return (int64_t)v;
}

/* Encodings of pointers that occur: absolute, or relative to their own place. */
enum { ENC_ABS = 0x00, ENC_UDATA4 = 0x03, ENC_SDATA4 = 0x0b, ENC_PCREL = 0x10, ENC_OMIT = 0xff };

static uint64_t get_pointer(struct bytes *b, uint8_t enc, int relative)
{
    uint64_t at = (uint64_t)(uintptr_t)b->at, v;
    switch (enc & 0x0f) {
    case ENC_ABS:
        v = get(b, 8);
        break;
    case ENC_UDATA4:
        v = get(b, 4);
        break;
    case ENC_SDATA4:
        v = (uint64_t)(int64_t)get_s32(b);
        break;
    default:
        b->bad = 1;
        return 0;
    }
    return relative && (enc & 0x70) == ENC_PCREL ? v + at : v;
}

/* ---- finding ---- */

struct table_entry {
    int32_t pc, fde; /* from the start of the header */
};

enum { HEAD = 12 };

/* How many descriptions the table lists; 0: it is not one that we know. */
static uint32_t count_of(const struct cfi_section *s)
{
    const uint8_t *hdr = s->hdr;
    uint64_t n = s->hdr_n;
    uint32_t count;
    if (n < HEAD || hdr[0] != 1 || hdr[2] != ENC_UDATA4 || hdr[3] != 0x3b)
        return 0;
    memcpy(&count, hdr + 8, sizeof count);
    return count <= (n - HEAD) / sizeof(struct table_entry) ? count : 0;
}

/* The one of COUNT descriptions that may cover PC, or NULL. */
static const uint8_t *find_fde(uint64_t pc, const struct cfi_section *s, uint32_t count)
{
    const uint8_t *hdr = s->hdr;
    int64_t want = (int64_t)(pc - (uint64_t)(uintptr_t)hdr);
    uint32_t lo = 0, hi = count;
    struct table_entry e;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        memcpy(&e, hdr + HEAD + mid * sizeof e, sizeof e);
        if (e.pc <= want)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == 0)
        return NULL;
    memcpy(&e, hdr + HEAD + (lo - 1) * sizeof e, sizeof e);
    return (const uint8_t *)((uintptr_t)hdr + (uintptr_t)(intptr_t)e.fde);
}

struct cie {
    uint64_t code_align;
    int64_t data_align;
    uint8_t return_reg, pointer_enc, has_data;
    struct bytes program;
};

/* What follows the length of the entry at ENTRY; nothing (and bad) where that does not lie within
 * what is mapped.  32-bit lengths only, which is all that linkers write. */
static struct bytes entry_bytes(const struct cfi_section *s, uintptr_t entry)
{
    struct bytes b = {NULL, NULL, 1};
    uint32_t n;
    if (entry < s->lo || entry >= s->hi || s->hi - entry < sizeof n)
        return b;
    memcpy(&n, (const void *)entry, sizeof n);
    if (n == 0 || n > s->hi - entry - sizeof n)
        return b;
    b.at = (const uint8_t *)entry + sizeof n;
    b.end = b.at + n;
    b.bad = 0;
    return b;
}

static void read_augmentation(struct bytes *b, const char *letters, struct cie *c)
{
    c->has_data = *letters == 'z';
    if (!c->has_data)
        return;
    uint64_t n = get_uleb(b);
    if (n > (uint64_t)(b->end - b->at)) {
        b->bad = 1;
        return;
    }
    const uint8_t *end = b->at + n;
    for (letters++; *letters && !b->bad; letters++) {
        if (*letters == 'R')
            c->pointer_enc = (uint8_t)get(b, 1);
        else if (*letters == 'P')
            get_pointer(b, (uint8_t)get(b, 1), 0);
        else if (*letters == 'L')
            get(b, 1);
    }
    b->at = end;
}

static int read_cie(const struct cfi_section *s, uintptr_t at, struct cie *c)
{
    struct bytes b = entry_bytes(s, at);
    memset(c, 0, sizeof *c);
    if (get(&b, 4) != 0)
        return -1;
    uint8_t version = (uint8_t)get(&b, 1);
    const char *letters = (const char *)b.at;
    if (b.bad || (version != 1 && version != 3))
        return -1;
    size_t left = (size_t)(b.end - b.at), letters_n = strnlen(letters, left);
    if (letters_n == left)
        return -1;
    b.at += letters_n + 1;
    c->code_align = get_uleb(&b);
    c->data_align = get_sleb(&b);
    c->return_reg = (uint8_t)(version == 1 ? get(&b, 1) : get_uleb(&b));
    read_augmentation(&b, letters, c);
    c->program = b;
    return b.bad ? -1 : 0;
}

/* ---- running ---- */

enum { REMEMBER_MAX = 8, NO_OFFSET = INT32_MIN, UNDEFINED = INT32_MIN + 1 };

struct state {
    uint64_t cfa_reg;
    int64_t cfa_offset;
    int expression; /* the CFA is one: only in linkage tables and signal frames */
    int32_t offset[CFI_REGISTERS];
};

struct machine {
    const struct cie *cie;
    struct state now, initial, kept[REMEMBER_MAX];
    unsigned kept_n;
    uint64_t at, pc;
};

/* Offsets that no frame has are as good as none. */
static int32_t to_offset(int64_t v)
{
    return v > -(INT64_C(1) << 30) && v < INT64_C(1) << 30 ? (int32_t)v : UNDEFINED;
}

static int64_t scaled(const struct machine *m, uint64_t factor)
{
    return (int64_t)(factor * (uint64_t)m->cie->data_align);
}

static void set(struct machine *m, uint64_t reg, int32_t offset)
{
    if (reg < CFI_REGISTERS)
        m->now.offset[reg] = offset;
}

static void skip_block(struct bytes *b)
{
    uint64_t n = get_uleb(b);
    if (n > (uint64_t)(b->end - b->at))
        b->bad = 1;
    else
        b->at += n;
}

static void restore(struct machine *m, uint64_t reg)
{
    if (reg < CFI_REGISTERS)
        m->now.offset[reg] = m->initial.offset[reg];
}

static void run_cfa(struct machine *m, struct bytes *b, uint8_t op)
{
    switch (op) {
    case 0x0c: /* def_cfa */
        m->now.cfa_reg = get_uleb(b);
        m->now.cfa_offset = (int64_t)get_uleb(b);
        break;
    case 0x12: /* def_cfa_sf */
        m->now.cfa_reg = get_uleb(b);
        m->now.cfa_offset = scaled(m, (uint64_t)get_sleb(b));
        break;
    case 0x0d: /* def_cfa_register */
        m->now.cfa_reg = get_uleb(b);
        break;
    case 0x0e: /* def_cfa_offset */
        m->now.cfa_offset = (int64_t)get_uleb(b);
        break;
    case 0x13: /* def_cfa_offset_sf */
        m->now.cfa_offset = scaled(m, (uint64_t)get_sleb(b));
        break;
    default: /* 0x0f def_cfa_expression */
        skip_block(b);
        m->now.expression = 1;
        return;
    }
    m->now.expression = 0;
}

static void run_register(struct machine *m, struct bytes *b, uint8_t op)
{
    uint64_t reg = get_uleb(b);
    switch (op) {
    case 0x05: /* offset_extended */
        set(m, reg, to_offset(scaled(m, get_uleb(b))));
        break;
    case 0x11: /* offset_extended_sf */
        set(m, reg, to_offset(scaled(m, (uint64_t)get_sleb(b))));
        break;
    case 0x06: /* restore_extended */
        restore(m, reg);
        break;
    case 0x07: /* undefined */
        set(m, reg, UNDEFINED);
        break;
    case 0x08: /* same_value */
        set(m, reg, NO_OFFSET);
        break;
    case 0x09: /* register */
    case 0x14: /* val_offset */
        get_uleb(b);
        set(m, reg, UNDEFINED);
        break;
    case 0x15: /* val_offset_sf */
        get_sleb(b);
        set(m, reg, UNDEFINED);
        break;
    default: /* 0x10 expression, 0x16 val_expression */
        skip_block(b);
        set(m, reg, UNDEFINED);
        break;
    }
}

static void run_state(struct machine *m, struct bytes *b, uint8_t op)
{
    if (op == 0x0a && m->kept_n < REMEMBER_MAX)
        m->kept[m->kept_n++] = m->now;
    else if (op == 0x0b && m->kept_n > 0)
        m->now = m->kept[--m->kept_n];
    else
        b->bad = 1;
}

/* Opcodes without a register or offset in their low bits. */
static void run_long(struct machine *m, struct bytes *b, uint8_t op)
{
    if (op == 0x00)
        return;
    if (op == 0x01)
        m->at = get_pointer(b, m->cie->pointer_enc, 1);
    else if (op >= 0x02 && op <= 0x04)
        m->at += get(b, 1u << (op - 2)) * m->cie->code_align;
    else if (op == 0x0a || op == 0x0b)
        run_state(m, b, op);
    else if ((op >= 0x0c && op <= 0x0f) || op == 0x12 || op == 0x13)
        run_cfa(m, b, op);
    else if ((op >= 0x05 && op <= 0x09) || op == 0x10 || op == 0x11 || (op >= 0x14 && op <= 0x16))
        run_register(m, b, op);
    else if (op == 0x2e) /* GNU_args_size */
        get_uleb(b);
    else
        b->bad = 1;
}

/* Runs until the row for m->pc is complete. */
static int run(struct machine *m, struct bytes program)
{
    struct bytes *b = &program;
    while (b->at < b->end && !b->bad && m->at <= m->pc) {
        uint8_t op = (uint8_t)get(b, 1), low = op & 0x3f;
        switch (op >> 6) {
        case 1: /* advance_loc */
            m->at += low * m->cie->code_align;
            break;
        case 2: /* offset */
            set(m, low, to_offset(scaled(m, get_uleb(b))));
            break;
        case 3: /* restore */
            restore(m, low);
            break;
        default:
            run_long(m, b, op);
        }
    }
    return b->bad ? -1 : 0;
}

static int fits_row(const struct state *s)
{
    return s->cfa_reg < CFI_RIP && s->cfa_offset >= 0 && s->cfa_offset < INT32_MAX;
}

static void to_row(const struct machine *m, struct cfi_row *row)
{
    const struct state *s = &m->now;
    if (m->cie->return_reg >= CFI_REGISTERS)
        return;
    int32_t ra = s->offset[m->cie->return_reg];
    if (s->expression) {
        row->kind = ra != UNDEFINED && s->offset[CFI_RBX] == NO_OFFSET ? CFI_PLT : CFI_UNKNOWN;
        return;
    }
    if (ra == UNDEFINED) {
        row->kind = CFI_OUTERMOST;
        return;
    }
    if (!fits_row(s) || ra == NO_OFFSET)
        return;
    row->cfa_reg = (uint8_t)s->cfa_reg;
    row->cfa_offset = (int32_t)s->cfa_offset;
    row->return_offset = ra;
    for (int i = 0; i < CFI_SAVED_N; i++) {
        int32_t o = s->offset[cfi_saved_register[i]];
        if (o == UNDEFINED || (o != NO_OFFSET && (o < -32000 || o > 32000)))
            return;
        row->saved[i] = o == NO_OFFSET ? CFI_NOT_SAVED : (int16_t)o;
    }
    row->kind = CFI_ROW;
}

/* Where the caller's registers are at m->pc, by the rules of CIE and of the function itself. */
static void run_all(struct machine *m, const struct bytes *own, uint64_t lo, struct cfi_row *row)
{
    for (int i = 0; i < CFI_REGISTERS; i++)
        m->now.offset[i] = NO_OFFSET;
    if (run(m, m->cie->program))
        return;
    m->initial = m->now;
    m->at = lo;
    if (run(m, *own) == 0)
        to_row(m, row);
}

void cfi_find(uint64_t pc, const struct cfi_section *s, struct cfi_row *row,
              struct cfi_range *range)
{
    memset(row, 0, sizeof *row);
    uint32_t count = count_of(s);
    const uint8_t *fde = count != 0 ? find_fde(pc, s, count) : NULL;
    if (fde == NULL) {
        row->kind = count != 0 ? CFI_NONE : CFI_UNKNOWN;
        return;
    }
    struct bytes b = entry_bytes(s, (uintptr_t)fde);
    uintptr_t back_from = (uintptr_t)b.at;
    uint64_t back = get(&b, 4);
    struct cie cie;
    if (b.bad || back == 0 || read_cie(s, back_from - back, &cie))
        return;
    uint64_t lo = get_pointer(&b, cie.pointer_enc, 1), n = get_pointer(&b, cie.pointer_enc, 0);
    if (b.bad || pc < lo || pc - lo >= n) {
        row->kind = b.bad ? CFI_UNKNOWN : CFI_NONE;
        return;
    }
    if (range != NULL)
        *range = (struct cfi_range){lo, lo + n};
    if (cie.has_data)
        skip_block(&b);
    struct machine m = {.cie = &cie, .at = 0, .pc = pc};
    run_all(&m, &b, lo, row);
}
