/* elf_symbols: reads .symtab and .dynsym, and what is packed in the file itself, into one sorted array.  See elf_symbols.h. */
#include "collector/symbol/elf_symbols.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/symbol/mini_debug.h"
#include "collector/util/xalloc.h"

enum { BUILD_ID_MAX = 64 };

struct symbol {
    uint64_t from, size, reach; /* reach: highest end among the symbols up to this one */
    const char *name;           /* in the mapped file, or in `mini` */
    int local;
};

struct elf_symbols {
    int fd;
    Elf *elf;
    Elf *mini; /* of its .gnu_debugdata, in mini_text; NULL: none */
    char *mini_text;
    struct symbol *symbol;
    size_t n, cap;
    int full, has_lines;
    char *debug_link; /* NULL: none */
    uint32_t debug_link_crc;
    uint8_t build_id[BUILD_ID_MAX];
    size_t build_id_n;
};

static void symbols_add(struct elf_symbols *e, Elf *elf, const GElf_Shdr *sh, Elf_Data *data)
{
    size_t n = sh->sh_entsize ? sh->sh_size / sh->sh_entsize : 0;
    for (size_t i = 0; i < n; i++) {
        GElf_Sym sym;
        if (!gelf_getsym(data, (int)i, &sym))
            return;
        int type = GELF_ST_TYPE(sym.st_info);
        if ((type != STT_FUNC && type != STT_GNU_IFUNC) || !sym.st_size ||
            sym.st_shndx == SHN_UNDEF)
            continue;
        const char *name = elf_strptr(elf, sh->sh_link, sym.st_name);
        if (!name || !*name)
            continue;
        e->symbol = xgrow(e->symbol, e->n, &e->cap, sizeof *e->symbol);
        e->symbol[e->n++] = (struct symbol){sym.st_value, sym.st_size, 0, name,
                                            GELF_ST_BIND(sym.st_info) == STB_LOCAL};
    }
}

/* By address; among equals global names last, so that a search from the right meets them first. */
static int symbol_order(const void *pa, const void *pb)
{
    const struct symbol *a = pa, *b = pb;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    if (a->local != b->local)
        return a->local ? -1 : 1;
    return strcmp(b->name, a->name);
}

static void symbols_sort(struct elf_symbols *e)
{
    uint64_t reach = 0;
    if (e->n)
        qsort(e->symbol, e->n, sizeof *e->symbol, symbol_order);
    for (size_t i = 0; i < e->n; i++) {
        struct symbol *s = &e->symbol[i];
        uint64_t end = s->from + s->size;
        if (end > reach)
            reach = end;
        s->reach = reach;
    }
}

static void symbols_read(struct elf_symbols *e, Elf *elf)
{
    Elf_Scn *scn = NULL;
    while ((scn = elf_nextscn(elf, scn))) {
        GElf_Shdr sh;
        if (!gelf_getshdr(scn, &sh) || (sh.sh_type != SHT_SYMTAB && sh.sh_type != SHT_DYNSYM))
            continue;
        Elf_Data *data = elf_getdata(scn, NULL);
        if (!data)
            continue;
        e->full |= sh.sh_type == SHT_SYMTAB;
        symbols_add(e, elf, &sh, data);
    }
}

static void mini_read(struct elf_symbols *e, const Elf_Data *data)
{
    size_t n;
    if (!data || e->mini_text || !(e->mini_text = mini_debug_unpack(data->d_buf, data->d_size, &n)))
        return;
    e->mini = elf_memory(e->mini_text, n);
    if (e->mini && elf_kind(e->mini) == ELF_K_ELF)
        symbols_read(e, e->mini);
}

static void notes_read(struct elf_symbols *e, Elf_Data *data)
{
    size_t at = 0, name_at, desc_at;
    GElf_Nhdr note;
    while (data && (at = gelf_getnote(data, at, &note, &name_at, &desc_at)) > 0) {
        const char *name = (const char *)data->d_buf + name_at;
        if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 || memcmp(name, "GNU", 4) ||
            note.n_descsz > BUILD_ID_MAX)
            continue;
        memcpy(e->build_id, (const char *)data->d_buf + desc_at, note.n_descsz);
        e->build_id_n = note.n_descsz;
    }
}

static void build_id_read(struct elf_symbols *e)
{
    Elf_Scn *scn = NULL;
    while (!e->build_id_n && (scn = elf_nextscn(e->elf, scn))) {
        GElf_Shdr sh;
        if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_NOTE)
            notes_read(e, elf_getdata(scn, NULL));
    }
}

/* A name, padded to four bytes, and a checksum. */
static void debug_link_read(struct elf_symbols *e, Elf_Data *data)
{
    const char *at = data ? data->d_buf : NULL;
    size_t n = at ? strnlen(at, data->d_size) : 0, end = (n + 4) & ~(size_t)3;
    if (!n || e->debug_link || end + 4 > data->d_size)
        return;
    e->debug_link = xstrndup(at, n);
    memcpy(&e->debug_link_crc, at + end, 4);
}

static void other_sections_read(struct elf_symbols *e)
{
    Elf_Scn *scn = NULL;
    size_t strings;
    if (elf_getshdrstrndx(e->elf, &strings))
        return;
    while ((scn = elf_nextscn(e->elf, scn))) {
        GElf_Shdr sh;
        const char *name = gelf_getshdr(scn, &sh) ? elf_strptr(e->elf, strings, sh.sh_name) : NULL;
        if (!name || sh.sh_type == SHT_NOBITS)
            continue;
        e->has_lines |= !strcmp(name, ".debug_info") || !strcmp(name, ".zdebug_info");
        if (!strcmp(name, ".gnu_debuglink"))
            debug_link_read(e, elf_getdata(scn, NULL));
        if (!strcmp(name, MINI_DEBUG_SECTION))
            mini_read(e, elf_getdata(scn, NULL));
    }
}

/* Opens only what is a regular file: a path from a trace may name anything. */
static int open_regular(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd >= 0 && (fstat(fd, &st) || !S_ISREG(st.st_mode))) {
        close(fd);
        return -1;
    }
    return fd;
}

struct elf_symbols *elf_symbols_open(const char *path)
{
    if (elf_version(EV_CURRENT) == EV_NONE)
        return NULL;
    struct elf_symbols *e = xcalloc(1, sizeof *e);
    e->fd = open_regular(path);
    e->elf = e->fd < 0 ? NULL : elf_begin(e->fd, ELF_C_READ_MMAP, NULL);
    if (!e->elf || elf_kind(e->elf) != ELF_K_ELF) {
        elf_symbols_close(e);
        return NULL;
    }
    build_id_read(e);
    symbols_read(e, e->elf);
    other_sections_read(e);
    symbols_sort(e);
    return e;
}

void elf_symbols_close(struct elf_symbols *e)
{
    if (!e)
        return;
    if (e->mini)
        elf_end(e->mini);
    if (e->elf)
        elf_end(e->elf);
    if (e->fd >= 0)
        close(e->fd);
    free(e->mini_text);
    free(e->debug_link);
    free(e->symbol);
    free(e);
}

const uint8_t *elf_symbols_build_id(const struct elf_symbols *e, size_t *n)
{
    *n = e->build_id_n;
    return e->build_id;
}

int elf_symbols_has_lines(const struct elf_symbols *e)
{
    return e->has_lines;
}

const char *elf_symbols_debug_link(const struct elf_symbols *e, uint32_t *checksum)
{
    *checksum = e->debug_link_crc;
    return e->debug_link;
}

struct Elf *elf_symbols_elf(const struct elf_symbols *e)
{
    return e->elf;
}

int elf_symbols_full(const struct elf_symbols *e)
{
    return e->full;
}

const char *elf_symbols_find_from(const struct elf_symbols *e, uint64_t address, uint64_t *from)
{
    size_t lo = 0, hi = e->n;
    while (lo < hi) { /* the first symbol that begins behind the address */
        size_t mid = lo + (hi - lo) / 2;
        if (e->symbol[mid].from <= address)
            lo = mid + 1;
        else
            hi = mid;
    }
    while (lo-- > 0) {
        const struct symbol *s = &e->symbol[lo];
        if (address - s->from < s->size) {
            *from = s->from;
            return s->name;
        }
        if (s->reach <= address)
            break; /* nothing that begins earlier gets this far */
    }
    return NULL;
}

const char *elf_symbols_find(const struct elf_symbols *e, uint64_t address)
{
    uint64_t from;
    return elf_symbols_find_from(e, address, &from);
}
