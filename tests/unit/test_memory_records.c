/* test_memory_records: the records of memory and marks go round, older readers and writers included, and the model keeps
 * of them what docs/FORMAT.md promises. */
#include "tests/unit/unit.h"

#include <string.h>

#include "collector/ingest/apply.h"
#include "collector/model/model.h"
#include "wire/record.h"

static uint8_t bytes[4096];

/* The payload of the one record in `bytes`. */
static const uint8_t *payload_of(size_t n, uint64_t want, size_t *payload_n)
{
    const uint8_t *at = bytes, *payload;
    uint64_t kind;
    assert_int_not_equal(n, 0);
    assert_int_equal(record_next(&at, bytes + n, &kind, &payload, payload_n), 1);
    assert_int_equal(kind, want);
    assert_ptr_equal(at, bytes + n);
    return payload;
}

/* Every integer of each record gets a value of its own; arrays are full. */
#define U64(f) r.f = next(&seed);
#define S64(f) r.f = -(int64_t)(next(&seed) >> 1);
#define SID(f) r.f = (uint32_t)next(&seed);
#define BYTES(f)
#define U64S(f, max) \
    r.f##_n = max; \
    for (int i = 0; i < (max); i++) \
        r.f[i] = next(&seed) | 1;
#define RECORD(number, name) \
    if ((number) >= 30 && (number) <= 46) { \
        struct rec_##name r, back; \
        size_t n; \
        memset(&r, 0, sizeof r); \
        memset(&back, 0xee, sizeof back); \
        { \
            const uint64_t this_kind = number; \
            size_t (*encode)(const struct rec_##name *, uint8_t *, size_t) = rec_##name##_encode; \
            int (*decode)(struct rec_##name *, const uint8_t *, size_t) = rec_##name##_decode;
#define END_RECORD(name) \
    size_t size = encode(&r, bytes, sizeof bytes); \
    const uint8_t *p = payload_of(size, this_kind, &n); \
    assert_int_equal(decode(&back, p, n), 0); \
    assert_int_equal(encode(&back, bytes + 2048, 2048), size); \
    assert_memory_equal(bytes, bytes + 2048, size); \
    records_n++; \
    } \
    }

static uint64_t next(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> (*seed >> 59);
}

static void every_value_goes_round(void **state)
{
    uint64_t seed = 1;
    int records_n = 0;
    (void)state;
#include "wire/records.def"
    assert_int_equal(records_n, 7);
}

static void negative_live_figures_stay_negative(void **state)
{
    struct rec_alloc_count r = {.site = 3, .live_n = -1, .live_bytes = INT64_MIN}, back;
    size_t n;
    (void)state;
    const uint8_t *p = payload_of(rec_alloc_count_encode(&r, bytes, sizeof bytes), 32, &n);
    assert_int_equal(rec_alloc_count_decode(&back, p, n), 0);
    assert_int_equal(back.live_n, -1);
    assert_true(back.live_bytes == INT64_MIN);
}

static void a_sample_of_memory_from_before_has_no_kinds(void **state)
{
    struct rec_sample_memory back;
    const uint8_t old[] = {5, 7, 8, 9}; /* at_ns, lua_bytes, c_bytes, rss_bytes */
    (void)state;
    assert_int_equal(rec_sample_memory_decode(&back, old, sizeof old), 0);
    assert_int_equal(back.c_bytes, 4);
    assert_int_equal(back.kinds, KINDS_UNKNOWN);
    assert_int_equal(back.kind_live_n, 0);
    assert_int_equal(back.alloc_bytes, 0);
}

static size_t put_count(size_t at, uint64_t site, int64_t live_n, int64_t live_bytes)
{
    struct rec_alloc_count r = {.site = site, .live_n = live_n, .live_bytes = live_bytes};
    return at + rec_alloc_count_encode(&r, bytes + at, sizeof bytes - at);
}

static size_t put_mark(size_t at, uint64_t id)
{
    struct rec_mark r = {.id = id, .at_ns = 10 * id};
    return at + rec_mark_encode(&r, bytes + at, sizeof bytes - at);
}

static void a_mark_keeps_the_counts_before_it(void **state)
{
    struct model m;
    (void)state;
    model_init(&m, "x");
    struct process *p = model_process(&m, 1, 1);
    size_t n = put_mark(put_count(put_count(put_count(0, 1, 1, 50), 2, 0, 0), 1, 2, 100), 1);
    n = put_mark(put_count(put_count(n, 1, 0, 0), 2, 5, 40), 2);
    apply_records(p, bytes, n);
    assert_int_equal(p->heap.mark_n, 2);
    const struct mark *first = &p->heap.mark[0], *second = &p->heap.mark[1];
    assert_int_equal(first->cell_n, 1);
    assert_int_equal(mark_live(first, 0).n, 2);
    assert_int_equal(mark_live(first, 0).bytes, 100);
    assert_int_equal(second->cell_n, 1);
    assert_int_equal(mark_live(second, 0).bytes, 0);
    assert_int_equal(mark_live(second, 1).n, 5);
    assert_int_equal(mark_live(second, 1).bytes, 40);
    assert_int_equal(p->damaged_records_n, 0);
    model_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_goes_round),
        cmocka_unit_test(negative_live_figures_stay_negative),
        cmocka_unit_test(a_sample_of_memory_from_before_has_no_kinds),
        cmocka_unit_test(a_mark_keeps_the_counts_before_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
