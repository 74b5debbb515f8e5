/* lua_step: see lua_step.h. */
#include "collector/symbol/lua_step.h"

#include <fcntl.h>
#include <gelf.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/symbol/elf_symbols.h"
#include "probe/call_targets.h"

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

/* What the exported function NAME calls directly, or jumps to beyond its own end. */
static int calls_of(Elf *elf, const char *name, struct call_targets *t)
{
    GElf_Sym sym;
    size_t left = 0;
    t->n = 0;
    if (symbol_find(elf, name, &sym))
        return -1;
    struct code c = {bytes_at(elf, sym.st_value, &left), sym.st_size, sym.st_value};
    if (!c.bytes || left < sym.st_size)
        return -1;
    call_targets_add(t, &c, 0, UINT64_MAX);
    return 0;
}

static int step_begin(Elf *elf, uint64_t *begin)
{
    static const char *const makers[] = {"lua_gc", "lua_createtable", "lua_newthread",
                                         "lua_pushcclosure"};
    enum { MAKERS_N = sizeof makers / sizeof *makers };
    struct call_targets of[MAKERS_N];
    for (int i = 0; i < MAKERS_N; i++)
        if (calls_of(elf, makers[i], &of[i]))
            return -1;
    *begin = call_targets_common(of, MAKERS_N);
    return *begin ? 0 : -1;
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
