/* lua_step: see lua_step.h. */
#include "collector/symbol/lua_step.h"

#include <fcntl.h>
#include <gelf.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/symbol/elf_symbols.h"
#include "collector/symbol/function_range.h"
#include "probe/collector_calls.h"

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

/* The exported function NAME; of no bytes where it is not there. */
static struct code code_of(Elf *elf, const char *name)
{
    GElf_Sym sym;
    size_t left = 0;
    if (symbol_find(elf, name, &sym))
        return (struct code){NULL, 0, 0};
    const uint8_t *bytes = bytes_at(elf, sym.st_value, &left);
    if (!bytes || left < sym.st_size)
        return (struct code){NULL, 0, 0};
    return (struct code){bytes, sym.st_size, sym.st_value};
}

static int step_begin(Elf *elf, uint64_t *begin)
{
    struct collector_calls c = {.hi = UINT64_MAX};
    c.api[COLLECTOR_CALLS_lua_gc] = code_of(elf, "lua_gc");
    c.api[COLLECTOR_CALLS_lua_createtable] = code_of(elf, "lua_createtable");
    c.api[COLLECTOR_CALLS_lua_newthread] = code_of(elf, "lua_newthread");
    c.api[COLLECTOR_CALLS_lua_pushcclosure] = code_of(elf, "lua_pushcclosure");
    *begin = collector_calls_step(&c);
    return *begin ? 0 : -1;
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
                step_begin(elf, lo) == 0 && function_range_end(elf, *lo, hi) == 0;
    if (elf)
        elf_end(elf);
    if (fd >= 0)
        close(fd);
    return found ? 0 : -1;
}
