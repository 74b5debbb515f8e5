/* flame_pprof: pprof's profile.proto.  See flame_export.h.
 *
 * The few kinds of protobuf fields that it needs are written here: numbers, and bytes with their
 * length in front. */
#include "collector/output/flame_export.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "collector/analyse/stack_metric.h"
#include "collector/util/escape.h"
#include "collector/util/rowset.h"
#include "collector/util/xalloc.h"

/* Field numbers, as profile.proto has them. */
enum {
    PROFILE_SAMPLE_TYPE = 1,
    PROFILE_SAMPLE = 2,
    PROFILE_MAPPING = 3,
    PROFILE_LOCATION = 4,
    PROFILE_FUNCTION = 5,
    PROFILE_STRING = 6,
    PROFILE_TIME = 9,
    PROFILE_DURATION = 10,
    PROFILE_PERIOD_TYPE = 11,
    PROFILE_PERIOD = 12,
    VALUE_TYPE = 1,
    VALUE_UNIT = 2,
    SAMPLE_LOCATIONS = 1,
    SAMPLE_VALUES = 2,
    MAPPING_ID = 1,
    MAPPING_FILE = 5,
    MAPPING_HAS_FUNCTIONS = 7,
    MAPPING_HAS_FILES = 8,
    MAPPING_HAS_LINES = 9,
    LOCATION_ID = 1,
    LOCATION_MAPPING = 2,
    LOCATION_LINE = 4,
    LINE_FUNCTION = 1,
    LINE_NUMBER = 2,
    FUNCTION_ID = 1,
    FUNCTION_NAME = 2,
    FUNCTION_SYSTEM_NAME = 3,
    FUNCTION_FILE = 4,
    FUNCTION_START_LINE = 5
};

struct bytes {
    uint8_t *at;
    size_t n, cap;
};

struct pprof {
    const struct stack_tree *tree;
    struct bytes out, part, inner; /* the profile, a message of it, a message of that */
    char **string;
    size_t string_n, string_cap;
};

static void put_varint(struct bytes *b, uint64_t v)
{
    do {
        b->at = xgrow(b->at, b->n, &b->cap, 1);
        b->at[b->n++] = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
    } while (v >>= 7);
}

static void put_u64(struct bytes *b, unsigned field, uint64_t v)
{
    put_varint(b, field << 3);
    put_varint(b, v);
}

static void put_bytes(struct bytes *b, unsigned field, const void *at, size_t n)
{
    put_varint(b, field << 3 | 2);
    put_varint(b, n);
    if (b->cap - b->n < n)
        b->at = xrealloc(b->at, b->cap = 2 * (b->n + n), 1);
    if (n)
        memcpy(b->at + b->n, at, n);
    b->n += n;
}

/* Puts message FROM into B and empties it. */
static void put_message(struct bytes *b, unsigned field, struct bytes *from)
{
    put_bytes(b, field, from->at, from->n);
    from->n = 0;
}

/* Strings are numbered; the first is empty. A linear list: each is added once. */
static uint64_t string_new(struct pprof *p, const char *z)
{
    size_t n;
    p->string = xgrow(p->string, p->string_n, &p->string_cap, sizeof *p->string);
    p->string[p->string_n] = escape_utf8_only(z, strlen(z), &n);
    return p->string_n++;
}

static void put_value_type(struct pprof *p, unsigned field, const char *type, const char *unit)
{
    put_u64(&p->part, VALUE_TYPE, string_new(p, type));
    put_u64(&p->part, VALUE_UNIT, string_new(p, unit));
    put_message(&p->out, field, &p->part);
}

static void put_types(struct pprof *p, const struct export_about *about)
{
    static const char *const units[] = {"nanoseconds", "count", "bytes"};
    const char *type = p->tree->metric->name, *unit = units[p->tree->metric->unit];
    if (p->tree->samples_n)
        put_value_type(p, PROFILE_SAMPLE_TYPE, "samples", "count");
    put_value_type(p, PROFILE_SAMPLE_TYPE, type, unit);
    if (!about->period_ns)
        return;
    put_value_type(p, PROFILE_PERIOD_TYPE, type, unit);
    put_u64(&p->out, PROFILE_PERIOD, about->period_ns);
}

/* One mapping says that names are there already. */
static void put_mapping(struct pprof *p, const struct export_about *about)
{
    put_u64(&p->part, MAPPING_ID, 1);
    put_u64(&p->part, MAPPING_FILE, string_new(p, *about->program ? about->program : about->title));
    put_u64(&p->part, MAPPING_HAS_FUNCTIONS, 1);
    put_u64(&p->part, MAPPING_HAS_FILES, 1);
    put_u64(&p->part, MAPPING_HAS_LINES, 1);
    put_message(&p->out, PROFILE_MAPPING, &p->part);
}

/* Frames that are lines of one function share it: its number is that of the first such frame. */
static const char *function_name(const struct frame *f)
{
    return f->function ? f->function : f->label;
}

static uint64_t function_of(const struct stack_tree *t, struct rowset *known, uint32_t frame)
{
    const struct frame *f = &t->frame[frame];
    uint64_t key = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)f->kind;
    for (const char *z = function_name(f); *z; z++)
        key = (key ^ (unsigned char)*z) * UINT64_C(0x100000001b3);
    for (;; key++) {
        uint32_t *first = rowset_put(known, key);
        if (!*first)
            *first = frame + 1;
        if (!strcmp(function_name(&t->frame[*first - 1]), function_name(f)))
            return *first;
    }
}

static void put_function(struct pprof *p, uint64_t id, const struct frame *f)
{
    uint64_t name = string_new(p, function_name(f));
    put_u64(&p->part, FUNCTION_ID, id);
    put_u64(&p->part, FUNCTION_NAME, name);
    put_u64(&p->part, FUNCTION_SYSTEM_NAME, name);
    put_u64(&p->part, FUNCTION_FILE, string_new(p, f->file));
    if (!f->function && f->line)
        put_u64(&p->part, FUNCTION_START_LINE, f->line);
    put_message(&p->out, PROFILE_FUNCTION, &p->part);
}

static void put_locations(struct pprof *p)
{
    struct rowset known;
    rowset_init(&known, sizeof(uint32_t));
    for (uint32_t i = 0; i < p->tree->frame_n; i++) {
        const struct frame *f = &p->tree->frame[i];
        uint64_t function = function_of(p->tree, &known, i);
        put_u64(&p->inner, LINE_FUNCTION, function);
        put_u64(&p->inner, LINE_NUMBER, f->line);
        put_u64(&p->part, LOCATION_ID, (uint64_t)i + 1);
        put_u64(&p->part, LOCATION_MAPPING, 1);
        put_message(&p->part, LOCATION_LINE, &p->inner);
        put_message(&p->out, PROFILE_LOCATION, &p->part);
        if (function == (uint64_t)i + 1)
            put_function(p, function, f);
    }
    rowset_release(&known);
}

static void put_samples(struct pprof *p)
{
    const struct stack_tree *t = p->tree;
    double per_sample = (double)t->samples_n / (double)(stack_tree_at(t, 0)->total);
    for (size_t i = 1; i < t->nodes.n; i++) {
        uint64_t self = stack_tree_at(t, i)->self;
        if (!self)
            continue;
        for (size_t k = i; k; k = stack_tree_at(t, k)->parent)
            put_varint(&p->inner, (uint64_t)stack_tree_at(t, k)->frame + 1);
        put_message(&p->part, SAMPLE_LOCATIONS, &p->inner);
        if (t->samples_n)
            put_varint(&p->inner, (uint64_t)((double)self * per_sample + 0.5));
        put_varint(&p->inner, self);
        put_message(&p->part, SAMPLE_VALUES, &p->inner);
        put_message(&p->out, PROFILE_SAMPLE, &p->part);
    }
}

static int write_gzip(const struct bytes *b, FILE *out)
{
    uint8_t chunk[1 << 15];
    z_stream z = {.next_in = b->at, .avail_in = (uInt)b->n};
    int r;
    if (b->n > UINT32_MAX ||
        deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return -1;
    do {
        z.next_out = chunk;
        z.avail_out = sizeof chunk;
        r = deflate(&z, Z_FINISH);
        fwrite(chunk, 1, sizeof chunk - z.avail_out, out);
    } while (r == Z_OK);
    deflateEnd(&z);
    return r == Z_STREAM_END ? 0 : -1;
}

int flame_pprof(const struct stack_tree *t, const struct export_about *about, FILE *out)
{
    struct pprof p = {.tree = t};
    string_new(&p, "");
    put_types(&p, about);
    put_mapping(&p, about);
    put_locations(&p);
    put_samples(&p);
    put_u64(&p.out, PROFILE_TIME, about->start_real_ns);
    put_u64(&p.out, PROFILE_DURATION, about->duration_ns);
    for (size_t i = 0; i < p.string_n; i++) {
        put_bytes(&p.out, PROFILE_STRING, p.string[i], strlen(p.string[i]));
        free(p.string[i]);
    }
    int bad = write_gzip(&p.out, out);
    free(p.string);
    free(p.out.at);
    free(p.part.at);
    free(p.inner.at);
    return bad;
}
