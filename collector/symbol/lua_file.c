/* lua_file: reads an ELF file with libelf, and looks at Lua's entries as the shim would.  See
 * lua_file.h. */
#include "collector/symbol/lua_file.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/symbol/function_range.h"
#include "collector/util/xalloc.h"
#include "probe/collector_calls.h"
#include "probe/lua_name.h"

/* The functions of lua_api.def: first those that are redirected, then those that are called; then
 * what else is looked for. */
enum {
#define HOOK(group, name, ret, params) WANTED_##name,
#include "probe/lua_api.def"
    WANTED_HOOKED_LAST = LUA_FILE_HOOK_N - 1,
#define USE(name, ret, params) WANTED_##name,
#include "probe/lua_api.def"
    WANTED_IDENT,
    WANTED_N
};

static const char *const wanted_name[WANTED_N] = {
#define HOOK(group, name, ret, params) #name,
#include "probe/lua_api.def"
#define USE(name, ret, params) #name,
#include "probe/lua_api.def"
    "lua_ident",
};

static const char *const hook_group[LUA_FILE_HOOK_N] = {
#define HOOK(group, name, ret, params) #group,
#include "probe/lua_api.def"
};

struct found {
    uint64_t address, size;
    int twice;
};

struct reader {
    struct lua_file *f;
    Elf *elf;
    struct found found[WANTED_N];
    Elf_Scn *dynsym, *symtab;
};

/* ---- headers ---- */

static const char *machine_name(const GElf_Ehdr *h)
{
    switch (h->e_machine) {
    case EM_X86_64:
        return h->e_ident[EI_CLASS] == ELFCLASS64 ? "x86-64" : "x86-64 with 32-bit pointers (x32)";
    case EM_386:
        return "32-bit x86";
    case EM_AARCH64:
        return "64-bit ARM";
    case EM_ARM:
        return "32-bit ARM";
    case EM_RISCV:
        return "RISC-V";
    default:
        return "another kind of machine";
    }
}

static void read_segments(struct reader *r, const GElf_Ehdr *h)
{
    size_t n = 0, size = 0;
    const char *image = elf_rawfile(r->elf, &size);
    elf_getphdrnum(r->elf, &n);
    for (size_t i = 0; i < n; i++) {
        GElf_Phdr p;
        if (gelf_getphdr(r->elf, (int)i, &p) == NULL || p.p_type != PT_INTERP || image == NULL ||
            p.p_offset > size || p.p_filesz > size - p.p_offset)
            continue;
        r->f->interpreter = xstrndup(image + p.p_offset, strnlen(image + p.p_offset, p.p_filesz));
    }
    r->f->program = h->e_type == ET_EXEC || (h->e_type == ET_DYN && r->f->interpreter != NULL);
}

static void add_needed(struct lua_file *f, const char *name)
{
    f->needed = xrealloc(f->needed, f->needed_n + 1, sizeof *f->needed);
    f->needed[f->needed_n++] = xstrdup(name);
}

static void read_dynamic(struct reader *r, Elf_Scn *section, const GElf_Shdr *header)
{
    Elf_Data *data = elf_getdata(section, NULL);
    GElf_Dyn d;
    for (int i = 0; data != NULL && gelf_getdyn(data, i, &d) != NULL && d.d_tag != DT_NULL; i++) {
        if (d.d_tag == DT_NEEDED) {
            const char *name = elf_strptr(r->elf, header->sh_link, d.d_un.d_val);
            if (name != NULL)
                add_needed(r->f, name);
        }
        if (d.d_tag == DT_TEXTREL || (d.d_tag == DT_FLAGS && (d.d_un.d_val & DF_TEXTREL)))
            r->f->text_relocations = 1;
        /* A static PIE has e_type ET_DYN and no interpreter, but says that it is a program. */
        if (d.d_tag == DT_FLAGS_1 && (d.d_un.d_val & DF_1_PIE))
            r->f->program = 1;
    }
}

static void read_sections(struct reader *r)
{
    Elf_Scn *s = NULL;
    while ((s = elf_nextscn(r->elf, s)) != NULL) {
        GElf_Shdr h;
        if (gelf_getshdr(s, &h) == NULL)
            continue;
        if (h.sh_type == SHT_DYNAMIC)
            read_dynamic(r, s, &h);
        else if (h.sh_type == SHT_DYNSYM)
            r->dynsym = s;
        else if (h.sh_type == SHT_SYMTAB)
            r->symtab = s;
    }
}

/* ---- symbols ---- */

typedef void each_symbol(void *ctx, const char *name, const GElf_Sym *sym);

static void for_symbols(struct reader *r, Elf_Scn *section, each_symbol *each, void *ctx)
{
    GElf_Shdr h;
    if (section == NULL || gelf_getshdr(section, &h) == NULL || h.sh_entsize == 0)
        return;
    Elf_Data *data = elf_getdata(section, NULL);
    for (size_t i = 1; data != NULL && i < h.sh_size / h.sh_entsize; i++) {
        GElf_Sym sym;
        const char *name;
        if (gelf_getsym(data, (int)i, &sym) == NULL ||
            (name = elf_strptr(r->elf, h.sh_link, sym.st_name)) == NULL)
            continue;
        each(ctx, name, &sym);
    }
}

static int is_definition(const GElf_Sym *sym)
{
    int type = GELF_ST_TYPE(sym->st_info);
    return sym->st_shndx != SHN_UNDEF && sym->st_value != 0 &&
           (type == STT_FUNC || type == STT_OBJECT);
}

static void take_wanted(void *ctx, const char *name, const GElf_Sym *sym)
{
    struct reader *r = ctx;
    if (!lua_name_begins(name) || !is_definition(sym))
        return;
    for (int i = 0; i < WANTED_N; i++) {
        struct found *at = &r->found[i];
        if (!lua_name_is(name, wanted_name[i]))
            continue;
        if (at->address != 0 && at->address != sym->st_value)
            at->twice = 1;
        at->address = sym->st_value;
        at->size = sym->st_size;
    }
}

static void take_dynamic(void *ctx, const char *name, const GElf_Sym *sym)
{
    struct reader *r = ctx;
    if (strcmp(name, "dlopen") == 0 && sym->st_shndx == SHN_UNDEF)
        r->f->imports_dlopen = 1;
    if (strcmp(name, "malloc") == 0 && is_definition(sym))
        r->f->defines_malloc = 1;
    if (strcmp(name, "ffi_call") == 0 && is_definition(sym))
        r->f->defines_ffi_call = 1;
    take_wanted(ctx, name, sym);
}

struct search {
    const char *name;
    int there;
};

static void look_for(void *ctx, const char *name, const GElf_Sym *sym)
{
    struct search *s = ctx;
    if (is_definition(sym) && lua_name_is(name, s->name))
        s->there = 1;
}

static int has_function(void *ctx, const char *function)
{
    struct reader *r = ctx;
    struct search s = {function, 0};
    for_symbols(r, r->dynsym, look_for, &s);
    if (!s.there)
        for_symbols(r, r->symtab, look_for, &s);
    return s.there;
}

static void find_symbols(struct reader *r)
{
    for_symbols(r, r->dynsym, take_dynamic, r);
    r->f->lua_exported = r->found[WANTED_lua_newstate].address != 0;
    int all = 1;
    for (int i = 0; i < WANTED_N; i++)
        all = all && r->found[i].address != 0;
    if (!all) {
        struct found exported[WANTED_N];
        memcpy(exported, r->found, sizeof exported);
        memset(r->found, 0, sizeof r->found);
        for_symbols(r, r->symtab, take_wanted, r);
        for (int i = 0; i < WANTED_N; i++)
            if (exported[i].address != 0)
                r->found[i] = exported[i];
    }
    r->f->lua = r->found[WANTED_lua_newstate].address != 0;
}

/* ---- Lua ---- */

/* The bytes at a link-time address, up to the end of its segment; NULL: not in the file, or, with
 * CODE, not in an executable segment. */
static const uint8_t *bytes_at(const struct reader *r, uint64_t address, int code, size_t *n)
{
    size_t count = 0, size = 0;
    const char *image = elf_rawfile(r->elf, &size);
    elf_getphdrnum(r->elf, &count);
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr p;
        if (gelf_getphdr(r->elf, (int)i, &p) == NULL || p.p_type != PT_LOAD ||
            address < p.p_vaddr || address - p.p_vaddr >= p.p_filesz ||
            (code && !(p.p_flags & PF_X)) || p.p_offset > size || p.p_filesz > size - p.p_offset)
            continue;
        *n = p.p_filesz - (address - p.p_vaddr);
        return (const uint8_t *)image + p.p_offset + (address - p.p_vaddr);
    }
    return NULL;
}

static int is_shared(const struct reader *r, int i)
{
    for (int k = 0; k < LUA_FILE_HOOK_N; k++)
        if (k != i && r->found[k].address == r->found[i].address)
            return 1;
    return 0;
}

static enum entry_verdict look_at_code(const struct reader *r, uint64_t address, uint64_t size)
{
    struct entry_site site = {.address = address, .size = size};
    struct entry_plan plan;
    site.bytes = bytes_at(r, address, 1, &site.bytes_n);
    if (site.bytes == NULL)
        return ENTRY_NOT_CODE;
    /* Where the detours will be is not known; anywhere near will do. */
    return entry_plan(&site, address + 0x100000, &plan);
}

static enum entry_verdict look_at_entry(const struct reader *r, int i)
{
    const struct found *at = &r->found[i];
    if (i == WANTED_lua_closethread && at->address == 0)
        at = &r->found[WANTED_lua_resetthread]; /* its name up to 5.4.5 */
    if (at == &r->found[WANTED_lua_resetthread] && at->address == 0)
        return ENTRY_OK; /* nothing there closes coroutines */
    if (at->twice)
        return ENTRY_TWICE;
    if (at->address == 0)
        return ENTRY_ABSENT;
    if (is_shared(r, i))
        return ENTRY_SHARED;
    return look_at_code(r, at->address, at->size);
}

/* ---- the collector ---- */

static struct code code_of(const struct reader *r, uint64_t address, uint64_t size)
{
    size_t n = 0;
    const uint8_t *bytes = address != 0 ? bytes_at(r, address, 1, &n) : NULL;
    return bytes != NULL && size <= n ? (struct code){bytes, size, address}
                                      : (struct code){NULL, 0, 0};
}

static int function_at(const void *whose, uint64_t address, struct code *out)
{
    const struct reader *r = whose;
    uint64_t end;
    if (function_range_end(r->elf, address, &end) != 0)
        return -1;
    *out = code_of(r, address, end - address);
    return 0;
}

static enum entry_verdict look_at_function(const struct reader *r, uint64_t address)
{
    uint64_t end;
    if (address == 0 || function_range_end(r->elf, address, &end) != 0)
        return ENTRY_ABSENT;
    return look_at_code(r, address, end - address);
}

static void look_at_collector(struct reader *r)
{
    struct collector_calls c = {.hi = UINT64_MAX, .function_at = function_at, .whose = r};
#define API(name) \
    c.api[COLLECTOR_CALLS_##name] = \
        code_of(r, r->found[WANTED_##name].address, r->found[WANTED_##name].size);
    COLLECTOR_CALLS_API(API)
#undef API
    uint64_t step = collector_calls_step(&c);
    r->f->collector_step = look_at_function(r, step);
    r->f->collector_finalize =
        step != 0 ? look_at_function(r, collector_calls_finalize(&c, step)) : ENTRY_ABSENT;
}

static void read_lua(struct reader *r)
{
    struct lua_file *f = r->f;
    const struct found *ident = &r->found[WANTED_IDENT];
    size_t n = 0;
    const uint8_t *text = ident->address != 0 ? bytes_at(r, ident->address, 0, &n) : NULL;
    if (text == NULL || !lua_ident_parse((const char *)text, n, &f->version))
        lua_ident_fingerprint(has_function, r, &f->version);
    if (f->version.flavour != LUA_FLAVOUR_54 || !f->x86_64)
        return;
    for (int i = 0; i < LUA_FILE_HOOK_N; i++)
        f->entry[i] = (struct lua_file_entry){wanted_name[i], hook_group[i], look_at_entry(r, i)};
    for (int i = LUA_FILE_HOOK_N; i < WANTED_IDENT && f->missing == NULL; i++)
        if (r->found[i].address == 0 && i != WANTED_luaL_loadbufferx && i != WANTED_lua_resetthread)
            f->missing = wanted_name[i];
    look_at_collector(r);
}

/* Lua says in its data what it is, whatever became of its symbols. */
static void look_for_nameless(struct reader *r)
{
    static const char begin[] = "$LuaVersion: ";
    size_t left = 0;
    const char *at = elf_rawfile(r->elf, &left), *found;
    while (at != NULL && !r->f->lua && (found = memmem(at, left, begin, sizeof begin - 1))) {
        left -= (size_t)(found - at);
        if (lua_ident_parse(found, left, &r->f->version))
            r->f->lua = r->f->nameless = 1;
        at = found + 1;
        left--;
    }
}

/* ---- the file ---- */

static int read_fd(struct lua_file *f, int fd, struct err *err)
{
    struct reader r = {.f = f};
    GElf_Ehdr h;
    elf_version(EV_CURRENT);
    r.elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    if (r.elf == NULL)
        return err_set(err, "%s can not be read: %s", f->path, elf_errmsg(-1));
    if (elf_kind(r.elf) == ELF_K_ELF && gelf_getehdr(r.elf, &h) != NULL) {
        f->elf = 1;
        f->machine = machine_name(&h);
        f->x86_64 = h.e_machine == EM_X86_64 && h.e_ident[EI_CLASS] == ELFCLASS64;
        read_segments(&r, &h);
        read_sections(&r);
        find_symbols(&r);
        if (f->lua)
            read_lua(&r);
        else
            look_for_nameless(&r);
    }
    elf_end(r.elf);
    return 0;
}

int lua_file_read(struct lua_file *f, const char *path, struct err *err)
{
    struct stat st;
    memset(f, 0, sizeof *f);
    f->path = xstrdup(path);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_set(err, "%s can not be read: %s", path, strerror(errno));
    int status = fstat(fd, &st) == 0 && S_ISREG(st.st_mode)
                     ? read_fd(f, fd, err)
                     : err_set(err, "%s is not a regular file", path);
    close(fd);
    return status;
}

void lua_file_release(struct lua_file *f)
{
    for (size_t i = 0; i < f->needed_n; i++)
        free(f->needed[i]);
    free(f->needed);
    free(f->interpreter);
    free(f->path);
    memset(f, 0, sizeof *f);
}

static int group_is_movable(const struct lua_file *f, const char *group)
{
    for (size_t i = 0; i < LUA_FILE_HOOK_N; i++)
        if (strcmp(f->entry[i].group, group) == 0 && f->entry[i].verdict != ENTRY_OK)
            return 0;
    return 1;
}

size_t lua_file_movable_n(const struct lua_file *f)
{
    size_t n = 0;
    if (f->version.flavour != LUA_FLAVOUR_54 || !f->x86_64 || f->missing != NULL || f->nameless)
        return 0;
    for (size_t i = 0; i < LUA_FILE_HOOK_N; i++)
        n += (size_t)group_is_movable(f, f->entry[i].group);
    return n;
}
