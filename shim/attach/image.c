/* image: reads a loaded object's headers and dynamic symbols.  See image.h. */
#include "shim/attach/image.h"

#include <string.h>
#include <sys/mman.h>

#include "probe/lua_name.h"

/* The loader has turned addresses in the dynamic section into run-time ones, except where that
 * section is read-only. */
static const void *dynamic_address(const struct image *im, uint64_t value)
{
    if (value < im->lo || value >= im->hi)
        value += im->bias;
    return value >= im->lo && value < im->hi ? (const void *)(uintptr_t)value : NULL;
}

static void read_dynamic(struct image *im)
{
    uint64_t soname = 0;
    for (const ElfW(Dyn) *d = im->dynamic; d->d_tag != DT_NULL; d++) {
        switch (d->d_tag) {
        case DT_SYMTAB:
            im->symbols = dynamic_address(im, d->d_un.d_ptr);
            break;
        case DT_STRTAB:
            im->strings = dynamic_address(im, d->d_un.d_ptr);
            break;
        case DT_GNU_HASH:
            im->gnu_hash = dynamic_address(im, d->d_un.d_ptr);
            break;
        case DT_HASH:
            im->hash = dynamic_address(im, d->d_un.d_ptr);
            break;
        case DT_SONAME:
            soname = d->d_un.d_val;
            break;
        case DT_TEXTREL:
            im->text_relocations = 1;
            break;
        case DT_FLAGS:
            if (d->d_un.d_val & DF_TEXTREL)
                im->text_relocations = 1;
            break;
        }
    }
    if (soname != 0 && im->strings != NULL)
        im->soname = im->strings + soname;
}

void image_locate(struct image *im, const struct dl_phdr_info *info)
{
    memset(im, 0, sizeof *im);
    im->path = info->dlpi_name != NULL ? info->dlpi_name : "";
    im->bias = info->dlpi_addr;
    im->phdr = info->dlpi_phdr;
    im->phdr_n = info->dlpi_phnum;
    im->lo = UINT64_MAX;
    for (uint32_t i = 0; i < im->phdr_n; i++) {
        const ElfW(Phdr) *p = &im->phdr[i];
        uint64_t at = im->bias + p->p_vaddr;
        if (p->p_type == PT_LOAD && at < im->lo)
            im->lo = at;
        if (p->p_type == PT_LOAD && at + p->p_memsz > im->hi)
            im->hi = at + p->p_memsz;
        if (p->p_type == PT_DYNAMIC)
            im->dynamic = (const ElfW(Dyn) *)(uintptr_t)at;
    }
}

void image_read(struct image *im, const struct dl_phdr_info *info)
{
    image_locate(im, info);
    if (im->dynamic != NULL)
        read_dynamic(im);
}

/* ---- symbols ---- */

static uint32_t gnu_hash_of(const char *name)
{
    uint32_t h = 5381;
    for (; *name != '\0'; name++)
        h = h * 33 + (uint8_t)*name;
    return h;
}

static uint32_t sysv_hash_of(const char *name)
{
    uint32_t h = 0;
    for (; *name != '\0'; name++) {
        h = (h << 4) + (uint8_t)*name;
        uint32_t g = h & 0xf0000000;
        h = (h ^ (g >> 24)) & ~g;
    }
    return h;
}

static int is_definition(const struct image *im, uint32_t i, const char *name, int object)
{
    const ElfW(Sym) *s = &im->symbols[i];
    if (s->st_shndx == SHN_UNDEF || s->st_value == 0)
        return 0;
    if (ELF64_ST_TYPE(s->st_info) != (object ? STT_OBJECT : STT_FUNC))
        return 0;
    return strcmp(im->strings + s->st_name, name) == 0;
}

/* Index of the definition, 0: none (symbol 0 is never one). */
static uint32_t find_gnu(const struct image *im, const char *name, int object)
{
    const uint32_t *t = im->gnu_hash;
    uint32_t bucket_n = t[0], first = t[1], bloom_n = t[2], shift = t[3], h = gnu_hash_of(name);
    const uint64_t *bloom = (const uint64_t *)(t + 4);
    const uint32_t *buckets = (const uint32_t *)(bloom + bloom_n), *chain = buckets + bucket_n;
    if (bucket_n == 0 || bloom_n == 0)
        return 0;
    uint64_t word = bloom[(h / 64) % bloom_n];
    if (!((word >> (h % 64)) & (word >> ((h >> shift) % 64)) & 1))
        return 0;
    uint32_t i = buckets[h % bucket_n];
    if (i < first)
        return 0;
    for (;; i++) {
        uint32_t entry = chain[i - first];
        if ((entry | 1) == (h | 1) && is_definition(im, i, name, object))
            return i;
        if (entry & 1)
            return 0;
    }
}

static uint32_t find_sysv(const struct image *im, const char *name, int object)
{
    const uint32_t *t = im->hash;
    uint32_t bucket_n = t[0], chain_n = t[1];
    const uint32_t *buckets = t + 2, *chain = buckets + bucket_n;
    if (bucket_n == 0)
        return 0;
    uint32_t i = buckets[sysv_hash_of(name) % bucket_n];
    for (uint32_t steps = 0; i != 0 && i < chain_n && steps < chain_n; i = chain[i], steps++)
        if (is_definition(im, i, name, object))
            return i;
    return 0;
}

int image_symbol(const struct image *im, const char *name, int object, struct symbol *out)
{
    uint32_t i = 0;
    out->address = out->size = 0;
    if (im->symbols == NULL || im->strings == NULL)
        return 0;
    if (im->gnu_hash != NULL)
        i = find_gnu(im, name, object);
    else if (im->hash != NULL)
        i = find_sysv(im, name, object);
    if (i == 0)
        return 0;
    out->address = im->bias + im->symbols[i].st_value;
    out->size = im->symbols[i].st_size;
    return 1;
}

/* Symbols of the hash table follow each other, and the last one of a chain is marked. */
static uint32_t symbols_end(const struct image *im)
{
    const uint32_t *t = im->gnu_hash;
    if (t == NULL)
        return im->hash != NULL ? im->hash[1] : 0;
    const uint32_t *buckets = t + 4 + 2 * (size_t)t[2], *chain = buckets + t[0];
    uint32_t last = 0;
    for (uint32_t b = 0; b < t[0]; b++)
        last = buckets[b] > last ? buckets[b] : last;
    if (last < t[1])
        return 0;
    while (!(chain[last - t[1]] & 1))
        last++;
    return last + 1;
}

void image_cxx_symbols(const struct image *im, const char *const *names, size_t n,
                       struct symbol *out)
{
    uint32_t end = im->symbols != NULL && im->strings != NULL ? symbols_end(im) : 0;
    for (uint32_t i = 1; i < end; i++) {
        const ElfW(Sym) *s = &im->symbols[i];
        const char *name = im->strings + s->st_name;
        if (s->st_shndx == SHN_UNDEF || s->st_value == 0 || !lua_name_begins(name))
            continue;
        for (size_t k = 0; k < n; k++)
            if (out[k].address == 0 && lua_name_is(name, names[k]))
                out[k] = (struct symbol){im->bias + s->st_value, s->st_size};
    }
}

/* What is not defined stands in front of the symbols that the hash table is about.  A table about
 * nothing may begin anywhere. */
int image_may_import(const struct image *im, const char *const *names, size_t n)
{
    uint32_t end = im->gnu_hash != NULL ? im->gnu_hash[1] : 0;
    if (im->symbols == NULL || im->strings == NULL || end <= 1)
        return 1;
    for (uint32_t i = 1; i < end; i++) {
        const char *name = im->strings + im->symbols[i].st_name;
        for (size_t k = 0; k < n; k++)
            if (*name == *names[k] && strcmp(name, names[k]) == 0)
                return 1;
    }
    return 0;
}

/* ---- segments ---- */

const ElfW(Phdr) * image_segment(const struct image *im, uint64_t address)
{
    for (uint32_t i = 0; i < im->phdr_n; i++) {
        const ElfW(Phdr) *p = &im->phdr[i];
        uint64_t at = im->bias + p->p_vaddr;
        if (p->p_type == PT_LOAD && address >= at && address < at + p->p_filesz)
            return p;
    }
    return NULL;
}

const ElfW(Phdr) * image_text(const struct image *im, uint64_t address)
{
    const ElfW(Phdr) *p = image_segment(im, address);
    return p != NULL && (p->p_flags & PF_X) ? p : NULL;
}

int image_protection(const ElfW(Phdr) * segment)
{
    return (segment->p_flags & PF_R ? PROT_READ : 0) | (segment->p_flags & PF_W ? PROT_WRITE : 0) |
           (segment->p_flags & PF_X ? PROT_EXEC : 0);
}

static size_t note_build_id(const uint8_t *at, size_t n, size_t align, const uint8_t **bytes)
{
    if (align != 8)
        align = 4;
    while (n >= sizeof(ElfW(Nhdr))) {
        const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)(const void *)at;
        size_t name_n = (note->n_namesz + align - 1) & ~(align - 1);
        size_t text_n = (note->n_descsz + align - 1) & ~(align - 1);
        size_t all = sizeof *note + name_n + text_n;
        if (all > n)
            return 0;
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
            memcmp(at + sizeof *note, "GNU", 4) == 0) {
            *bytes = at + sizeof *note + name_n;
            return note->n_descsz;
        }
        at += all;
        n -= all;
    }
    return 0;
}

size_t image_build_id(const struct image *im, const uint8_t **bytes)
{
    for (uint32_t i = 0; i < im->phdr_n; i++) {
        const ElfW(Phdr) *p = &im->phdr[i];
        uint64_t at = im->bias + p->p_vaddr;
        if (p->p_type != PT_NOTE || image_segment(im, at) == NULL)
            continue;
        size_t n = note_build_id((const uint8_t *)(uintptr_t)at, p->p_memsz, p->p_align, bytes);
        if (n != 0)
            return n;
    }
    return 0;
}
