/* entry_x86_64: first instructions are moved so that they do the same elsewhere, or refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe/entry_x86_64.h"

enum { AT = 0x10000, TARGET = 0x20000 };

static enum entry_verdict plan_sized(const char *bytes, size_t n, size_t size,
                                     struct entry_plan *plan)
{
    struct entry_site site = {(const uint8_t *)bytes, n, AT, size};
    return entry_plan(&site, TARGET, plan);
}

static enum entry_verdict plan_of(const char *bytes, size_t n, struct entry_plan *plan)
{
    return plan_sized(bytes, n, n, plan);
}

#define PLAN(bytes, plan) plan_of((bytes), sizeof(bytes) - 1, (plan))

static void assert_code(const struct entry_plan *plan, const char *code, size_t n)
{
    assert_int_equal(plan->code_n, n);
    assert_memory_equal(plan->code, code, n);
}

#define CODE(plan, code) assert_code((plan), (code), sizeof(code) - 1)

/* ---- what is moved ---- */

static void plain_instructions_are_copied_and_followed_by_a_jump_back(void **state)
{
    (void)state;
    struct entry_plan p;
    /* push r13; mov $0x658,%ecx (lua_newstate): 7 bytes, back to AT + 7 */
    assert_int_equal(PLAN("\x41\x55\xb9\x58\x06\x00\x00\x90\x90\xc3", &p), ENTRY_OK);
    assert_int_equal(p.keep_n, 0);
    assert_int_equal(p.moved_n, 7);
    CODE(&p, "\x41\x55\xb9\x58\x06\x00\x00\xe9\xfb\xff\xfe\xff");
}

static void a_short_conditional_jump_becomes_a_long_one(void **state)
{
    (void)state;
    struct entry_plan p;
    /* test %rsi,%rsi; je +11 (lua_getallocf) */
    assert_int_equal(
        PLAN("\x48\x85\xf6\x74\x0b\x48\x8b\x47\x18\x48\x8b\x40\x08\x48\x89\x06\x48\xc3", &p),
        ENTRY_OK);
    assert_int_equal(p.moved_n, 5);
    /* je AT+16: 0x10010 - 0x20009; jmp AT+5: 0x10005 - 0x2000e */
    CODE(&p, "\x48\x85\xf6\x0f\x84\x07\x00\xff\xff\xe9\xf7\xff\xfe\xff");
    static const struct entry_step steps[] = {{0, 0}, {3, 3}, {9, 5}};
    assert_int_equal(p.step_n, 3);
    assert_memory_equal(p.step, steps, sizeof steps);
}

static void a_rip_relative_operand_still_means_the_same_place(void **state)
{
    (void)state;
    struct entry_plan p;
    /* lea 0x100(%rip),%rdx: AT + 7 + 0x100 */
    assert_int_equal(PLAN("\x48\x8d\x15\x00\x01\x00\x00\xc3", &p), ENTRY_OK);
    /* 0x10107 - 0x20007 = -0xff00 */
    CODE(&p, "\x48\x8d\x15\x00\x01\xff\xff\xe9\xfb\xff\xfe\xff");
}

static void a_rip_relative_operand_with_an_immediate_behind_it_is_right_too(void **state)
{
    (void)state;
    struct entry_plan p;
    /* cmpl $0x5,0x100(%rip): 7 bytes, the distance counts from their end */
    assert_int_equal(PLAN("\x83\x3d\x00\x01\x00\x00\x05\xc3", &p), ENTRY_OK);
    CODE(&p, "\x83\x3d\x00\x01\xff\xff\x05\xe9\xfb\xff\xfe\xff");
}

static void endbr64_stays_at_the_front(void **state)
{
    (void)state;
    struct entry_plan p;
    assert_int_equal(PLAN("\xf3\x0f\x1e\xfa\x48\x89\xf8\x48\x01\xf0\xc3", &p), ENTRY_OK);
    assert_int_equal(p.keep_n, 4);
    assert_int_equal(p.moved_n, 6);
    CODE(&p, "\x48\x89\xf8\x48\x01\xf0\xe9\xff\xff\xfe\xff");
}

static void a_jump_at_the_entry_needs_no_way_back(void **state)
{
    (void)state;
    struct entry_plan p;
    assert_int_equal(PLAN("\xe9\x00\x01\x00\x00\x90", &p), ENTRY_OK);
    CODE(&p, "\xe9\x00\x01\xff\xff"); /* 0x10105 - 0x20005 */
}

static void a_direct_call_returns_into_the_original(void **state)
{
    (void)state;
    struct entry_plan p;
    assert_int_equal(PLAN("\xe8\x00\x01\x00\x00\xc3", &p), ENTRY_OK);
    /* push 5(%rip); jmp 0x10105; .quad AT + 5 */
    CODE(&p, "\xff\x35\x05\x00\x00\x00\xe9\xfa\x00\xff\xff\x05\x00\x01\x00\x00\x00\x00\x00");
}

static void a_lone_ret_with_padding_behind_it_is_enough(void **state)
{
    (void)state;
    struct entry_plan p;
    /* the loader's _dl_debug_state: ret; data16 cs nopw */
    static const char code[] = "\xc3\x66\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00";
    assert_int_equal(plan_sized(code, sizeof code - 1, 1, &p), ENTRY_OK);
    CODE(&p, "\xc3");
}

/* ---- what is refused ---- */

static void another_function_close_behind_is_refused(void **state)
{
    (void)state;
    struct entry_plan p;
    assert_int_equal(PLAN("\xc3\x55\x48\x89\xe5\xc3", &p), ENTRY_TOO_SHORT);
    assert_int_equal(PLAN("\x31\xc0\xc3\x90\x55", &p), ENTRY_TOO_SHORT);
    assert_int_equal(PLAN("\xc3\x90\x90", &p), ENTRY_TOO_SHORT); /* the segment ends */
}

static void a_breakpoint_is_refused(void **state)
{
    (void)state;
    struct entry_plan p;
    assert_int_equal(PLAN("\xcc\x55\xb9\x58\x06\x00\x00\x90", &p), ENTRY_BREAKPOINT);
    assert_int_equal(PLAN("\xf3\x0f\x1e\xfa\xcc\x89\xf8\x48\x01\xf0\xc3", &p), ENTRY_BREAKPOINT);
    assert_int_equal(PLAN("\x55\xcc\x89\xf8\x48\x01\xf0\xc3", &p), ENTRY_BREAKPOINT);
}

static void a_jump_into_the_moved_bytes_is_refused(void **state)
{
    (void)state;
    struct entry_plan p;
    /* xor eax,eax; L: inc eax; cmp edi,eax; jne L; ret: a loop that begins at offset 2 */
    assert_int_equal(PLAN("\x31\xc0\xff\xc0\x39\xf8\x75\xfa\xc3", &p), ENTRY_JUMPS_INTO);
    /* the same with a long jump */
    assert_int_equal(PLAN("\x31\xc0\xff\xc0\x39\xf8\x0f\x85\xf6\xff\xff\xff\xc3", &p),
                     ENTRY_JUMPS_INTO);
    /* among the moved bytes: je over one of them */
    assert_int_equal(PLAN("\x74\x01\x90\x90\x90\x90\xc3", &p), ENTRY_JUMPS_INTO);
}

static void bytes_that_only_look_like_a_jump_back_do_not_matter(void **state)
{
    (void)state;
    struct entry_plan p;
    /* mov $..,%eax whose constant contains 75 f6: would lead to offset 2 were it code */
    assert_int_equal(PLAN("\x31\xc0\x89\xf8\x90\xb8\x75\xfa\x00\x00\xc3", &p), ENTRY_OK);
}

static void what_works_at_its_own_place_only_is_refused(void **state)
{
    (void)state;
    struct entry_plan p;
    assert_int_equal(PLAN("\xe3\x10\x90\x90\x90\x90\xc3", &p), ENTRY_RELATIVE); /* jrcxz */
    assert_int_equal(PLAN("\xff\xd0\x90\x90\x90\x90\xc3", &p), ENTRY_CALLS);    /* call *%rax */
    assert_int_equal(PLAN("\x06\x90\x90\x90\x90\x90\xc3", &p), ENTRY_UNDECODABLE);
}

static void what_would_be_out_of_reach_is_refused(void **state)
{
    (void)state;
    struct entry_plan p;
    static const uint8_t lea[] = {0x48, 0x8d, 0x15, 0x00, 0x01, 0x00, 0x00, 0xc3};
    struct entry_site site = {lea, sizeof lea, AT, sizeof lea};
    assert_int_equal(entry_plan(&site, UINT64_C(0x7f0000000000), &p), ENTRY_FAR);
}

static void every_refusal_has_words(void **state)
{
    (void)state;
    assert_string_equal(entry_verdict_text(ENTRY_OK), "");
    for (int v = ENTRY_BREAKPOINT; v <= ENTRY_NOT_CODE; v++)
        assert_true(strlen(entry_verdict_text((enum entry_verdict)v)) > 10);
}

/* ---- moved code that runs ---- */

typedef long function(long a, long b);

/* Places CODE in executable memory, moves its entry, overwrites it, and calls the moved code. */
static long run_moved(const char *code, size_t n, long a, long b)
{
    uint8_t *memory =
        mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct entry_plan p;
    assert_ptr_not_equal(memory, MAP_FAILED);
    memcpy(memory, code, n);
    struct entry_site site = {memory, n, (uint64_t)(uintptr_t)memory, n};
    assert_int_equal(entry_plan(&site, site.address + 4096, &p), ENTRY_OK);
    memcpy(memory + 4096, p.code, p.code_n);
    memset(memory + p.keep_n, 0xcc, ENTRY_JUMP_BYTES);
    long r = ((function *)(uintptr_t)(memory + 4096))(a, b);
    munmap(memory, 8192);
    return r;
}

#define RUN(code, a, b) run_moved((code), sizeof(code) - 1, (a), (b))

static void moved_code_gives_the_same_result(void **state)
{
    (void)state;
    /* a == b ? 7 : a + b, with a short jump at the entry */
    static const char choose[] =
        "\x48\x39\xf7\x74\x07\x48\x89\xf8\x48\x01\xf0\xc3\xb8\x07\x00\x00\x00\xc3";
    assert_int_equal(RUN(choose, 2, 3), 5);
    assert_int_equal(RUN(choose, 3, 3), 7);
    /* reads a constant that lies behind it: mov 1(%rip),%rax; ret; .quad 42 */
    static const char constant[] = "\x48\x8b\x05\x01\x00\x00\x00\xc3\x2a\0\0\0\0\0\0\0";
    assert_int_equal(RUN(constant, 0, 0), 42);
    /* calls a function behind it, then adds 1: call +5; inc %rax; nop; ret; mov $4,%eax; ret */
    static const char calls[] = "\xe8\x05\x00\x00\x00\x48\xff\xc0\x90\xc3\xb8\x04\x00\x00\x00\xc3";
    assert_int_equal(RUN(calls, 0, 0), 5);
    /* jumps at once: jmp +2; int3; int3; mov $9,%eax; ret */
    static const char jumps[] = "\xeb\x03\xcc\xcc\xcc\xb8\x09\x00\x00\x00\xc3";
    assert_int_equal(RUN(jumps, 0, 0), 9);
}

/* ---- Lua as Debian builds it ---- */

struct file {
    const uint8_t *bytes;
    size_t n;
};

static struct file open_file(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    struct file f = {mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0),
                     (size_t)st.st_size};
    assert_ptr_not_equal(f.bytes, MAP_FAILED);
    close(fd);
    return f;
}

static const Elf64_Shdr *section(const struct file *f, uint32_t i)
{
    const Elf64_Ehdr *e = (const void *)f->bytes;
    return (const Elf64_Shdr *)(const void *)(f->bytes + e->e_shoff) + i;
}

/* Plans every exported function whose name begins with "lua"; returns how many there were. */
static int plan_all(const struct file *f)
{
    const Elf64_Ehdr *e = (const void *)f->bytes;
    int n = 0;
    for (uint32_t i = 0; i < e->e_shnum; i++) {
        const Elf64_Shdr *s = section(f, i);
        if (s->sh_type != SHT_DYNSYM)
            continue;
        const Elf64_Sym *symbols = (const void *)(f->bytes + s->sh_offset);
        const char *names = (const char *)f->bytes + section(f, s->sh_link)->sh_offset;
        for (size_t k = 0; k < s->sh_size / sizeof *symbols; k++) {
            const Elf64_Sym *sym = &symbols[k];
            if (sym->st_shndx == SHN_UNDEF || ELF64_ST_TYPE(sym->st_info) != STT_FUNC ||
                strncmp(names + sym->st_name, "lua", 3) != 0)
                continue;
            const Elf64_Shdr *text = section(f, sym->st_shndx);
            uint64_t offset = sym->st_value - text->sh_addr;
            struct entry_site site = {f->bytes + text->sh_offset + offset, text->sh_size - offset,
                                      sym->st_value, sym->st_size};
            struct entry_plan p;
            enum entry_verdict v = entry_plan(&site, sym->st_value + 0x100000, &p);
            if (v != ENTRY_OK)
                fail_msg("%s: %s", names + sym->st_name, entry_verdict_text(v));
            n++;
        }
    }
    return n;
}

static void all_entries_of_debians_lua_can_be_moved(void **state)
{
    (void)state;
    static const char *const paths[] = {"/usr/bin/lua5.4",
                                        "/usr/lib/x86_64-linux-gnu/liblua5.4.so.0",
                                        "/usr/lib/x86_64-linux-gnu/liblua5.4-c++.so.0"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct file f = open_file(paths[i]);
        assert_true(plan_all(&f) > 140);
        munmap((void *)(uintptr_t)f.bytes, f.n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_instructions_are_copied_and_followed_by_a_jump_back),
        cmocka_unit_test(a_short_conditional_jump_becomes_a_long_one),
        cmocka_unit_test(a_rip_relative_operand_still_means_the_same_place),
        cmocka_unit_test(a_rip_relative_operand_with_an_immediate_behind_it_is_right_too),
        cmocka_unit_test(endbr64_stays_at_the_front),
        cmocka_unit_test(a_jump_at_the_entry_needs_no_way_back),
        cmocka_unit_test(a_direct_call_returns_into_the_original),
        cmocka_unit_test(a_lone_ret_with_padding_behind_it_is_enough),
        cmocka_unit_test(another_function_close_behind_is_refused),
        cmocka_unit_test(a_breakpoint_is_refused),
        cmocka_unit_test(a_jump_into_the_moved_bytes_is_refused),
        cmocka_unit_test(bytes_that_only_look_like_a_jump_back_do_not_matter),
        cmocka_unit_test(what_works_at_its_own_place_only_is_refused),
        cmocka_unit_test(what_would_be_out_of_reach_is_refused),
        cmocka_unit_test(every_refusal_has_words),
        cmocka_unit_test(moved_code_gives_the_same_result),
        cmocka_unit_test(all_entries_of_debians_lua_can_be_moved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
