/* lua_chunk: see lua_chunk.h.  The order of fields is that of lundump.c of Lua 5.4. */
#include "collector/analyse/lua_chunk.h"

#include <string.h>

enum {
    DEPTH_MAX = 200, /* functions within functions; Lua's own limit */
    VERSION = 0x54,
    INSTRUCTION_BYTES = 4,
    INTEGER_BYTES = 8,
    NUMBER_BYTES = 8
};
enum { K_NIL = 0, K_FALSE = 1, K_TRUE = 17, K_INTEGER = 3, K_FLOAT = 19, K_SHORT = 4, K_LONG = 20 };

struct reader {
    const uint8_t *at, *end;
    struct lua_chunk *chunk;
    const char *wrong; /* NULL: all well so far */
    int depth;
};

static const char cut_off[] = "it is cut off or damaged";

const char *chunk_part_name(unsigned part)
{
    static const char *const name[PART_N] = {"header", "code", "constants", "debug", "structure"};
    return part < PART_N ? name[part] : "?";
}

int lua_chunk_is(const void *at, size_t n)
{
    return n > 0 && *(const char *)at == '\033';
}

/* N bytes of PART; NULL where there are not so many. */
static const uint8_t *take(struct reader *r, uint64_t n, enum chunk_part part)
{
    const uint8_t *at = r->at;
    if (r->wrong || n > (uint64_t)(r->end - r->at)) {
        r->wrong = r->wrong ? r->wrong : cut_off;
        return NULL;
    }
    r->at += n;
    r->chunk->part_bytes[part] += n;
    return at;
}

static unsigned byte(struct reader *r, enum chunk_part part)
{
    const uint8_t *at = take(r, 1, part);
    return at ? *at : 0;
}

/* Seven bits a byte, the highest first; the last byte has the top bit set. */
static uint64_t number(struct reader *r, enum chunk_part part)
{
    uint64_t v = 0;
    for (int i = 0; i < 10 && !r->wrong; i++) {
        unsigned b = byte(r, part);
        v = v << 7 | (b & 0x7f);
        if (b & 0x80)
            return v;
    }
    r->wrong = r->wrong ? r->wrong : cut_off;
    return 0;
}

/* Its length plus one, then its bytes; a length of 0: none. */
static const uint8_t *string(struct reader *r, size_t *n, enum chunk_part part)
{
    uint64_t size = number(r, part);
    *n = size ? (size_t)(size - 1) : 0;
    return size ? take(r, size - 1, part) : NULL;
}

static void constant(struct reader *r)
{
    size_t n;
    switch (byte(r, PART_CONSTANTS)) {
    case K_NIL:
    case K_FALSE:
    case K_TRUE:
        return;
    case K_INTEGER:
        take(r, INTEGER_BYTES, PART_CONSTANTS);
        return;
    case K_FLOAT:
        take(r, NUMBER_BYTES, PART_CONSTANTS);
        return;
    case K_SHORT:
    case K_LONG:
        string(r, &n, PART_CONSTANTS);
        return;
    default:
        r->wrong = r->wrong ? r->wrong : cut_off;
    }
}

static void debug_part(struct reader *r)
{
    size_t n;
    take(r, number(r, PART_DEBUG), PART_DEBUG); /* line of each instruction, relative */
    for (uint64_t left = number(r, PART_DEBUG); left && !r->wrong; left--) {
        number(r, PART_DEBUG); /* instruction */
        number(r, PART_DEBUG); /* its line */
    }
    for (uint64_t left = number(r, PART_DEBUG); left && !r->wrong; left--) {
        string(r, &n, PART_DEBUG); /* a local variable */
        number(r, PART_DEBUG);
        number(r, PART_DEBUG);
    }
    for (uint64_t left = number(r, PART_DEBUG); left && !r->wrong; left--)
        string(r, &n, PART_DEBUG); /* name of an upvalue */
}

static void function(struct reader *r)
{
    size_t n;
    if (++r->depth > DEPTH_MAX)
        r->wrong = r->wrong ? r->wrong : cut_off;
    r->chunk->function_n += !r->wrong;
    const uint8_t *source = string(r, &n, PART_DEBUG);
    if (source && !r->chunk->source) {
        r->chunk->source = (const char *)source;
        r->chunk->source_n = n;
    }
    number(r, PART_STRUCTURE);  /* first line */
    number(r, PART_STRUCTURE);  /* last line */
    take(r, 3, PART_STRUCTURE); /* parameters, variable arguments, registers */
    uint64_t code_n = number(r, PART_STRUCTURE);
    if (code_n > UINT32_MAX)
        r->wrong = cut_off;
    take(r, code_n * INSTRUCTION_BYTES, PART_CODE);
    for (uint64_t left = number(r, PART_STRUCTURE); left && !r->wrong; left--)
        constant(r);
    for (uint64_t left = number(r, PART_STRUCTURE); left && !r->wrong; left--)
        take(r, 3, PART_STRUCTURE); /* an upvalue */
    for (uint64_t left = number(r, PART_STRUCTURE); left && !r->wrong; left--)
        function(r);
    debug_part(r);
    r->depth--;
}

static const char *version_wrong(unsigned version)
{
    static const char *const text[] = {"version 5.0, not 5.4",
                                       "version 5.1, not 5.4",
                                       "version 5.2, not 5.4",
                                       "version 5.3, not 5.4",
                                       NULL,
                                       "version 5.5, not 5.4"};
    if (version >= 0x50 && version <= 0x55)
        return text[version - 0x50];
    return "its version is none of Lua's";
}

static void header(struct reader *r)
{
    static const uint8_t data[] = {0x19, 0x93, '\r', '\n', 0x1a, '\n'};
    static const uint8_t sizes[] = {INSTRUCTION_BYTES, INTEGER_BYTES, NUMBER_BYTES};
    static const int64_t an_integer = 0x5678;
    static const unsigned char a_number[] = {0, 0, 0, 0, 0, 0x28, 0x77, 0x40}; /* 370.5 */
    const uint8_t *at = take(r, 4, PART_HEADER);
    if (at && memcmp(at, "\033Lua", 4) != 0)
        r->wrong = memcmp(at, "\033LJ", 3) == 0 ? "it is LuaJIT's" : "its signature is not Lua's";
    unsigned version = byte(r, PART_HEADER);
    if (!r->wrong && version != VERSION)
        r->wrong = version_wrong(version);
    if (byte(r, PART_HEADER) != 0 && !r->wrong)
        r->wrong = "its format is not the official one";
    if ((at = take(r, sizeof data, PART_HEADER)) && memcmp(at, data, sizeof data) != 0)
        r->wrong = "it was changed on its way (line ends converted?)";
    if ((at = take(r, sizeof sizes, PART_HEADER)) && memcmp(at, sizes, sizeof sizes) != 0)
        r->wrong = "it is for other sizes of integers or numbers";
    if ((at = take(r, sizeof an_integer, PART_HEADER)) &&
        memcmp(at, &an_integer, sizeof an_integer) != 0)
        r->wrong = "it is for another byte order";
    if ((at = take(r, sizeof a_number, PART_HEADER)) && memcmp(at, a_number, sizeof a_number) != 0)
        r->wrong = "it is for another format of numbers";
    byte(r, PART_STRUCTURE); /* upvalues of the main function */
}

const char *lua_chunk_read(struct lua_chunk *c, const void *at, size_t n)
{
    memset(c, 0, sizeof *c);
    struct reader r = {at, (const uint8_t *)at + n, c, NULL, 0};
    header(&r);
    if (!r.wrong)
        function(&r);
    return r.wrong;
}
