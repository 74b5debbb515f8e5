/* Walks of the C stack agree with libunwind, frame by frame; damaged descriptions do no harm. */
/* SOURCES: shim/kernel_filter.c shim/stack/native.c shim/stack/cfi.c shim/attach/moved.c */
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>

#include <cmocka.h>
#include <lua5.4/lauxlib.h>
#include <lua5.4/lualib.h>

#include "shim/record/record_api.h"
#include "shim/stack/native.h"

/* ---- loaded objects, as the recording side would tell of them ---- */

struct object {
    uint64_t lo, hi, seg_lo, seg_hi, hdr, hdr_n;
};
static struct object object[64];
static int object_n;

static int visit(struct dl_phdr_info *info, size_t size, void *unused)
{
    struct object o = {UINT64_MAX, 0, 0, 0, 0, 0};
    (void)size;
    (void)unused;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        uint64_t at = info->dlpi_addr + p->p_vaddr;
        if (p->p_type == PT_GNU_EH_FRAME) {
            o.hdr = at;
            o.hdr_n = p->p_memsz;
        }
        if (p->p_type == PT_LOAD) {
            o.lo = at < o.lo ? at : o.lo;
            o.hi = at + p->p_memsz > o.hi ? at + p->p_memsz : o.hi;
        }
    }
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        uint64_t at = info->dlpi_addr + p->p_vaddr;
        if (p->p_type == PT_LOAD && o.hdr - at < p->p_filesz) {
            o.seg_lo = at;
            o.seg_hi = at + p->p_filesz;
        }
    }
    if (object_n < 64)
        object[object_n++] = o;
    return 0;
}

static void refresh(void)
{
    object_n = 0;
    dl_iterate_phdr(visit, NULL);
}

int object_of(const void *address)
{
    uint64_t a = (uint64_t)(uintptr_t)address;
    for (int i = 0; i < object_n; i++)
        if (a >= object[i].lo && a < object[i].hi)
            return i;
    return -1;
}

const uint8_t *object_eh_frame_hdr(uint32_t id, uint64_t *n, uint64_t *lo, uint64_t *hi)
{
    *n = object[id].hdr_n;
    *lo = object[id].seg_lo;
    *hi = object[id].seg_hi;
    return (const void *)(uintptr_t)object[id].hdr;
}

/* ---- the oracle, loaded at run time: a test program must not link its exception handling ---- */

enum { MAX = 200 };
static int (*oracle)(void **, int);

/* ---- comparing, where we stand ---- */

static unsigned compared_n, frames_n;
static struct native_stack stack_;

static int walk(uint64_t *pc, int max)
{
    struct native_frame f;
    int n = 0;
    native_begin_caller(&f, &stack_);
    do
        pc[n++] = f.pc;
    while (n < max && native_step(&f, &stack_) > 0);
    return n;
}

/* The same with what the last walk, wherever it was, left behind. */
static struct native_trail trail;

static int walk_along(uint64_t *pc, int max)
{
    struct native_frame f;
    int n = 0;
    native_trail_begin(&trail);
    native_begin_caller(&f, &stack_);
    do
        pc[n++] = f.pc;
    while (n < max && native_step_along(&f, &stack_, &trail) > 0);
    return n;
}

/* The return addresses of both, from the caller of this function outwards. */
static __attribute__((noinline)) void compare(void)
{
    void *theirs[MAX];
    uint64_t ours[MAX], along[MAX];
    int n = walk(ours, MAX), l = walk_along(along, MAX), m = oracle(theirs, MAX);
    int i = 0, j = 0, k = 0;
    uint64_t here = (uint64_t)(uintptr_t)__builtin_return_address(0);
    while (i < n && ours[i] != here)
        i++;
    while (j < m && (uint64_t)(uintptr_t)theirs[j] != here)
        j++;
    while (k < l && along[k] != here)
        k++;
    assert_true(i < n && j < m && k < l && (n - i == l - k || n == MAX || l == MAX));
    for (int at = 0; i + at < n && k + at < l; at++)
        assert_int_equal(along[k + at], ours[i + at]);
    for (; i < n && j < m; i++, j++, frames_n++)
        assert_int_equal(ours[i], (uint64_t)(uintptr_t)theirs[j]);
    /* libunwind may add a frame of zero at the end. */
    assert_true(i == n && (j == m || j + 1 == m || n == MAX));
    compared_n++;
}

/* ---- call sites ---- */

#ifdef __clang__
#define AS_AT_O0 __attribute__((noinline, optnone))
#define WITHOUT_FRAME_POINTER __attribute__((noinline))
#else
#define AS_AT_O0 __attribute__((noinline, optimize("O0")))
#define WITHOUT_FRAME_POINTER __attribute__((noinline, optimize("O3", "omit-frame-pointer")))
#endif

static int by_qsort(const void *a, const void *b)
{
    compare();
    return *(const int *)a - *(const int *)b;
}

static void on_signal(int n)
{
    (void)n;
    compare();
}

static AS_AT_O0 int plain(int n)
{
    compare();
    return n ? plain(n - 1) + 1 : 0;
}

static WITHOUT_FRAME_POINTER int lean(int n, int a, int b)
{
    compare();
    int v = n ? lean(n - 1, b, a + n) + a * b : 0;
    __asm__ volatile("" : "+r"(v)::"rbx", "r12", "r13", "r14", "r15");
    return v;
}

static __attribute__((noinline)) int large(unsigned n)
{
    volatile char frame[40000];
    char *more = __builtin_alloca(n * 100 + 16);
    memset(more, (int)n, n * 100 + 16);
    frame[n] = more[n];
    compare();
    return n ? large(n - 1) + frame[n] : 0;
}

static int from_lua(lua_State *L)
{
    compare();
    if (lua_tointeger(L, 1) == 7)
        return luaL_error(L, "seven");
    return 0;
}

static void *in_thread(void *unused)
{
    (void)unused;
    struct native_stack main_stack = stack_;
    native_stack_learn(&stack_);
    lean(5, 1, 2);
    stack_ = main_stack;
    return NULL;
}

static void walks_agree_with_libunwind(void **unused)
{
    (void)unused;
    int v[40];
    pthread_t t;
    for (int i = 0; i < 40; i++)
        v[i] = (i * 7) % 41;
    qsort(v, 40, sizeof *v, by_qsort);
    plain(30);
    lean(60, 1, 2);
    large(20);
    signal(SIGUSR1, on_signal);
    raise(SIGUSR1);
    pthread_create(&t, NULL, in_thread, NULL);
    pthread_join(t, NULL);
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    lua_register(L, "c", from_lua);
    assert_int_equal(
        luaL_dostring(
            L, "for i = 1, 10 do pcall(c, i) end\n"
               "local function f(n) c(n) if n > 0 then return f(n - 1) + 1 end return 0 end f(6)\n"
               "table.sort({3, 1, 2, 5, 4}, function(a, b) c(1) return a < b end)\n"
               "string.gsub('abc', '.', c)\n"
               "local co = coroutine.wrap(function() c(1) coroutine.yield() c(2) end) co() co()\n"
               "local m = setmetatable({}, {__index = function() c(3) end, __gc = function() c(4) "
               "end})\n"
               "local x = m.x m = nil collectgarbage()\n"
               "do local y <close> = setmetatable({}, {__close = function() c(5) end}) end\n"
               "load('c(6)')()"),
        0);
    lua_close(L);
    printf("# %u stacks, %u frames\n", compared_n, frames_n);
    assert_true(compared_n > 200 && frames_n > 4000);
}

static __attribute__((noinline)) void deep(int n, void (*what)(void))
{
    if (n > 0)
        deep(n - 1, what);
    else
        what();
    __asm__ volatile("" ::: "memory");
}

/* ---- fibers ---- */

static ucontext_t thread_, fiber_;
static struct native_window window;
static uint64_t on_fiber[3][MAX];
static int on_fiber_n[3], on_fiber_end[3];

static __attribute__((noinline)) void walk_fiber(void)
{
    const struct native_stack ways[3] = {
        {0, 0, 0, NULL}, {stack_.lo, stack_.hi, 0, &window}, {0, 0, 1, NULL}};
    for (int i = 0; i < 3; i++) {
        struct native_frame f;
        on_fiber_n[i] = 0;
        native_begin_caller(&f, &ways[i]);
        do {
            on_fiber[i][on_fiber_n[i]++] = f.pc;
            on_fiber_end[i] = native_step(&f, &ways[i]);
        } while (on_fiber_n[i] < MAX && on_fiber_end[i] > 0);
    }
}

static void run_fiber(void)
{
    deep(40, walk_fiber);
}

/* Its stack ends at memory that is none. */
static void fibers_are_walked_to_their_first_function(void **unused)
{
    enum { PAGE = 4096, BYTES = 16 * PAGE };
    (void)unused;
    char *p = mmap(NULL, BYTES + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_int_equal(mprotect(p + BYTES, PAGE, PROT_NONE), 0);
    getcontext(&fiber_);
    fiber_.uc_stack.ss_sp = p;
    fiber_.uc_stack.ss_size = BYTES;
    fiber_.uc_link = &thread_;
    makecontext(&fiber_, run_fiber, 0);
    assert_int_equal(swapcontext(&thread_, &fiber_), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(on_fiber_end[i], 0);
        assert_true(on_fiber_n[i] > 41 && on_fiber_n[i] < MAX);
        assert_int_equal(on_fiber_n[i], on_fiber_n[0]);
        /* the first is this very place in walk_fiber */
        assert_memory_equal(on_fiber[i] + 1, on_fiber[0] + 1,
                            (size_t)(on_fiber_n[0] - 1) * sizeof **on_fiber);
    }
    assert_true(window.n != 0);
    /* Far away from what was read, where addresses begin anew. */
    for (int i = 0; i < 2; i++) {
        struct native_stack far = {0, 0, 0, &window};
        struct native_frame f;
        native_begin_caller(&f, &far);
        f.r[CFI_RSP] = i == 0 ? UINT64_MAX - 23 : 8;
        assert_int_equal(native_step(&f, &far), -1);
    }
    munmap(p, BYTES + PAGE);
}

/* A row that was changed by hand tells that the trail is followed, and for how long. */
static void follow(void)
{
    uint64_t pc[MAX];
    int n = walk_along(pc, MAX), other;
    assert_true(n > 10);
    for (int i = 0; i < 2; i++) {
        struct native_footprint *p = &trail.print[trail.now][6];
        assert_int_equal(p->pc, pc[6] - 1);
        p->row.kind = CFI_OUTERMOST;
        if (i == 1)
            native_forget();
        other = walk_along(pc, MAX);
        assert_int_equal(other, i == 0 ? 7 : n);
        native_forget();
        walk_along(pc, MAX);
    }
}

/* As the linker's own _init, and what calls destructors: with nothing that describes their frames. */
__asm__(".text\n"
        "undescribed:\n\tsub $8, %rsp\n\tcall *%rdi\n\tadd $8, %rsp\n\tret\n"
        "undescribed_rbp:\n\tpush %rbp\n\tmov %rsp, %rbp\n\tcall *%rdi\n\tpop %rbp\n\tret\n");
void undescribed(void (*f)(void)), undescribed_rbp(void (*f)(void));

static uint64_t way[MAX];
static int way_n;

static __attribute__((noinline)) void find(void)
{
    way_n = walk(way, MAX);
}

static int has_found(uint64_t pc)
{
    for (int i = 0; i < way_n; i++)
        if (way[i] == pc)
            return 1;
    return 0;
}

static void code_without_a_description_is_stepped_over(void **state)
{
    uint64_t outside = (uint64_t)(uintptr_t)__builtin_return_address(0);
    volatile char room[64] = ""; /* this function's caller is found by its size */
    (void)state;
    refresh();
    undescribed(find);
    assert_true(has_found(outside));
    way_n = 0;
    undescribed_rbp(find);
    assert_true(has_found(outside) && !room[0]);
}

/* Its caller can not be told from a return address that is left in its frame (which is read: no red zones in there). */
static __attribute__((no_sanitize("address"))) void
nothing_is_guessed_where_a_stranger_may_have_called(void **state)
{
    uint64_t outside = (uint64_t)(uintptr_t)__builtin_return_address(0);
    void (*volatile unknown)(void (*)(void)) = undescribed;
    (void)state;
    refresh();
    way_n = 0;
    unknown(find);
    assert_true(way_n > 0 && !has_found(outside));
}

static void a_trail_is_followed_until_an_object_goes(void **unused)
{
    (void)unused;
    deep(12, follow);
}

static __attribute__((noinline)) uint64_t here(void)
{
    return (uint64_t)(uintptr_t)__builtin_return_address(0);
}

static void objects_that_may_be_going_are_not_read(void **unused)
{
    (void)unused;
    struct cfi_row row;
    struct cfi_range range;
    uint64_t known = here(), other = known + 1;
    native_forget();
    native_row(known, &row);
    assert_int_equal(row.kind, CFI_ROW);
    native_unloading(1);
    native_row(known, &row);
    assert_int_equal(row.kind, CFI_ROW);
    native_row(other, &row);
    assert_int_equal(row.kind, CFI_UNKNOWN);
    assert_int_equal(native_range(known, &range), -1);
    native_unloading(0);
    native_row(other, &row); /* and nothing wrong was kept */
    assert_int_equal(row.kind, CFI_ROW);
    assert_int_equal(native_range(known, &range), 0);
}

static void what_can_not_be_read_is_not_read(void **unused)
{
    enum { PAGE = 4096 };
    uint8_t to[64];
    (void)unused;
    char *p = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_int_equal(mprotect(p + PAGE, PAGE, PROT_NONE), 0);
    uint64_t lo = (uint64_t)(uintptr_t)p, hi = lo + 2 * PAGE;
    for (uint64_t at = 0; at < 16; at++)
        assert_int_equal(native_peek(at, to, 32), -1);
    assert_int_equal(native_peek(lo + PAGE - 32, to, 32), 0);
    assert_int_equal(native_peek(lo + PAGE - 31, to, 32), -1);
    assert_int_equal(native_peek(hi, to, 32), 0);
    assert_int_equal(native_peek(hi - 1, to, 32), -1);
    assert_int_equal(native_peek(hi - 64, to, 32), -1);
    assert_int_equal(native_peek(UINT64_C(0x4242424242424242), to, 32), -1);
    assert_int_equal(native_peek(UINT64_MAX - 3, to, 32), -1);
    munmap(p, 3 * PAGE);
}

/* What a sampler meets: registers at any instruction, also in linkage stubs. */
static volatile sig_atomic_t ticks, whole;

static void on_tick(int n, siginfo_t *info, void *context)
{
    struct native_frame f;
    int more;
    (void)n;
    (void)info;
    ticks++;
    native_begin(&f, context);
    for (int i = 0; (more = native_step(&f, &stack_)) > 0 && i < MAX; i++)
        ;
    whole += more == 0;
}

static void walks_from_any_instruction_reach_the_outermost_frame(void **unused)
{
    (void)unused;
    struct sigaction a = {.sa_sigaction = on_tick, .sa_flags = SA_SIGINFO | SA_RESTART};
    struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
    struct itimerspec often = {{0, 300000}, {0, 300000}};
    timer_t timer;
    sigaction(SIGUSR2, &a, NULL);
    assert_int_equal(timer_create(CLOCK_MONOTONIC, &e, &timer), 0);
    timer_settime(timer, 0, &often, NULL);
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    assert_int_equal(
        luaL_dostring(
            L, "local t = {} for i = 1, 300000 do t[i % 1000 + 1] = ('x'):rep(i % 50) .. i end\n"
               "for i = 1, 20000 do pcall(error, i) string.format('%d %s', i, 'a') end\n"
               "for i = 1, 20000 do coroutine.wrap(function() coroutine.yield() end)() end"),
        0);
    lua_close(L);
    timer_delete(timer);
    printf("# %d of %d\n", (int)whole, (int)ticks);
    assert_true(ticks > 20);
    assert_true(whole * 100 >= ticks * 97);
}

/* ---- damage ---- */

static uint64_t next_random(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    return *s ^= *s << 17;
}

/* By hand: AddressSanitizer has red zones in there. */
static __attribute__((no_sanitize("address"))) void copy_raw(uint8_t *to, uint64_t from, size_t n)
{
    const volatile uint8_t *at = (const volatile uint8_t *)(uintptr_t)from;
    while (n-- > 0)
        *to++ = *at++;
}

/* A copy of this program's own tables, with unreadable pages on both sides. */
static void damaged_tables_are_survived(void **unused)
{
    (void)unused;
    int id = object_of((const void *)(uintptr_t)&compare);
    const struct object *o = &object[id];
    size_t n = o->seg_hi - o->seg_lo, room = (n + 4095) & ~(size_t)4095;
    char *area = mmap(NULL, room + 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_int_equal(mprotect(area + 4096, room, PROT_READ | PROT_WRITE), 0);
    uint8_t *copy = (uint8_t *)area + 4096 + (room - n);
    uint64_t seed = 0x5eed, found = 0;
    copy_raw(copy, o->seg_lo, n);
    struct cfi_section s = {copy + (o->hdr - o->seg_lo), o->hdr_n, (uintptr_t)copy,
                            (uintptr_t)copy + n};
    uint64_t shift = (uint64_t)(uintptr_t)copy - o->seg_lo;
    for (int round = 0; round < 10000; round++) {
        size_t at[8];
        for (int i = 0; i < 8; i++) {
            at[i] = (o->hdr - o->seg_lo) + next_random(&seed) % (n - (o->hdr - o->seg_lo));
            copy[at[i]] = (uint8_t)next_random(&seed);
        }
        for (int i = 0; i < 20; i++) {
            struct cfi_row row;
            uint64_t pc = o->lo + shift + next_random(&seed) % (o->hi - o->lo);
            cfi_find(pc, &s, &row, NULL);
            found += row.kind == CFI_ROW;
        }
        if (round % 10 == 9)
            copy_raw(copy, o->seg_lo, n);
    }
    munmap(area, room + 8192);
    printf("# %d rows from damaged tables\n", (int)found);
    assert_true(found > 1000);
}

/* 100 frames, so that beginning a walk counts little. */
static __attribute__((noinline)) double step_ns(int n)
{
    uint64_t pc[MAX], begin, frames = 0;
    if (n > 0)
        return step_ns(n - 1) + 0.0 * (double)n;
    walk(pc, MAX);
    begin = now_ns();
    for (int i = 0; i < 2000; i++)
        frames += (uint64_t)walk(pc, MAX);
    return (double)(now_ns() - begin) / (double)frames;
}

int main(void)
{
    void *lib = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
    void *f = lib ? dlsym(lib, "unw_backtrace") : NULL;
    memcpy(&oracle, &f, sizeof f);
    refresh();
    native_stack_learn(&stack_);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_agree_with_libunwind),
        cmocka_unit_test(walks_from_any_instruction_reach_the_outermost_frame),
        cmocka_unit_test(code_without_a_description_is_stepped_over),
        cmocka_unit_test(nothing_is_guessed_where_a_stranger_may_have_called),
        cmocka_unit_test(a_trail_is_followed_until_an_object_goes),
        cmocka_unit_test(objects_that_may_be_going_are_not_read),
        cmocka_unit_test(what_can_not_be_read_is_not_read),
        cmocka_unit_test(fibers_are_walked_to_their_first_function),
        cmocka_unit_test(damaged_tables_are_survived),
    };
    if (oracle == NULL)
        return 77;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    printf("# a cached step: %.1f ns\n", step_ns(100)); /* told, not judged */
    return failed;
}
