/* lua_step: see lua_step.h. */
#include "collector/symbol/lua_step.h"

#include <Zydis/Zydis.h>
#include <fcntl.h>
#include <gelf.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/symbol/elf_symbols.h"

enum { CALLS_MAX = 64 };

struct calls {
    uint64_t at[CALLS_MAX];
    size_t n;
};

/* The bytes at link-time ADDRESS up to the end of its section. */
static const uint8_t *bytes_at(Elf *elf, uint64_t address, size_t *n)
{
    Elf_Scn *scn = NULL;
    while ((scn = elf_nextscn(elf, scn))) {
        GElf_Shdr sh;
        if (!gelf_getshdr(scn, &sh) || sh.sh_type != SHT_PROGBITS || !(sh.sh_flags & SHF_ALLOC) ||
            address < sh.sh_addr || address - sh.sh_addr >= sh.sh_size)
            continue;
        Elf_Data *data = elf_getdata(scn, NULL);
        size_t offset = (size_t)(address - sh.sh_addr);
        if (!data || data->d_size <= offset)
            return NULL;
        *n = data->d_size - offset;
        return (const uint8_t *)data->d_buf + offset;
    }
    return NULL;
}

static int symbol_in(Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh, const char *name, GElf_Sym *out)
{
    Elf_Data *data = elf_getdata(scn, NULL);
    for (size_t i = 0; data && sh->sh_entsize && i < sh->sh_size / sh->sh_entsize; i++) {
        if (!gelf_getsym(data, (int)i, out))
            return -1;
        const char *its = elf_strptr(elf, sh->sh_link, out->st_name);
        if (its && !strcmp(its, name) && out->st_shndx != SHN_UNDEF && out->st_size)
            return 0;
    }
    return -1;
}

static int symbol_find(Elf *elf, const char *name, GElf_Sym *out)
{
    Elf_Scn *scn = NULL;
    while ((scn = elf_nextscn(elf, scn))) {
        GElf_Shdr sh;
        if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_DYNSYM &&
            symbol_in(elf, scn, &sh, name, out) == 0)
            return 0;
    }
    return -1;
}

static void call_add(struct calls *c, uint64_t target)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->at[i] == target)
            return;
    if (c->n < CALLS_MAX)
        c->at[c->n++] = target;
}

/* What the exported function NAME calls directly, or jumps to beyond its own end. */
static int calls_of(Elf *elf, const char *name, struct calls *c)
{
    ZydisDecoder decoder;
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operand[ZYDIS_MAX_OPERAND_COUNT];
    GElf_Sym sym;
    size_t left, at = 0;
    memset(c, 0, sizeof *c);
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    if (symbol_find(elf, name, &sym))
        return -1;
    const uint8_t *code = bytes_at(elf, sym.st_value, &left);
    if (!code || left < sym.st_size)
        return -1;
    for (; at < sym.st_size; at += instruction.length) {
        uint64_t target;
        if (ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder, code + at, sym.st_size - at, &instruction,
                                               operand)))
            return -1;
        if ((instruction.mnemonic != ZYDIS_MNEMONIC_CALL &&
             instruction.mnemonic != ZYDIS_MNEMONIC_JMP) ||
            operand[0].type != ZYDIS_OPERAND_TYPE_IMMEDIATE ||
            ZYAN_FAILED(
                ZydisCalcAbsoluteAddress(&instruction, &operand[0], sym.st_value + at, &target)))
            continue;
        if (target < sym.st_value || target >= sym.st_value + sym.st_size)
            call_add(c, target);
    }
    return 0;
}

static int is_in(const struct calls *c, uint64_t target)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->at[i] == target)
            return 1;
    return 0;
}

static int step_begin(Elf *elf, uint64_t *begin)
{
    struct calls gc, table, concat;
    size_t n = 0;
    if (calls_of(elf, "lua_gc", &gc) || calls_of(elf, "lua_createtable", &table) ||
        calls_of(elf, "lua_concat", &concat))
        return -1;
    for (size_t i = 0; i < gc.n; i++)
        if (is_in(&table, gc.at[i]) && is_in(&concat, gc.at[i])) {
            *begin = gc.at[i];
            n++;
        }
    return n == 1 ? 0 : -1;
}

/* Where functions begin: a sorted table of pairs of 32-bit numbers, relative to the section. */
static int function_end(Elf *elf, uint64_t begin, uint64_t *end)
{
    Elf_Scn *scn = NULL;
    size_t strings;
    if (elf_getshdrstrndx(elf, &strings))
        return -1;
    while ((scn = elf_nextscn(elf, scn))) {
        static const uint8_t expected[] = {1, 0x1b, 0x03, 0x3b};
        GElf_Shdr sh;
        const char *name = gelf_getshdr(scn, &sh) ? elf_strptr(elf, strings, sh.sh_name) : NULL;
        if (!name || strcmp(name, ".eh_frame_hdr"))
            continue;
        Elf_Data *data = elf_getdata(scn, NULL);
        if (!data || data->d_size < 12 || memcmp(data->d_buf, expected, sizeof expected))
            return -1;
        int here = 0;
        for (size_t at = 12; at + 8 <= data->d_size; at += 8) {
            int32_t offset;
            memcpy(&offset, (const char *)data->d_buf + at, sizeof offset);
            uint64_t from = sh.sh_addr + (uint64_t)(int64_t)offset;
            if (here && from > begin) {
                *end = from;
                return 0;
            }
            here |= from == begin;
        }
    }
    return -1;
}

static int is_build(const char *path, const uint8_t *build_id, size_t n)
{
    struct elf_symbols *e = elf_symbols_open(path);
    size_t own_n = 0;
    const uint8_t *own = e ? elf_symbols_build_id(e, &own_n) : NULL;
    int same = e && (!n || (own_n == n && memcmp(own, build_id, n) == 0));
    elf_symbols_close(e);
    return same;
}

int lua_step_find(const char *path, const uint8_t *build_id, size_t n, uint64_t *lo, uint64_t *hi)
{
    if (!is_build(path, build_id, n)) /* which also looks whether it is a regular ELF file */
        return -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    Elf *elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ_MMAP, NULL);
    GElf_Ehdr header;
    int found = elf && gelf_getehdr(elf, &header) && header.e_machine == EM_X86_64 &&
                step_begin(elf, lo) == 0 && function_end(elf, *lo, hi) == 0;
    if (elf)
        elf_end(elf);
    if (fd >= 0)
        close(fd);
    return found ? 0 : -1;
}
