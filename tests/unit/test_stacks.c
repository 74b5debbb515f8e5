/* test_stacks: two stacks of a sample become one, in the true order, with names. */
/* SOURCES: tests/unit/trace_builder.c */
#include "tests/unit/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/analyse/stack_hot.h"
#include "collector/analyse/stack_merge.h"
#include "collector/analyse/stack_names.h"
#include "collector/analyse/stack_metric.h"
#include "collector/ingest/ingest.h"
#include "collector/output/flame_folded.h"
#include "tests/unit/trace_builder.h"
#include "wire/enums.h"

/* Lua at 0x400000: the VM loop from 0x1000, the collector from 0x2000, C functions of Lua's from
 * 0x8000; a library at 0x7f0000000000.  No file, no symbols. */
enum {
    LUA = 0x400000,
    VM = LUA + 0x1010,
    GC = LUA + 0x2010,
    MACHINE = LUA + 0x3010,
    SORT = LUA + 0x8000,
    PCALL = LUA + 0x8400,
    MAIN = LUA + 0xf0000
};
#define LIBRARY UINT64_C(0x7f0000000100)
#define SHIM UINT64_C(0x7e0000000000)
#define VDSO UINT64_C(0x7ffff0000000)

struct fixture {
    struct trace trace;
    struct model model;
    struct symbols *symbols;
    uint64_t node_id;
    struct stack_choice choice;
    struct stack_shape shape;
    struct stack_quality quality;
    char *text;
};

static void function(struct fixture *f, uint64_t id, uint64_t address, const char *name)
{
    TRACE_ADD(&f->trace, function, .id = id, .address = address, .object = address >= LIBRARY,
              .name = trace_string(&f->trace, name), .module = trace_string(&f->trace, "t"));
}

static void proto(struct fixture *f, uint64_t id, const char *source, uint64_t line)
{
    TRACE_ADD(&f->trace, proto, .id = id, .source = trace_string(&f->trace, source),
              .line_defined = line);
}

/* Of a process that started so long after it usually did. */
static void begin_later(struct fixture *f, uint64_t ns)
{
    memset(f, 0, sizeof *f);
    struct trace *t = &f->trace;
    trace_init(t, 7);
    t->start_real_ns += ns;
    trace_process(t);
    TRACE_ADD(t, object, .id = 0, .path = trace_string(t, "/no/such/lua"), .lo = LUA,
              .hi = LUA + 0x100000, .bias = LUA);
    TRACE_ADD(t, object, .id = 1, .path = trace_string(t, "/no/such/lib.so"),
              .lo = UINT64_C(0x7f0000000000), .hi = UINT64_C(0x7f0000010000),
              .bias = UINT64_C(0x7f0000000000));
    TRACE_ADD(t, copy, .id = 0, .object = 0, .version = trace_string(t, "Lua 5.4.4"));
    TRACE_ADD(t, code_role, .lo = LUA + 0x1000, .hi = LUA + 0x2000, .role = ROLE_VM);
    TRACE_ADD(t, code_role, .lo = LUA + 0x2000, .hi = LUA + 0x3000, .role = ROLE_GC);
    TRACE_ADD(t, sampler, .clock = CLOCK_CPU, .asked_hz = 1000, .period_ns = 1000000);
    TRACE_ADD(t, object, .id = 2, .path = trace_string(t, "/x/libmodprof.so"), .lo = SHIM,
              .hi = SHIM + 0x10000, .bias = SHIM);
    TRACE_ADD(t, object, .id = 3, .path = trace_string(t, "linux-vdso.so.1"), .lo = VDSO,
              .hi = VDSO + 0x1000, .bias = VDSO);
    function(f, 0, SORT, "sort");
    function(f, 1, PCALL, "pcall");
    function(f, 2, LIBRARY, "lib");
    proto(f, 1, "=main", 0);
    proto(f, 2, "=main", 10);
    proto(f, 3, "=main", 20);
}

static void begin(struct fixture *f)
{
    begin_later(f, 0);
}

/* A chain of nodes, innermost first, ended by 0; returns the innermost one's id. */
static uint64_t native(struct fixture *f, const uint64_t *address)
{
    uint64_t parent = *address && address[1] ? native(f, address + 1) : 0;
    TRACE_ADD(&f->trace, node, .id = ++f->node_id, .parent = parent, .kind = NODE_NATIVE,
              .value = *address);
    return f->node_id;
}

struct side {
    uint64_t kind, value, line, flags;
};
#define L(proto, line) \
    { \
        NODE_LUA, proto, line, 0 \
    }
#define FRESH(proto, line) \
    { \
        NODE_LUA, proto, line, NODE_FRESH \
    }
#define C(function) \
    { \
        NODE_C_FUNCTION, (function) + 1, 0, 0 \
    }
#define CO \
    { \
        NODE_COROUTINE, 0, 0, 0 \
    }

static uint64_t lua(struct fixture *f, const struct side *s)
{
    uint64_t parent = s[1].kind ? lua(f, s + 1) : 0;
    TRACE_ADD(&f->trace, node, .id = ++f->node_id, .parent = parent, .kind = s->kind,
              .value = s->value, .line = s->line, .flags = s->flags);
    return f->node_id;
}

#define NATIVE(...) native(f, (const uint64_t[]){__VA_ARGS__, 0})
#define SIDE(...) lua(f, (const struct side[]){__VA_ARGS__, {0, 0, 0, 0}})

static void sample_of(struct fixture *f, uint64_t n, uint64_t l, uint64_t flags, uint64_t periods)
{
    TRACE_ADD(&f->trace, sample, .at_ns = trace_ms(&f->trace, 10), .tid = 7, .state = 1,
              .native = n, .lua = l, .periods = periods, .flags = flags);
}

static void sample(struct fixture *f, uint64_t n, uint64_t l, uint64_t flags)
{
    sample_of(f, n, l, flags, 1);
}

static void read_trace(struct fixture *f, const struct sample_window *w)
{
    struct err err;
    trace_end(&f->trace, 0);
    trace_frame(&f->trace);
    if (w) { /* through a file: windows are asked for there */
        char path[] = "/tmp/modprof-test-XXXXXX";
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, f->trace.bytes, f->trace.n), f->trace.n);
        close(fd);
        assert_int_equal(ingest_file_window(path, w, &f->model, &err), 0);
        unlink(path);
    } else {
        assert_int_equal(ingest_bytes("t", f->trace.bytes, f->trace.n, &f->model, &err), 0);
    }
}

static const char *folded_of(struct fixture *f)
{
    struct frames frames;
    struct stack_tree tree;
    size_t n;
    f->symbols = symbols_new();
    stack_tree_init(&tree, stack_metric_at(STACK_METRIC_CPU));
    frames_init(&frames, f->model.process[0], f->symbols, f->choice.by);
    stack_profile_add(&tree, 0, &frames, &f->choice, &f->quality);
    stack_tree_reshape(&tree, &f->shape);
    stack_tree_finish(&tree);
    FILE *out = open_memstream(&f->text, &n);
    flame_folded(&tree, out);
    fclose(out);
    frames_release(&frames);
    stack_tree_release(&tree);
    return f->text;
}

static const char *folded(struct fixture *f)
{
    read_trace(f, NULL);
    return folded_of(f);
}

static void end(struct fixture *f)
{
    free(f->text);
    symbols_free(f->symbols);
    model_release(&f->model);
    trace_free(&f->trace);
}

/* ---- merging ---- */

static void lua_calling_c_calling_lua_keeps_its_order(void **state)
{
    (void)state;
    struct fixture fx, *f = &fx;
    begin(f);
    sample(f, NATIVE(VM, MACHINE, SORT + 0x80, MACHINE, VM, MACHINE, MAIN),
           SIDE(FRESH(3, 21), C(0), L(2, 11), FRESH(1, 1)), 0);
    assert_string_equal(folded(f),
                        "[lua not found];main (main chunk);main:10;t.sort;main:20 1000000\n");
    assert_int_equal(f->quality.state_weight[STATE_LUA], 1000000);
    end(f);
}

static void what_a_c_function_calls_stands_below_it(void **state)
{
    (void)state;
    struct fixture fx, *f = &fx;
    begin(f);
    sample(f, NATIVE(LIBRARY + 0x5000, LIBRARY + 0x20, VM, MAIN), SIDE(C(2), FRESH(1, 1)), 0);
    assert_string_equal(folded(f),
                        "[lua not found];main (main chunk);t.lib;[lib.so not found] 1000000\n");
    assert_int_equal(f->quality.state_weight[STATE_C], 1000000);
    end(f);
}

static void code_outside_of_any_object_is_marked_by_its_page(void **state)
{
    (void)state;
    struct fixture fx, *f = &fx;
    begin(f);
    sample(f, NATIVE(0x666666543, SORT + 0x20, VM, MAIN), SIDE(C(0), FRESH(1, 1)), 0);
    assert_string_equal(folded(f),
                        "[lua not found];main (main chunk);t.sort;[unknown 0x666666000] 1000000\n");
    end(f);
}

static void the_collector_is_known_wherever_it_runs(void **state)
{
    (void)state;
    struct fixture fx, *f = &fx;
    begin(f);
    sample(f, NATIVE(MACHINE, GC, VM, MAIN), SIDE(FRESH(1, 1)), 0);
    sample(f, NATIVE(MACHINE, GC, MACHINE, SORT + 4, VM, MAIN), SIDE(C(0), FRESH(1, 1)), 0);
    assert_string_equal(folded(f), "[lua not found];main (main chunk);[gc] 1000000\n"
                                   "[lua not found];main (main chunk);t.sort;[gc] 1000000\n");
    assert_int_equal(f->quality.state_weight[STATE_GC], 2000000);
    end(f);
}

static void machinery_folds_into_the_lua_function(void **state)
{
    (void)state;
    struct fixture fx, *f = &fx;
    begin(f);
    sample(f, NATIVE(MACHINE, VM, MAIN), SIDE(FRESH(1, 1)), 0);
    assert_string_equal(folded(f), "[lua not found];main (main chunk);[vm] 1000000\n");
    end(f);
}

static void coroutines_go_on_in_their_resumers(void **state)
{
    (void)state;
    struct fixture fx, *f = &fx;
    begin(f);
    /* main resumes a coroutine, in which pcall has called a function that yielded: pcall has no
     * frame in C any more. */
    sample(f, 0, SIDE(FRESH(3, 21), C(1), FRESH(2, 11), CO, C(0), FRESH(1, 1)), SAMPLE_NO_NATIVE);
    assert_string_equal(folded(f), "main (main chunk);t.sort;main:10;t.pcall;main:20 1000000\n");
    assert_int_equal(f->quality.no_native_n, 1);
    end(f);
}

/* The shim's own frame is the border there: Lua's may be gone (a tail call). */
static void a_coroutine_that_is_closed_goes_on_in_who_closes_it(void **state)
{
    (void)state;
    struct fixture fx, *f = &fx;
    begin(f);
    TRACE_ADD(&f->trace, code_role, .lo = SHIM + 0x100, .hi = SHIM + 0x200, .role = ROLE_RESET);
    sample(f, NATIVE(VM, MACHINE, SHIM + 0x900, SHIM + 0x120, SORT + 4, MACHINE, VM, MAIN),
           SIDE(FRESH(2, 11), CO, C(0), FRESH(1, 1)), 0);
    assert_string_equal(folded(f), "[lua not found];main (main chunk);t.sort;main:10 1000000\n");
    end(f);
}

static void roles_that_nobody_knows_are_none(void **state)
{
    (void)state;
    struct fixture fx, *f = &fx;
    begin(f);
    TRACE_ADD(&f->trace, code_role, .lo = MACHINE & ~UINT64_C(0xff), .hi = MACHINE + 0x100,
              .role = UINT64_MAX - 5);
    sample(f, NATIVE(MACHINE, SORT + 4, VM, MAIN), SIDE(C(0), FRESH(1, 1)), 0);
    assert_string_equal(folded(f), "[lua not found];main (main chunk);t.sort 1000000\n");
    end(f);
}

/* The label of the function that the coroutine of a sample runs. */
static const char *coroutine_of(struct fixture *f, uint64_t l)
{
    static char label[64];
    struct frames frames;
    f->symbols = symbols_new();
    frames_init(&frames, f->model.process[0], f->symbols, BY_FUNCTION);
    struct merger *m = merger_new(&frames);
    uint32_t frame = merger_stack(m, &(struct sample_total){.lua = l, .periods = 1})->coroutine;
    snprintf(label, sizeof label, "%s", frame ? frames.at[frame - 1].label : "none");
    merger_free(m);
    frames_release(&frames);
    symbols_free(f->symbols);
    f->symbols = NULL;
    return label;
}

static void a_coroutine_is_known_by_what_it_runs(void **state)
{
    (void)state;
    struct fixture fx, *f = &fx;
    begin(f);
    uint64_t in_two = SIDE(C(1), FRESH(2, 11), CO, C(0), FRESH(3, 21), CO, FRESH(1, 1));
    uint64_t of_c = SIDE(C(0), CO, FRESH(1, 1));
    uint64_t in_none = SIDE(C(0), FRESH(1, 1));
    uint64_t lost = SIDE(FRESH(2, 11), {NODE_OVERFLOW, 0, 0, 0}, CO, FRESH(1, 1));
    read_trace(f, NULL);
    assert_string_equal(coroutine_of(f, in_two), "main:10");
    assert_string_equal(coroutine_of(f, of_c), "t.sort");
    assert_string_equal(coroutine_of(f, in_none), "none");
    assert_string_equal(coroutine_of(f, lost), "none");
    end(f);
}

static void a_call_being_made_does_not_shift_the_others(void **state)
{
    (void)state;
    struct fixture fx, *f = &fx;
    begin(f);
    sample(f, NATIVE(VM, MACHINE, SORT + 0x80, VM, MAIN), SIDE(C(0), FRESH(1, 1)), 0);
    assert_string_equal(folded(f), "[lua not found];main (main chunk);t.sort;[vm] 1000000\n");
    end(f);
}

static void a_lua_stack_that_was_not_read_is_said(void **state)
{
    (void)state;
    struct fixture fx, *f = &fx;
    begin(f);
    sample(f, NATIVE(VM, MAIN), 0, SAMPLE_LUA_BUSY);
    assert_string_equal(folded(f), "[lua not found];[Lua stack not read] 1000000\n");
    assert_int_equal(f->quality.busy_n, 1);
    end(f);
}

static void damaged_chains_come_to_an_end(void **state)
{
    (void)state;
    struct fixture fx, *f = &fx;
    begin(f);
    TRACE_ADD(&f->trace, node, .id = 90, .parent = 91, .kind = NODE_LUA, .value = 1);
    TRACE_ADD(&f->trace, node, .id = 91, .parent = 90, .kind = NODE_LUA, .value = 99);
    sample(f, 4711, 90, 0);
    assert_string_equal(folded(f), "<lost function>;main (main chunk) 1000000\n");
    end(f);
}

/* Whatever nodes say: each sample becomes a stack, and no weight is lost. */
static void any_nodes_make_a_stack(void **state)
{
    (void)state;
    static const uint64_t values[] = {0,       1,        2,         3,    VM,      GC,
                                      MACHINE, SORT + 8, PCALL + 8, MAIN, LIBRARY, UINT64_MAX};
    enum { VALUES = sizeof values / sizeof *values, NODES = 300, SAMPLES = 2000 };
    for (unsigned seed = 1; seed <= 20; seed++) {
        struct fixture fx, *f = &fx;
        begin(f);
        srandom(seed);
        for (uint64_t id = 1; id <= NODES; id++)
            TRACE_ADD(&f->trace, node, .id = id, .parent = (uint64_t)random() % id,
                      .kind = (uint64_t)random() % 7, .value = values[random() % VALUES],
                      .line = (uint64_t)random() % 3, .flags = (uint64_t)random() % 32);
        for (int i = 0; i < SAMPLES; i++)
            sample(f, (uint64_t)random() % (NODES + 2), (uint64_t)random() % (NODES + 2),
                   (uint64_t)random() % 16);
        f->choice.by = (enum frame_by)(seed % 3);
        f->shape = (struct stack_shape){.invert = seed % 2, .merge_recursion = seed % 4 == 0};
        uint64_t sum = 0;
        for (const char *line = folded(f); *line; line = strchr(line, '\n') + 1)
            sum += strtoull(memrchr(line, ' ', strcspn(line, "\n")), NULL, 10);
        assert_int_equal(sum, (uint64_t)SAMPLES * 1000000);
        end(f);
    }
}

/* Longer than what is read of one: no other than a damaged trace has such. */
static void a_chain_that_is_too_long_is_marked_as_cut(void **state)
{
    enum { LONGEST = 4096 };
    (void)state;
    for (int too_long = 0; too_long < 2; too_long++) {
        struct fixture fx, *f = &fx;
        begin(f);
        for (int i = 0; i < LONGEST + too_long; i++)
            TRACE_ADD(&f->trace, node, .id = i + 1, .parent = i, .kind = NODE_LUA, .value = 2,
                      .line = 11);
        sample(f, 0, LONGEST + too_long, SAMPLE_NO_NATIVE);
        assert_int_equal(strstr(folded(f), "[stack cut]") != NULL, too_long);
        assert_int_equal(f->quality.cut_n, too_long);
        end(f);
    }
}

static void the_clock_that_the_profiler_reads_is_the_profiler(void **state)
{
    (void)state;
    struct fixture fx, *f = &fx;
    begin(f);
    uint64_t l = SIDE(C(0), FRESH(1, 1));
    sample(f, NATIVE(VDSO + 0x10, SHIM + 0x10, SORT + 0x20, VM, MAIN), l, 0);
    sample(f, NATIVE(VDSO + 0x10, LIBRARY + 0x5000, SORT + 0x20, VM, MAIN), l, 0);
    const char *text = folded(f);
    assert_non_null(strstr(text, "sort;[modprof] 1000000\n"));
    assert_non_null(strstr(text, ";[linux-vdso.so.1] 1000000\n"));
    assert_int_equal(f->quality.state_weight[STATE_PROFILER], 1000000);
    end(f);
}

/* What the C function had called when the thread was found at work again is nothing that waited. */
static void waiting_is_the_c_functions_that_lua_called(void **state)
{
    (void)state;
    struct fixture fx, *f = &fx;
    begin(f);
    uint64_t l = SIDE(C(0), FRESH(1, 1));
    sample(f, NATIVE(VDSO + 0x10, LIBRARY + 0x5000, SORT + 0x20, VM, MAIN), l, SAMPLE_WAITING);
    sample(f, NATIVE(VM, MAIN), l, SAMPLE_WAITING);
    assert_non_null(strstr(folded(f), "sort;[waiting] 2000000\n"));
    end(f);
}

static void a_handler_that_was_not_walked_is_inside_of_what_it_interrupted(void **state)
{
    (void)state;
    struct fixture fx, *f = &fx;
    begin(f);
    sample(f, NATIVE(SORT + 0x20, VM, MAIN), SIDE(C(0), FRESH(1, 1)), SAMPLE_IN_HANDLER);
    assert_non_null(strstr(folded(f), "sort;[signal handler] 1000000\n"));
    assert_int_equal(f->quality.state_weight[STATE_OUTSIDE], 1000000);
    end(f);
}

/* ---- adding up ---- */

/* 90 of one period and 10 of 91: the square of their coefficient of variation is 7.29. */
static void samples_of_different_weight_have_a_larger_error(void **state)
{
    (void)state;
    struct fixture fx, *f = &fx;
    begin(f);
    uint64_t l = SIDE(FRESH(1, 1)), other = SIDE(FRESH(2, 10));
    for (int i = 0; i < 100; i++)
        sample_of(f, 0, i % 4 ? l : other, 0, i % 10 ? 1 : 91);
    assert_non_null(folded(f));
    assert_int_equal(f->quality.weight, 1000 * 1000000);
    double even = 1e9 * sqrt(0.25 * 0.75 / 100);
    double error = stack_error(&f->quality, 250000000);
    assert_true(fabs(error / even - sqrt(1 + 7.29)) < 1e-9);
    end(f);
}

static void equal_samples_are_one_row(void **state)
{
    (void)state;
    struct fixture fx, *f = &fx;
    begin(f);
    uint64_t l = SIDE(FRESH(1, 1)), other = SIDE(FRESH(2, 10));
    for (int i = 0; i < 1000; i++)
        sample(f, 0, i % 4 ? l : other, 0);
    assert_string_equal(folded(f), "main (main chunk) 750000000\nmain:10 250000000\n");
    assert_int_equal(f->model.process[0]->samples.row_n, 2);
    assert_int_equal(f->quality.samples_n, 1000);
    assert_true(stack_error(&f->quality, 250000000) > 13e6);
    assert_true(stack_error(&f->quality, 250000000) < 14e6);
    end(f);
}

static void many_stacks_stay_apart(void **state)
{
    (void)state;
    struct sample_table t = {0};
    for (uint64_t i = 0; i < 30000; i++)
        sample_table_add(&t,
                         &(struct rec_sample){
                             .native = i % 100, .lua = i % 5000 / 100, .tid = i % 2, .periods = 3},
                         i);
    sample_table_flush(&t);
    assert_int_equal(t.row_n, 5000);
    assert_int_equal(t.n, 30000);
    for (size_t i = 0; i < t.row_n; i++) {
        assert_int_equal(t.row[i].n, 6);
        assert_int_equal(t.row[i].periods, 18);
    }
    sample_table_release(&t);
}

static void only_the_window_is_taken(void **state)
{
    (void)state;
    struct fixture fx, *f = &fx;
    struct sample_window w = {15000000, 25000000, 0};
    begin(f);
    uint64_t l = SIDE(FRESH(1, 1));
    for (int ms = 0; ms < 40; ms++)
        TRACE_ADD(&f->trace, sample, .at_ns = trace_ms(&f->trace, ms), .lua = l);
    read_trace(f, &w);
    assert_string_equal(folded_of(f), "main (main chunk) 10000000\n");
    assert_int_equal(f->model.process[0]->samples.outside_n, 30);
    end(f);
}

static void threads_are_chosen_by_id_name_or_glob(void **state)
{
    static const char *const chosen[] = {"7", "worker one", "worker*"};
    (void)state;
    struct fixture fx, *f = &fx;
    begin(f);
    sample(f, 0, SIDE(FRESH(1, 1)), 0); /* of thread 7 */
    TRACE_ADD(&f->trace, sample, .at_ns = trace_ms(&f->trace, 10), .tid = 8,
              .lua = SIDE(FRESH(2, 10)));
    TRACE_ADD(&f->trace, thread, .tid = 7, .name = trace_bytes("worker one"));
    read_trace(f, NULL);
    for (size_t i = 0; i < sizeof chosen / sizeof *chosen; i++) {
        f->choice.thread = chosen[i];
        assert_string_equal(folded_of(f), "main (main chunk) 1000000\n");
        free(f->text);
        symbols_free(f->symbols);
    }
    f->choice.thread = "worker";
    assert_string_equal(folded_of(f), "");
    end(f);
}

static void recursion_can_be_merged_and_stacks_inverted(void **state)
{
    (void)state;
    struct fixture fx, *f = &fx;
    begin(f);
    sample(f, 0, SIDE(L(3, 20), L(2, 10), L(3, 20), L(2, 10), FRESH(1, 1)), 0);
    f->shape.merge_recursion = 1;
    assert_string_equal(folded(f), "main (main chunk);main:10;main:20 1000000\n");
    free(f->text);
    symbols_free(f->symbols);
    f->choice.by = BY_LINE;
    f->shape = (struct stack_shape){.invert = 1};
    assert_string_equal(folded_of(f),
                        "main:20;main:10;main:20;main:10;main:1 (main chunk) 1000000\n");
    end(f);
}

static void recursion_counts_once_in_totals(void **state)
{
    (void)state;
    struct fixture fx, *f = &fx;
    struct stack_hot h;
    begin(f);
    sample(f, 0, SIDE(L(2, 10), L(2, 10), FRESH(1, 1)), 0);
    read_trace(f, NULL);
    f->symbols = symbols_new();
    stack_hot_build(&h, f->model.process[0], f->symbols, BY_FUNCTION);
    assert_int_equal(h.sums.n, 2);
    assert_int_equal(h.sums.row[0].self, 1000000);
    assert_int_equal(h.sums.row[0].total, 1000000);
    assert_int_equal(h.sums.row[1].total, 1000000);
    stack_hot_release(&h);
    end(f);
}

static const struct frame_sum *sum_of(const struct stack_hot *h, const char *label)
{
    for (size_t i = 0; i < h->sums.n; i++)
        if (!strcmp(h->tree.frame[h->sums.row[i].frame].label, label))
            return &h->sums.row[i];
    fail_msg("no frame %s", label);
    return NULL;
}

static void what_the_vm_does_for_a_lua_function_is_its_own(void **state)
{
    (void)state;
    struct fixture fx, *f = &fx;
    struct stack_hot h;
    begin(f);
    sample(f, NATIVE(VM, MAIN), SIDE(FRESH(1, 1)), 0);
    sample(f, NATIVE(MACHINE, VM, MAIN), SIDE(FRESH(1, 1)), 0);
    sample(f, NATIVE(MACHINE, GC, VM, MAIN), SIDE(FRESH(1, 1)), 0);
    sample(f, NATIVE(VM, MACHINE, SORT + 0x80, VM, MAIN), SIDE(C(0), FRESH(1, 1)), 0);
    read_trace(f, NULL);
    f->symbols = symbols_new();
    stack_hot_build(&h, f->model.process[0], f->symbols, BY_FUNCTION);
    assert_int_equal(sum_of(&h, "main (main chunk)")->self, 2000000);
    assert_int_equal(sum_of(&h, "main (main chunk)")->total, 4000000);
    assert_int_equal(sum_of(&h, "[gc]")->self, 1000000);
    /* Below a C function it is nobody else's. */
    assert_int_equal(sum_of(&h, "[vm]")->self, 1000000);
    assert_int_equal(sum_of(&h, "[vm]")->total, 2000000);
    stack_hot_release(&h);
    end(f);
}

static void names_can_not_break_a_line_or_a_frame(void **state)
{
    (void)state;
    struct fixture fx, *f = &fx;
    begin(f);
    proto(f, 9, "=a;b\nc\xff", 3);
    sample(f, 0, SIDE(FRESH(9, 4)), 0);
    assert_string_equal(folded(f), "a\\x3bb\\nc\\xff:3 1000000\n");
    end(f);
}

/* ---- names ---- */

static void named(const char *line, const char *expected)
{
    char name[STACK_NAME_MAX];
    int is_local;
    int r = stack_name_in_line(line, strlen(line), name, &is_local);
    if (!expected)
        assert_int_not_equal(r, 0);
    else
        assert_string_equal(r == 0 ? name : "(none)", expected);
}

static void a_definition_names_its_function(void **state)
{
    (void)state;
    named("function M.work(n)", "M.work");
    named("local function helper(n)", "helper");
    named("function Class:method()", "Class:method");
    named("  local f = function(a, b)", "f");
    named("M.x.y = function (", "M.x.y");
    named("  [\"key\"] = function()", "key");
    named("  key = function() -- function other()", "key");
    named("s = \"function a()\" M.b = function()", "M.b");
    named("return function()", NULL);
    named("table.sort(t, function(a, b)", NULL);
    named("if x == function() end then", NULL);
    named("local f = function() return function() end end", NULL);
    named("local functional = 3", NULL);
    named("", NULL);
}

enum { CENTURY_S = 3155760000u };

static void a_module_function_is_named_by_its_module(void **state)
{
    (void)state;
    struct fixture fx, *f = &fx;
    char path[] = "/tmp/modprof-test-XXXXXX", chunk[64];
    static const char text[] = "local M = {}\nfunction M.work()\nend\nlocal function help()\nend\n"
                               "return M\n";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    snprintf(chunk, sizeof chunk, "@%s", path);
    begin_later(f, CENTURY_S * UINT64_C(1000000000)); /* the file is older */
    proto(f, 5, chunk, 2);
    proto(f, 6, chunk, 4);
    proto(f, 7, chunk, 0);
    TRACE_ADD(&f->trace, span_begin, .id = 1, .kind = SPAN_REQUIRE,
              .name = trace_string(&f->trace, "some.module"), .begin_ns = trace_ms(&f->trace, 1));
    TRACE_ADD(&f->trace, span_end, .id = 1, .file = trace_string(&f->trace, path),
              .end_ns = trace_ms(&f->trace, 2));
    sample(f, 0, SIDE(L(6, 4), L(5, 2), FRESH(7, 1)), 0);
    assert_string_equal(folded(f),
                        "some.module (main chunk);some.module.work;help (some.module) 1000000\n");
    close(fd);
    unlink(path);
    end(f);
}

/* But for a line that was cut. */
static void a_text_names_its_functions(void **state)
{
    (void)state;
    struct fixture fx, *f = &fx;
    char cut[PROTO_SOURCE_MAX + 1] = "local x\nlocal function first()\nend\n";
    begin(f);
    proto(f, 5, "local x\nlocal function inner()", 2);
    memset(cut + strlen(cut), ' ', sizeof cut - 1 - strlen(cut));
    memcpy(cut + sizeof cut - 12, "function fo", 11);
    proto(f, 6, cut, 2);
    proto(f, 7, cut, 4);
    proto(f, 8, "=(load)", 1);
    sample(f, 0, SIDE(L(8, 1), L(7, 1), L(6, 1), FRESH(5, 1)), 0);
    assert_string_equal(folded(f),
                        "inner ([string \"local x...\"]);first ([string \"local x...\"]);"
                        "[string \"local x...\"]:4;(load):1 1000000\n");
    end(f);
}

static void a_file_that_changed_names_nothing(void **state)
{
    (void)state;
    struct fixture fx, *f = &fx;
    char path[] = "/tmp/modprof-test-XXXXXX", chunk[64], expected[80];
    int fd = mkstemp(path); /* its time is now; the process ended in 2023 */
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "function f() end\n", 17), 17);
    snprintf(chunk, sizeof chunk, "@%s", path);
    snprintf(expected, sizeof expected, "%s:1 1000000\n", path + strlen("/tmp/"));
    begin(f);
    proto(f, 5, chunk, 1);
    sample(f, 0, SIDE(FRESH(5, 1)), 0);
    assert_string_equal(folded(f), expected);
    close(fd);
    unlink(path);
    end(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lua_calling_c_calling_lua_keeps_its_order),
        cmocka_unit_test(what_a_c_function_calls_stands_below_it),
        cmocka_unit_test(code_outside_of_any_object_is_marked_by_its_page),
        cmocka_unit_test(the_collector_is_known_wherever_it_runs),
        cmocka_unit_test(machinery_folds_into_the_lua_function),
        cmocka_unit_test(coroutines_go_on_in_their_resumers),
        cmocka_unit_test(a_coroutine_that_is_closed_goes_on_in_who_closes_it),
        cmocka_unit_test(roles_that_nobody_knows_are_none),
        cmocka_unit_test(a_coroutine_is_known_by_what_it_runs),
        cmocka_unit_test(a_call_being_made_does_not_shift_the_others),
        cmocka_unit_test(a_lua_stack_that_was_not_read_is_said),
        cmocka_unit_test(damaged_chains_come_to_an_end),
        cmocka_unit_test(any_nodes_make_a_stack),
        cmocka_unit_test(a_chain_that_is_too_long_is_marked_as_cut),
        cmocka_unit_test(the_clock_that_the_profiler_reads_is_the_profiler),
        cmocka_unit_test(waiting_is_the_c_functions_that_lua_called),
        cmocka_unit_test(a_handler_that_was_not_walked_is_inside_of_what_it_interrupted),
        cmocka_unit_test(samples_of_different_weight_have_a_larger_error),
        cmocka_unit_test(equal_samples_are_one_row),
        cmocka_unit_test(many_stacks_stay_apart),
        cmocka_unit_test(only_the_window_is_taken),
        cmocka_unit_test(threads_are_chosen_by_id_name_or_glob),
        cmocka_unit_test(recursion_can_be_merged_and_stacks_inverted),
        cmocka_unit_test(recursion_counts_once_in_totals),
        cmocka_unit_test(what_the_vm_does_for_a_lua_function_is_its_own),
        cmocka_unit_test(names_can_not_break_a_line_or_a_frame),
        cmocka_unit_test(a_definition_names_its_function),
        cmocka_unit_test(a_module_function_is_named_by_its_module),
        cmocka_unit_test(a_text_names_its_functions),
        cmocka_unit_test(a_file_that_changed_names_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
