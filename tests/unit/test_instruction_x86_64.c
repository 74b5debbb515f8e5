/* instruction_x86_64: lengths, parts and kinds of instructions, held against Zydis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <Zydis/Zydis.h>

#include "probe/instruction_x86_64.h"

static ZydisDecoder zydis;

static int set_up(void **state)
{
    (void)state;
    return ZYAN_SUCCESS(ZydisDecoderInit(&zydis, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64))
               ? 0
               : -1;
}

static int zydis_read(const uint8_t *at, size_t n, ZydisDecodedInstruction *in)
{
    return ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&zydis, NULL, at, n, in)) ? 0 : -1;
}

/* ---- what must agree ---- */

static enum instruction_kind kind_of(const ZydisDecodedInstruction *z)
{
    int is_branch = z->raw.imm[0].is_relative != 0;
    if (z->mnemonic == ZYDIS_MNEMONIC_INT3)
        return INSTRUCTION_BREAKPOINT;
    if (is_branch)
        return INSTRUCTION_BRANCH;
    if (z->meta.category == ZYDIS_CATEGORY_CALL)
        return INSTRUCTION_INDIRECT_CALL;
    if (z->meta.category == ZYDIS_CATEGORY_UNCOND_BR)
        return INSTRUCTION_INDIRECT_JUMP;
    if (z->mnemonic == ZYDIS_MNEMONIC_RET || z->mnemonic == ZYDIS_MNEMONIC_IRET ||
        z->mnemonic == ZYDIS_MNEMONIC_IRETD || z->mnemonic == ZYDIS_MNEMONIC_IRETQ)
        return INSTRUCTION_RETURN;
    if (z->mnemonic == ZYDIS_MNEMONIC_NOP && (z->opcode == 0x90 || z->opcode == 0x1f))
        return INSTRUCTION_NOP;
    return INSTRUCTION_PLAIN;
}

static void show(const uint8_t *at, const struct instruction *i, const ZydisDecodedInstruction *z)
{
    for (int k = 0; k < 15; k++)
        print_error("%02x ", at[k]);
    print_error("\nlength %d, zydis %d; kind %d, zydis %d (%s)\n", i->length, z->length, i->kind,
                kind_of(z), ZydisMnemonicGetString(z->mnemonic));
}

static int agree(const uint8_t *at, const struct instruction *i, const ZydisDecodedInstruction *z)
{
    int has_modrm = (z->attributes & ZYDIS_ATTRIB_HAS_MODRM) != 0;
    int is_distance =
        has_modrm && z->raw.modrm.mod == 0 && z->raw.modrm.rm == 5 && z->raw.disp.size == 32;
    if (i->length != z->length || i->kind != kind_of(z) || i->opcode != z->opcode ||
        i->has_modrm != has_modrm || i->rip_relative != (is_distance && z->address_width == 64) ||
        i->eip_relative != (is_distance && z->address_width == 32))
        return 0;
    if (has_modrm && i->displacement_n != 0 &&
        (i->displacement_at != z->raw.disp.offset ||
         instruction_number(at + i->displacement_at, i->displacement_n) != z->raw.disp.value))
        return 0;
    return i->kind != INSTRUCTION_BRANCH ||
           (i->immediate_at == z->raw.imm[0].offset && i->immediate_n * 8 == z->raw.imm[0].size &&
            instruction_number(at + i->immediate_at, i->immediate_n) == z->raw.imm[0].value.s);
}

/* ---- every opcode, with every prefix ---- */

static uint32_t next_random(void)
{
    static uint32_t x = 2463534242u;
    x ^= x << 13;
    x ^= x >> 17;
    return x ^= x << 5;
}

static const char *const prefixes[] = {
    "",     "\x66",     "\x67",     "\xf2",     "\xf3",     "\xf0",     "\x2e",         "\x48",
    "\x41", "\x66\x48", "\x67\x4c", "\xf3\x48", "\xf2\x66", "\x48\x66", "\x66\x66\x66", "\x64\x4f"};
static const char *const escapes[] = {"",
                                      "\x0f",
                                      "\x0f\x38",
                                      "\x0f\x3a",
                                      "\xc5\xf8",
                                      "\xc5\xfd",
                                      "\xc4\xe1\x78",
                                      "\xc4\xe2\x79",
                                      "\xc4\xe3\x7d",
                                      "\x62\xf1\x7c\x48",
                                      "\x62\xf2\xfd\x48",
                                      "\x62\xf3\x7d\x48"};

struct tally {
    uint32_t both, only_ours, only_theirs;
};

static void compare(const char *prefix, const char *escape, int opcode, int modrm, struct tally *t)
{
    uint8_t bytes[32];
    struct instruction i;
    ZydisDecodedInstruction z;
    size_t n = strlen(prefix), escape_n = strlen(escape);
    for (size_t k = 0; k < sizeof bytes; k++)
        bytes[k] = (uint8_t)next_random();
    memcpy(bytes, prefix, n);
    memcpy(bytes + n, escape, escape_n);
    bytes[n + escape_n] = (uint8_t)opcode;
    bytes[n + escape_n + 1] = (uint8_t)modrm;
    int ours = instruction_read(bytes, sizeof bytes, &i) == 0;
    int theirs = zydis_read(bytes, sizeof bytes, &z) == 0;
    t->both += ours && theirs;
    t->only_ours += ours && !theirs;
    t->only_theirs += !ours && theirs;
    if (ours && theirs && !agree(bytes, &i, &z)) {
        show(bytes, &i, &z);
        fail();
    }
}

static void what_both_know_they_read_alike(void **state)
{
    struct tally t = {0, 0, 0};
    (void)state;
    for (size_t p = 0; p < sizeof prefixes / sizeof *prefixes; p++)
        for (size_t e = 0; e < sizeof escapes / sizeof *escapes; e++)
            for (int opcode = 0; opcode < 256; opcode++)
                for (int modrm = 0; modrm < 256; modrm++)
                    compare(prefixes[p], escapes[e], opcode, modrm, &t);
    assert_true(t.both > 2000000);
    /* Ours lets more pass, since it does not ask what registers and prefixes an instruction takes; and it refuses what only
     * kernels and old processors have. */
    assert_true(t.only_theirs < t.both / 20);
}

/* ---- real code ---- */

struct text {
    const uint8_t *file;
    size_t n;
    const Elf64_Shdr *section;
};

static int find_text(const char *path, struct text *t)
{
    struct stat st;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &st) != 0)
        return -1;
    t->n = (size_t)st.st_size;
    void *p = mmap(NULL, t->n, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (p == MAP_FAILED)
        return -1;
    t->file = p;
    const Elf64_Ehdr *h = p;
    const Elf64_Shdr *s = (const void *)(t->file + h->e_shoff);
    const char *names = (const char *)t->file + s[h->e_shstrndx].sh_offset;
    for (int i = 0; i < h->e_shnum; i++)
        if (strcmp(names + s[i].sh_name, ".text") == 0)
            t->section = &s[i];
    return t->section != NULL ? 0 : -1;
}

/* Instruction after instruction; what is data for Zydis is stepped over byte by byte. */
static void code_of(const char *path, uint32_t at_least)
{
    struct text t = {NULL, 0, NULL};
    uint32_t n = 0, unknown = 0;
    if (find_text(path, &t) != 0)
        skip();
    const uint8_t *code = t.file + t.section->sh_offset;
    for (size_t at = 0; at < t.section->sh_size;) {
        struct instruction i;
        ZydisDecodedInstruction z;
        if (zydis_read(code + at, t.section->sh_size - at, &z) != 0) {
            at++;
            continue;
        }
        if (instruction_read(code + at, t.section->sh_size - at, &i) != 0) {
            unknown++;
        } else if (!agree(code + at, &i, &z)) {
            show(code + at, &i, &z);
            fail();
        }
        n++;
        at += z.length;
    }
    munmap((void *)(uintptr_t)t.file, t.n);
    assert_true(n >= at_least);
    assert_true(unknown <= n / 10000);
}

static void every_instruction_of_lua_is_known(void **state)
{
    (void)state;
    code_of("/usr/bin/lua5.4", 30000);
    code_of("/usr/lib/x86_64-linux-gnu/liblua5.4.so.0", 30000);
}

/* With all of the vector extensions, which string functions use. */
static void nearly_every_instruction_of_the_c_library_is_known(void **state)
{
    (void)state;
    code_of("/usr/lib/x86_64-linux-gnu/libc.so.6", 300000);
}

/* ---- bounds ---- */

static void what_is_cut_off_is_none(void **state)
{
    /* mov $imm64,%rax; a 7-byte lea; vector code with all prefixes; the longest that there is */
    static const char *const whole[] = {
        "\x48\xb8\1\2\3\4\5\6\7\x08", "\x48\x8d\x15\x01\x01\x01\x01",
        "\x62\xf3\x7d\x48\x3a\x44\x24\x01\x07", "\x2e\x2e\x2e\x2e\x2e\x66\x81\x84\x24\1\2\3\4\5\6"};
    struct instruction i;
    (void)state;
    for (size_t k = 0; k < sizeof whole / sizeof *whole; k++) {
        size_t n = strlen(whole[k]);
        assert_int_equal(instruction_read((const uint8_t *)whole[k], n, &i), 0);
        assert_int_equal(i.length, n);
        for (size_t cut = 0; cut < n; cut++) {
            uint8_t *exact = malloc(cut + 1); /* no byte behind it, for the sanitizer */
            memcpy(exact + 1, whole[k], cut);
            assert_int_equal(instruction_read(exact + 1, cut, &i), -1);
            free(exact);
        }
    }
    assert_int_equal(instruction_read((const uint8_t *)"\x2e\x2e\x2e\x2e\x2e\x2e\x66\x81\x84\x24"
                                                       "\1\2\3\4\5\6",
                                      16, &i),
                     -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_both_know_they_read_alike),
        cmocka_unit_test(every_instruction_of_lua_is_known),
        cmocka_unit_test(nearly_every_instruction_of_the_c_library_is_known),
        cmocka_unit_test(what_is_cut_off_is_none),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
