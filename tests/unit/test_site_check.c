/* test_site_check: what lives is noted at doubling distances, and comes to the reader. */
/* SOURCES: shim/stack/site_check.c */
#include "tests/unit/unit.h"

#include "arena/snapshot.h"
#include "collector/ingest/apply.h"
#include "collector/model/model.h"
#include "shim/stack/site_check.h"
#include "tests/unit/fake_record.h"

enum { KIB = 1024 };

static void begin(uint32_t sites)
{
    fake_start();
    arena->memory_used = 1;
    atomic_store(&arena->states_n, 1);
    atomic_store(&arena->sites_n, sites);
    for (uint32_t i = 0; i < sites; i++) {
        arena->sites[i].heap = HEAP_LUA;
        atomic_store(&arena->sites[i].ready, 1);
    }
}

/* N blocks of EACH bytes by SITE, of which GONE go again. */
static void allocate(uint32_t site, uint64_t n, uint64_t each, uint64_t gone)
{
    struct arena_site *t = &arena->sites[site];
    t->alloc_n += n;
    t->alloc_bytes += n * each;
    t->free_n += gone;
    t->free_bytes += gone * each;
    arena->states[0].kind_bytes[ALLOC_STRING] += n * each;
}

static void checks_come_at_doubling_distances(void **state)
{
    (void)state;
    begin(1);
    for (int i = 0; i < 1000; i++) { /* 100 KiB each */
        allocate(0, 100, KIB, 99);
        site_check();
    }
    /* at 300, 600, 1200 ... 76,800 KiB */
    assert_int_equal(arena->memory.checks_n, 9);
    assert_int_equal(arena->memory.check_clock[0], 76800 * KIB);
    assert_int_equal(arena->memory.check_clock[1], 38400 * KIB);
    assert_int_equal(arena->memory.check_clock[7], 600 * KIB);
    assert_int_equal(arena->sites[0].check_bytes[0], 768 * KIB);
    assert_int_equal(arena->sites[0].check_n[1], 384);
    assert_int_equal(arena->sites[0].check_n[7], 6);
}

/* Work that piles up and is done again happens to be twice as much at each check. */
static void a_fall_between_checks_is_noted(void **state)
{
    (void)state;
    begin(2);
    allocate(0, 256, KIB, 0);
    site_check();
    allocate(1, 128, KIB, 128);
    allocate(0, 0, KIB, 200);
    site_check(); /* 56 KiB are left */
    allocate(0, 64, KIB, 0);
    site_check();
    assert_int_equal(arena->memory.checks_n, 1);
    assert_int_equal(arena->sites[0].fell_bytes[0], 200 * KIB);
    assert_int_equal(arena->sites[0].look_bytes, 120 * KIB);
    assert_int_equal(arena->memory.look_clock, 448 * KIB);
    allocate(0, 392, KIB, 0);
    site_check();
    assert_int_equal(arena->memory.checks_n, 2);
    assert_int_equal(arena->sites[0].check_bytes[0], 512 * KIB);
    assert_int_equal(arena->sites[0].fell_bytes[0], 0);
    assert_int_equal(arena->sites[0].fell_bytes[1], 200 * KIB);
    assert_int_equal(arena->sites[1].fell_bytes[1], 0);
}

/* Whenever the program ends, what its last part brought can be told. */
static void looks_are_kept_some_way_apart(void **state)
{
    (void)state;
    begin(1);
    allocate(0, 700, KIB, 0);
    site_check();
    for (int i = 0; i < 300; i++) {
        allocate(0, 1, KIB, 0);
        site_check();
    }
    const struct arena_memory *m = &arena->memory;
    assert_int_equal(m->checks_n, 1);
    assert_int_equal(m->late_clock[3], 0);
    assert_int_equal(m->late_clock[2], 700 * KIB);
    for (int i = 0; i < 3; i++)
        assert_int_equal(arena->sites[0].late_bytes[i], m->late_clock[i]);
    for (int i = 0; i < 2; i++)
        assert_in_range(m->late_clock[i], m->late_clock[i + 1] * 8 / 7,
                        m->late_clock[i + 1] * 5 / 4);
    assert_in_range(m->look_clock, m->late_clock[0], m->late_clock[0] * 5 / 4);
}

/* Without a collection; not more often than each tenth of a millisecond. */
static void what_was_made_by_moments_of_the_past_is_kept(void **state)
{
    enum { TIME = 200 * 1000 };
    uint64_t now = 0;
    (void)state;
    begin(2);
    allocate(1, 200, KIB, 200);
    site_past(now += TIME); /* too early */
    for (int i = 0; i < 800; i++) {
        allocate(0, 1, KIB, 1);
        site_past(now += TIME);
    }
    const struct arena_memory *m = &arena->memory;
    assert_int_equal(m->checks_n, 0);
    for (int i = 0; i < ARENA_PAST; i++) {
        assert_int_equal(arena->sites[0].past_bytes[i], m->past_clock[i] - 200 * KIB);
        assert_int_equal(arena->sites[1].past_bytes[i], 200 * KIB);
    }
    for (int i = 0; i + 1 < ARENA_PAST; i++)
        assert_in_range(m->past_clock[i], m->past_clock[i + 1] * 17 / 16,
                        m->past_clock[i + 1] * 17 / 16 + KIB);
    assert_in_range(m->past_clock[0], 1000 * KIB * 16 / 17, 1000 * KIB);
    uint64_t last = m->past_clock[0];
    allocate(0, 500, KIB, 0);
    site_past(now + 1000);
    assert_int_equal(m->past_clock[0], last);
    site_past(now + TIME);
    assert_int_equal(m->past_clock[0], 1500 * KIB);
}

/* However many collections there are. */
static void few_looks_are_taken_between_checks(void **state)
{
    uint64_t looks = 0, last = 0;
    (void)state;
    begin(1);
    allocate(0, 1024, KIB, 0);
    site_check();
    for (int i = 0; i < 1023; i++) {
        allocate(0, 1, KIB, 0);
        site_check();
        uint64_t next = atomic_load(&arena->memory.next_look);
        looks += next != last;
        last = next;
    }
    assert_int_equal(arena->memory.checks_n, 1);
    assert_in_range(looks, 15, 17);
}

static void nothing_is_checked_without_sites(void **state)
{
    (void)state;
    begin(0);
    allocate(0, 1000, KIB, 0);
    arena->memory_used = 0;
    site_check();
    assert_int_equal(arena->memory.checks_n, 0);
}

struct read_back {
    struct model model;
    struct process *process;
};

static int take(void *ctx, const uint8_t *record, size_t n)
{
    apply_records(((struct read_back *)ctx)->process, record, n);
    return 0;
}

static void read_arena(struct read_back *b)
{
    struct snapshot_options o = {.final = 0};
    assert_int_equal(snapshot_take(arena, &o, take, b), 0);
}

static const struct alloc_site *site_of(const struct read_back *b, uint64_t id)
{
    const struct alloc_site *s = rowset_find(&b->process->heap.sites, id);
    assert_non_null(s);
    return s;
}

/* Two sites with 300 and 10 blocks, of which the second has freed its own. */
static void begin_read(struct read_back *b)
{
    begin(2);
    model_init(&b->model, "x");
    b->process = model_process(&b->model, 1, 1);
    allocate(0, 300, KIB, 0);
    allocate(1, 10, KIB, 10);
}

static void checks_come_to_the_reader(void **state)
{
    struct read_back b;
    (void)state;
    begin_read(&b);
    site_check();
    read_arena(&b);
    assert_int_equal(b.process->heap.checks.clock[0], 310 * KIB);
    assert_int_equal(site_of(&b, 1)->count.check_bytes[0], 300 * KIB);
    assert_int_equal(site_of(&b, 2)->count.check_bytes[0], 0);
    allocate(1, 400, KIB, 0); /* the first one does not change, but its checks do */
    site_check();
    read_arena(&b);
    assert_int_equal(site_of(&b, 1)->count.check_bytes[1], 300 * KIB);
    assert_int_equal(site_of(&b, 1)->count.check_n[0], 300);
    assert_int_equal(site_of(&b, 2)->count.check_n[0], 400);
    model_release(&b.model);
}

static void what_was_made_since_comes_to_the_reader(void **state)
{
    struct read_back b;
    (void)state;
    begin_read(&b);
    site_past(1000 * 1000);
    allocate(0, 100, KIB, 50);
    site_past(2000 * 1000);
    allocate(0, 5, KIB, 0);
    read_arena(&b);
    const struct rec_check *c = &b.process->heap.checks;
    assert_int_equal(c->since_clock[0], 410 * KIB);
    assert_int_equal(c->since_clock[1], 310 * KIB);
    assert_int_equal(c->since_clock[2], 0);
    assert_int_equal(site_of(&b, 1)->count.since_bytes[0], 5 * KIB);
    assert_int_equal(site_of(&b, 1)->count.since_bytes[1], 105 * KIB);
    assert_int_equal(site_of(&b, 2)->count.since_bytes[1], 0);
    model_release(&b.model);
}

static void a_forked_child_begins_anew(void **state)
{
    (void)state;
    begin(1);
    allocate(0, 300, KIB, 0);
    site_check();
    site_past(1000 * 1000);
    atomic_store(&arena->memory.next_look, UINT64_MAX); /* another thread was at it */
    atomic_store(&arena->memory.next_past_ns, UINT64_MAX);
    snapshot_restart(arena);
    assert_int_equal(arena->memory.checks_n, 0);
    assert_int_equal(arena->sites[0].check_bytes[0], 0);
    allocate(0, 300, KIB, 0);
    site_check();
    assert_int_equal(arena->memory.checks_n, 1);
    assert_int_equal(arena->sites[0].check_bytes[0], 600 * KIB); /* with what it inherited */
    assert_int_equal(arena->memory.past_clock[0], 0);
    site_past(2000 * 1000);
    assert_int_equal(arena->memory.past_clock[0], 300 * KIB);
    assert_int_equal(arena->sites[0].past_bytes[0], 300 * KIB);
    assert_int_equal(arena->sites[0].past_bytes[1], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks_come_at_doubling_distances),
        cmocka_unit_test(a_fall_between_checks_is_noted),
        cmocka_unit_test(looks_are_kept_some_way_apart),
        cmocka_unit_test(what_was_made_by_moments_of_the_past_is_kept),
        cmocka_unit_test(few_looks_are_taken_between_checks),
        cmocka_unit_test(nothing_is_checked_without_sites),
        cmocka_unit_test(checks_come_to_the_reader),
        cmocka_unit_test(what_was_made_since_comes_to_the_reader),
        cmocka_unit_test(a_forked_child_begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
