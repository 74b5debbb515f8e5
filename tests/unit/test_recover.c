/* test_recover: traces completed from the shared memory of processes that are gone. */
/* SOURCES: tests/unit/trace_builder.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena/layout.h"
#include "collector/ingest/ingest.h"
#include "collector/ingest/recover.h"
#include "tests/unit/trace_builder.h"
#include "wire/frame.h"

struct fixture {
    int fd; /* of the arena, a memfd */
    struct arena *a;
    int out_fd; /* the trace so far */
    char out_path[64];
    struct trace t;
};

/* ---- an arena as the shim would leave it ---- */

static uint32_t put_string(struct fixture *f, const char *z)
{
    uint32_t at = atomic_load(&f->a->strings_used), n = (uint32_t)strlen(z);
    struct arena_string *s = (struct arena_string *)(void *)(f->a->strings + at);
    memcpy(s->bytes, z, n);
    atomic_store(&s->length_plus_1, n + 1);
    atomic_store(&f->a->strings_used, at + ((8 + n + 7) & ~7u));
    return at / 8 + 1;
}

static void put_ring(struct fixture *f, const uint8_t *record, size_t n)
{
    struct arena_ring *r = &f->a->ring;
    uint64_t head = atomic_load(&r->head);
    uint32_t header = (uint32_t)n << 2 | RING_READY;
    memcpy(r->bytes + head, &header, 4);
    memcpy(r->bytes + head + 4, record, n);
    atomic_store(&r->head, head + ((4 + n + 7) & ~UINT64_C(7)));
}

static void put_span(struct fixture *f, uint64_t id, const char *name)
{
    uint8_t bytes[1024];
    uint32_t sid = put_string(f, name);
    struct rec_span_begin begin = {
        .id = id, .kind = SPAN_REQUIRE, .name = sid, .begin_ns = 6000000000 + id * 1000};
    put_ring(f, bytes, rec_span_begin_encode(&begin, bytes, sizeof bytes));
    struct rec_span_end end = {.id = id, .end_ns = 6000000500 + id * 1000, .load = LOAD_LUA_FILE};
    put_ring(f, bytes, rec_span_end_encode(&end, bytes, sizeof bytes));
}

static void put_function(struct fixture *f, uint32_t i, const char *name, uint64_t calls)
{
    struct arena_function *fn = &f->a->functions[i];
    struct arena_calls *k = &f->a->threads[0].calls[i];
    fn->address = 0x401000 + i * 16;
    atomic_store(&fn->name, put_string(f, name));
    atomic_store(&fn->version, 1);
    k->down_period = 100;
    k->down_left = 100;
    k->down_base = calls;
    atomic_store(&f->a->functions_n, i + 1);
}

enum { SITES = 20 };

static void put_site(struct arena_site *t, uint32_t i)
{
    t->heap = i % 2 ? HEAP_LUA : HEAP_C;
    t->lane = i % 2 ? 0 : ARENA_LANES - 1;
    t->alloc_n = 10 + i;
    t->alloc_bytes = 1000;
    t->free_n = 5;
    t->free_bytes = 400;
    atomic_store(&t->ready, 1);
}

static void fill(struct fixture *f)
{
    struct arena *a = f->a;
    a->magic = ARENA_MAGIC;
    a->version = ARENA_VERSION;
    a->bytes = sizeof *a;
    a->process.pid = f->t.pid;
    a->process.start_real_ns = f->t.start_real_ns;
    strcpy(a->process.exe, "/usr/bin/lua5.4");
    atomic_store(&a->threads_n, 1);
    a->objects[0].lo = 0x400000;
    a->objects[0].hi = 0x500000;
    a->objects[0].path = put_string(f, "/usr/bin/lua5.4");
    atomic_store(&a->objects[0].version, 1);
    atomic_store(&a->objects_n, 1);
    put_function(f, 0, "print", 41);
    put_function(f, 1, "format", 1000000);
    for (uint64_t i = 1; i <= 50; i++)
        put_span(f, i, i % 2 ? "odd" : "even");
    a->states[0].live_bytes = 12345;
    a->states[0].id = 1;
    atomic_store(&a->states[0].in_use, 1);
    atomic_store(&a->states_n, 1);
    atomic_store(&a->losses[LOSS_TRIES], 3);
    a->memory_used = 1;
    a->memory.lua_mode = ALLOC_SAMPLED;
    for (uint32_t i = 0; i < SITES; i++)
        put_site(&a->sites[i], i);
    atomic_store(&a->sites_n, SITES);
    a->process_emitted = 1;
}

/* ---- fixture: an arena, and a trace whose first frame was written ---- */

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->fd = memfd_create("arena", MFD_CLOEXEC);
    if (ftruncate(f->fd, sizeof(struct arena)))
        return -1;
    f->a = mmap(NULL, sizeof *f->a, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, f->fd, 0);
    trace_init(&f->t, 4242);
    fill(f);
    trace_process(&f->t);
    trace_frame(&f->t);
    f->a->frame_seq = 1;
    strcpy(f->out_path, "/tmp/modprof-test-XXXXXX");
    f->out_fd = mkstemp(f->out_path);
    *state = f;
    return write(f->out_fd, f->t.bytes, f->t.n) == (ssize_t)f->t.n ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    munmap(f->a, sizeof *f->a);
    close(f->fd);
    close(f->out_fd);
    unlink(f->out_path);
    trace_free(&f->t);
    free(f);
    return 0;
}

static off_t out_bytes(const struct fixture *f)
{
    struct stat st;
    fstat(f->out_fd, &st);
    return st.st_size;
}

static void read_back(const struct fixture *f, struct model *m)
{
    struct err err = {""};
    if (ingest_file(f->out_path, m, &err))
        fail_msg("%s", err.text);
    assert_int_equal(m->process_n, 1);
}

/* Everything that the arena told is in the trace, which is whole and ended. */
static void assert_complete(const struct fixture *f, uint64_t status)
{
    struct model m;
    read_back(f, &m);
    struct process *p = m.process[0];
    assert_int_equal(m.quality.damage_n, 0);
    assert_int_equal(m.quality.truncated, 0);
    assert_int_equal(p->damaged_records_n, 0);
    assert_int_equal(p->end_seen, 1);
    assert_int_equal(p->end.status, status);
    if (status == 256) /* nobody saw it end: the last thing it recorded */
        assert_int_equal(p->end.end_ns, 6000000500 + 50 * 1000);
    assert_int_equal(p->functions.n, 2);
    const struct rec_crossing *c = rowset_find(&p->crossings, 1);
    assert_int_equal(c->down_n, 1000000);
    assert_int_equal(p->spans.n, 50);
    const struct span *s = rowset_find(&p->spans, 50);
    assert_string_equal(process_text(p, s->begin.name).at, "even");
    const struct rec_state *l = rowset_find(&p->states, 1);
    assert_int_equal(l->live_bytes, 12345);
    assert_int_equal(p->losses[LOSS_TRIES], 3);
    model_release(&m);
}

/* ---- facts ---- */

static void recover_ends_the_trace_with_all_that_was_left(void **state)
{
    struct fixture *f = *state;
    struct err err = {""};
    assert_int_equal(recover_from_fd(f->fd, f->out_fd, 137, &err), 0);
    assert_complete(f, 137);
}

static void recover_says_killed_unless_the_process_ended_in_order(void **state)
{
    struct fixture *f = *state;
    for (uint32_t ended = 0; ended < 2; ended++) {
        struct model m;
        assert_int_equal(ftruncate(f->out_fd, (off_t)f->t.n), 0);
        atomic_store(&f->a->ended, ended);
        assert_int_equal(recover_from_fd(f->fd, f->out_fd, 256, NULL), 0);
        read_back(f, &m);
        assert_int_equal(m.process[0]->end.reason, ended ? END_EXIT : END_KILLED);
        assert_int_equal(m.process[0]->end.status, 256);
        model_release(&m);
    }
}

static void recover_leaves_the_arena_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct arena *before = malloc(offsetof(struct arena, threads));
    memcpy(before, f->a, offsetof(struct arena, threads));
    assert_int_equal(recover_from_fd(f->fd, f->out_fd, 137, NULL), 0);
    assert_memory_equal(before, f->a, offsetof(struct arena, threads));
    free(before);
}

static void recover_goes_on_counting_frames(void **state)
{
    static const uint32_t told[] = {0, 1, 9};
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        struct model m;
        assert_int_equal(ftruncate(f->out_fd, (off_t)f->t.n), 0);
        f->a->frame_seq = told[i];
        assert_int_equal(recover_from_fd(f->fd, f->out_fd, 137, NULL), 0);
        read_back(f, &m);
        assert_int_equal(m.process[0]->gaps.next_seq, told[i] == 9 ? 10 : 2);
        assert_int_equal(m.process[0]->gaps.missing_n, told[i] == 9 ? 8 : 0);
        model_release(&m);
    }
}

static void recover_counts_the_frame_it_died_writing(void **state)
{
    struct fixture *f = *state;
    for (uint32_t written = 0; written < 2; written++) {
        struct model m;
        assert_int_equal(ftruncate(f->out_fd, (off_t)f->t.n), 0);
        atomic_store(&f->a->drain_lock, 1);
        f->a->frame_seq = written ? 0 : 1; /* the number goes up when the frame is out */
        assert_int_equal(recover_from_fd(f->fd, f->out_fd, 137, NULL), 0);
        read_back(f, &m);
        assert_int_equal(m.process[0]->losses[LOSS_SINK], !written);
        model_release(&m);
    }
}

static void recover_cuts_off_a_frame_that_was_not_written_whole(void **state)
{
    struct fixture *f = *state;
    for (size_t n = 1; n < f->t.n; n += n < 60 ? 1 : 40) {
        assert_int_equal(ftruncate(f->out_fd, (off_t)f->t.n), 0);
        assert_int_equal(pwrite(f->out_fd, f->t.bytes, n, (off_t)f->t.n), (ssize_t)n);
        assert_int_equal(recover_from_fd(f->fd, f->out_fd, 137, NULL), 0);
        assert_complete(f, 137);
    }
}

static void recover_defines_again_what_a_lost_frame_defined(void **state)
{
    struct fixture *f = *state;
    f->a->strings_emitted = atomic_load(&f->a->strings_used);
    f->a->functions[0].emitted = f->a->functions[1].emitted = 1;
    f->a->objects[0].emitted = 1;
    assert_int_equal(recover_from_fd(f->fd, f->out_fd, 137, NULL), 0);
    assert_complete(f, 137);
}

static void recover_makes_a_whole_trace_where_there_was_none(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ftruncate(f->out_fd, 0), 0);
    f->a->frame_seq = 0;
    assert_int_equal(recover_from_fd(f->fd, f->out_fd, 137, NULL), 0);
    assert_complete(f, 137);
}

static void assert_refused(struct fixture *f, int fd, const char *why)
{
    struct err err = {""};
    assert_int_equal(recover_from_fd(fd, f->out_fd, 137, &err), -1);
    assert_non_null(strstr(err.text, why));
    assert_int_equal(out_bytes(f), f->t.n);
}

static void recover_refuses_what_is_no_arena_and_leaves_the_trace(void **state)
{
    struct fixture *f = *state;
    int pipe_fd[2], small = memfd_create("small", MFD_CLOEXEC);
    assert_int_equal(pipe(pipe_fd), 0);
    assert_refused(f, pipe_fd[0], "none");
    assert_refused(f, small, "not one of modprof's");
    assert_refused(f, f->out_fd, "not one of modprof's");
    f->a->version++;
    assert_refused(f, f->fd, "another version");
    f->a->version--;
    f->a->bytes--;
    assert_refused(f, f->fd, "another version");
    f->a->bytes++;
    f->a->magic = 0;
    assert_refused(f, f->fd, "not one of modprof's");
    close(pipe_fd[0]);
    close(pipe_fd[1]);
    close(small);
}

static void recover_takes_an_arena_that_was_cut_off(void **state)
{
    struct fixture *f = *state;
    struct model m;
    assert_int_equal(ftruncate(f->fd, offsetof(struct arena, ring)), 0);
    assert_int_equal(recover_from_fd(f->fd, f->out_fd, 137, NULL), 0);
    read_back(f, &m);
    assert_int_equal(m.process[0]->end_seen, 1);
    model_release(&m);
    assert_int_equal(ftruncate(f->fd, sizeof(struct arena)), 0);
}

/* ---- trace files and arena files ---- */

/* Puts the arena into /dev/shm under the name that the shim would choose. */
static void arena_file(struct fixture *f, char *path, const char *pid_and_start)
{
    sprintf(path, "/dev/shm/modprof.%u.%s", (unsigned)geteuid(), pid_and_start);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, f->a, sizeof *f->a, 0), (ssize_t)sizeof *f->a);
    close(fd);
}

static pid_t dead_pid(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    waitpid(pid, NULL, 0);
    return pid;
}

/* The trace and the arena become those of PID. */
static void belong_to(struct fixture *f, pid_t pid)
{
    f->a->process.pid = f->t.pid = (uint32_t)pid;
    f->t.n = 0;
    f->t.seq = 0;
    trace_process(&f->t);
    trace_frame(&f->t);
    assert_int_equal(pwrite(f->out_fd, f->t.bytes, f->t.n, 0), (ssize_t)f->t.n);
    assert_int_equal(ftruncate(f->out_fd, (off_t)f->t.n), 0);
}

static unsigned long long own_start_ticks(void)
{
    char line[1024] = "";
    unsigned long long ticks = 0;
    FILE *s = fopen("/proc/self/stat", "re");
    if (!fgets(line, sizeof line, s))
        line[0] = 0;
    fclose(s);
    char *at = strrchr(line, ')') + 2;
    for (int field = 3; field < 22; field++)
        at = strchr(at, ' ') + 1;
    ticks = strtoull(at, NULL, 10);
    return ticks;
}

static void recover_completes_a_trace_file_and_removes_the_arena(void **state)
{
    struct fixture *f = *state;
    struct err err = {""};
    char arena[128], name[64];
    belong_to(f, dead_pid());
    snprintf(name, sizeof name, "%u.9999999999", f->t.pid); /* the youngest: not swept */
    arena_file(f, arena, name);
    assert_int_equal(recover_trace_file(f->out_path, arena, f->t.pid, &err), RECOVER_APPENDED);
    assert_complete(f, 256);
    assert_int_equal(access(arena, F_OK), -1);
    off_t n = out_bytes(f);
    assert_int_equal(recover_trace_file(f->out_path, arena, f->t.pid, &err), RECOVER_NOTHING);
    assert_int_equal(out_bytes(f), n);
}

static void recover_leaves_a_running_process_alone(void **state)
{
    struct fixture *f = *state;
    char arena[128], name[64];
    belong_to(f, getpid());
    snprintf(name, sizeof name, "%u.%llu", f->t.pid, own_start_ticks());
    arena_file(f, arena, name);
    assert_int_equal(recover_trace_file(f->out_path, arena, f->t.pid, NULL), RECOVER_RUNNING);
    assert_int_equal(out_bytes(f), f->t.n);
    assert_int_equal(access(arena, F_OK), 0);
    unlink(arena);
    /* A later process has the id of the one that is gone. */
    snprintf(name, sizeof name, "%u.%llu", f->t.pid, own_start_ticks() - 1);
    arena_file(f, arena, name);
    assert_int_equal(recover_trace_file(f->out_path, arena, f->t.pid, NULL), RECOVER_APPENDED);
}

static void recover_opens_nothing_but_arenas_of_this_trace(void **state)
{
    struct fixture *f = *state;
    char arena[128], other[160], name[64];
    belong_to(f, dead_pid());
    snprintf(name, sizeof name, "%u.9999999999", f->t.pid);
    arena_file(f, arena, name);
    snprintf(other, sizeof other, "/dev/shm/../shm/modprof.%u.%s", (unsigned)geteuid(), name);
    assert_int_equal(recover_trace_file(f->out_path, other, f->t.pid, NULL), RECOVER_NOTHING);
    assert_int_equal(recover_trace_file(f->out_path, "", f->t.pid, NULL), RECOVER_NOTHING);
    snprintf(other, sizeof other, "%s.link", arena);
    assert_int_equal(symlink(arena, other), 0);
    assert_int_equal(recover_trace_file(f->out_path, other, f->t.pid, NULL), RECOVER_NOTHING);
    unlink(other);
    int fd = open(arena, O_RDWR | O_CLOEXEC);
    uint64_t start = f->t.start_real_ns + 1;
    off_t at = offsetof(struct arena, process) + offsetof(struct arena_process, start_real_ns);
    assert_int_equal(pwrite(fd, &start, sizeof start, at), 8); /* of another process */
    close(fd);
    assert_int_equal(recover_trace_file(f->out_path, arena, f->t.pid, NULL), RECOVER_NOTHING);
    assert_int_equal(out_bytes(f), f->t.n);
    assert_int_equal(access(arena, F_OK), 0);
    unlink(arena);
}

static void recover_does_not_write_through_a_link(void **state)
{
    struct fixture *f = *state;
    char arena[128], name[64], link[128];
    belong_to(f, dead_pid());
    snprintf(name, sizeof name, "%u.9999999999", f->t.pid);
    arena_file(f, arena, name);
    snprintf(link, sizeof link, "%s.link", f->out_path);
    assert_int_equal(symlink(f->out_path, link), 0);
    assert_int_equal(recover_trace_file(link, arena, f->t.pid, NULL), RECOVER_NOTHING);
    assert_int_equal(out_bytes(f), f->t.n);
    unlink(link);
    unlink(arena);
}

static void recover_leaves_the_trace_whole_on_a_full_disk(void **state)
{
    struct fixture *f = *state;
    struct err err = {""};
    struct rlimit before, small;
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    for (rlim_t room = 0; room < 400; room += 50) { /* stands for the disk */
        small.rlim_cur = f->t.n + room;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        int failed = recover_from_fd(f->fd, f->out_fd, 137, &err);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(failed, -1);
        assert_non_null(strstr(err.text, "could not be written"));
        assert_int_equal(out_bytes(f), f->t.n);
    }
    assert_int_equal(recover_from_fd(f->fd, f->out_fd, 137, &err), 0);
    assert_complete(f, 137);
}

/* ---- damage ---- */

/* Bytes of the arena changed at random, one to hundreds a round: recovery must end, and what it writes must
 * be intact frames. Where the change hits what makes it an arena, the trace stays as it is. */
static void recover_survives_any_damage(void **state)
{
    struct fixture *f = *state;
    const char *asked = getenv("RECOVER_ROUNDS");
    int rounds = asked ? atoi(asked) : 250, changed_n = 0;
    /* All but the sites that are not there, which would only make each round longer. */
    size_t head = offsetof(struct arena, objects), sites = offsetof(struct arena, sites[SITES]);
    size_t gap = offsetof(struct arena, threads) - sites, whole = sites + 8192;
    uint8_t *bytes = (uint8_t *)f->a, *good = malloc(whole);
    unsigned seed = 1121;
    memcpy(good, bytes, sites);
    memcpy(good + sites, bytes + sites + gap, whole - sites);
    for (int round = 0; round < rounds; round++) {
        size_t range = round % 3 == 0 ? head : round % 3 == 1 ? 65536 : whole;
        size_t from = round % 6 == 5 ? offsetof(struct arena, ring) : 0;
        for (int k = 1 << rand_r(&seed) % 10; k; k--) {
            size_t at = from + (size_t)rand_r(&seed) % (range - (range > from ? from : 0));
            at %= whole;
            bytes[at < sites ? at : at + gap] = (uint8_t)(rand_r(&seed) >> 7);
        }
        memcpy(bytes, good, rand_r(&seed) % 4 ? 16 : 0); /* mostly still an arena */
        assert_int_equal(ftruncate(f->out_fd, (off_t)f->t.n), 0);
        if (recover_from_fd(f->fd, f->out_fd, 137, NULL) == 0) {
            struct model m;
            read_back(f, &m);
            assert_int_equal(m.quality.damage_n, 0);
            assert_int_equal(m.quality.truncated, 0);
            assert_int_equal(m.process[0]->end_seen, 1);
            model_release(&m);
            changed_n++;
        }
        memcpy(bytes, good, sites);
        memcpy(bytes + sites + gap, good + sites, whole - sites);
    }
    assert_true(changed_n > rounds / 2);
    free(good);
    assert_int_equal(ftruncate(f->out_fd, (off_t)f->t.n), 0);
    assert_int_equal(recover_from_fd(f->fd, f->out_fd, 137, NULL), 0);
    assert_complete(f, 137);
}

#define FACT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        FACT(recover_ends_the_trace_with_all_that_was_left),
        FACT(recover_says_killed_unless_the_process_ended_in_order),
        FACT(recover_leaves_the_arena_as_it_was),
        FACT(recover_goes_on_counting_frames),
        FACT(recover_counts_the_frame_it_died_writing),
        FACT(recover_cuts_off_a_frame_that_was_not_written_whole),
        FACT(recover_defines_again_what_a_lost_frame_defined),
        FACT(recover_makes_a_whole_trace_where_there_was_none),
        FACT(recover_refuses_what_is_no_arena_and_leaves_the_trace),
        FACT(recover_takes_an_arena_that_was_cut_off),
        FACT(recover_completes_a_trace_file_and_removes_the_arena),
        FACT(recover_leaves_a_running_process_alone),
        FACT(recover_opens_nothing_but_arenas_of_this_trace),
        FACT(recover_does_not_write_through_a_link),
        FACT(recover_leaves_the_trace_whole_on_a_full_disk),
        FACT(recover_survives_any_damage),
    };
    signal(SIGXFSZ, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
