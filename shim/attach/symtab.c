/* symtab: reads the .symtab of an object's file.  See symtab.h. */
#include "shim/attach/symtab.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "probe/lua_name.h"

enum { SECTIONS_AT_ONCE = 40 };

/* ---- is it the same file? ---- */

static uint64_t read_hex(const char **p)
{
    uint64_t v = 0;
    for (;; (*p)++) {
        char c = **p;
        if (c >= '0' && c <= '9')
            v = v * 16 + (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            v = v * 16 + (uint64_t)(c - 'a' + 10);
        else
            return v;
    }
}

/* "55e0-55e4 r--p 00000000 fe:01 1234  /path": does the line of address LO name this inode? */
static int line_matches(const char *line, uint64_t lo, const struct stat *st, int *same)
{
    if (read_hex(&line) != lo || *line != '-')
        return 0;
    for (int field = 0; field < 3; field++) {
        line = strchr(line, ' ');
        if (line == NULL)
            return 0;
        line++;
    }
    uint64_t device_major = read_hex(&line);
    line++;
    uint64_t device_minor = read_hex(&line), inode = 0;
    for (line++; *line >= '0' && *line <= '9'; line++)
        inode = inode * 10 + (uint64_t)(*line - '0');
    *same = device_major == major(st->st_dev) && device_minor == minor(st->st_dev) &&
            inode == st->st_ino;
    return 1;
}

/* By the mapping's device and inode; for files without a build id. */
static int same_inode(uint64_t lo, const struct stat *st)
{
    char buf[4096 + 512];
    size_t have = 0;
    int same = 0, done = 0;
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    while (!done) {
        ssize_t n = read(fd, buf + have, sizeof buf - 1 - have);
        if (n <= 0)
            break;
        have += (size_t)n;
        buf[have] = '\0';
        char *line = buf, *end;
        while (!done && (end = strchr(line, '\n')) != NULL) {
            *end = '\0';
            done = line_matches(line, lo, st, &same);
            line = end + 1;
        }
        have = strlen(line);
        memmove(buf, line, have + 1);
        if (have == sizeof buf - 1)
            have = 0; /* a line longer than any path can make it */
    }
    close(fd);
    return same;
}

static const ElfW(Shdr) * section_headers(const struct symtab *t, size_t *n)
{
    const ElfW(Ehdr) *e = (const ElfW(Ehdr) *)(const void *)t->file;
    *n = e->e_shnum;
    if (e->e_shentsize != sizeof(ElfW(Shdr)) || e->e_shoff > t->file_n ||
        *n > (t->file_n - e->e_shoff) / sizeof(ElfW(Shdr)))
        return NULL;
    return (const ElfW(Shdr) *)(const void *)(t->file + e->e_shoff);
}

/* The notes of the file and of the loaded object stand at the same offset. */
static int same_build_id(const struct symtab *t, const struct image *im)
{
    const uint8_t *id = NULL;
    size_t n = image_build_id(im, &id);
    if (n == 0)
        return -1;
    const ElfW(Phdr) *p = image_segment(im, (uint64_t)(uintptr_t)id);
    if (p == NULL)
        return 0;
    uint64_t offset = (uint64_t)(uintptr_t)id - im->bias - p->p_vaddr + p->p_offset;
    return offset + n <= t->file_n && memcmp(t->file + offset, id, n) == 0;
}

/* ---- opening ---- */

/* Most objects of a distribution have no .symtab: told by reading the section headers alone, a
 * few at a time, since stacks may be small. */
static int has_symtab(int fd)
{
    ElfW(Ehdr) e;
    ElfW(Shdr) some[SECTIONS_AT_ONCE];
    if (pread(fd, &e, sizeof e, 0) != sizeof e || memcmp(e.e_ident, ELFMAG, SELFMAG) != 0 ||
        e.e_ident[EI_CLASS] != ELFCLASS64 || e.e_shentsize != sizeof *some)
        return 0;
    for (size_t first = 0; first < e.e_shnum; first += SECTIONS_AT_ONCE) {
        off_t at = (off_t)(e.e_shoff + first * sizeof *some);
        ssize_t got = pread(fd, some, sizeof some, at);
        for (size_t i = 0; got > 0 && i < (size_t)got / sizeof *some; i++)
            if (first + i < e.e_shnum && some[i].sh_type == SHT_SYMTAB)
                return 1;
    }
    return 0;
}

static int within(const struct symtab *t, const ElfW(Shdr) * s)
{
    return s->sh_offset <= t->file_n && s->sh_size <= t->file_n - s->sh_offset;
}

static int find_tables(struct symtab *t)
{
    size_t n;
    const ElfW(Shdr) *s = section_headers(t, &n);
    for (size_t i = 0; s != NULL && i < n; i++) {
        if (s[i].sh_type != SHT_SYMTAB || s[i].sh_link >= n || !within(t, &s[i]))
            continue;
        const ElfW(Shdr) *strings = &s[s[i].sh_link];
        if (!within(t, strings) || strings->sh_size == 0 || s[i].sh_offset % 8 != 0 ||
            t->file[strings->sh_offset + strings->sh_size - 1] != '\0')
            return -1;
        t->symbols = (const ElfW(Sym) *)(const void *)(t->file + s[i].sh_offset);
        t->symbols_n = s[i].sh_size / sizeof *t->symbols;
        t->strings = (const char *)t->file + strings->sh_offset;
        t->strings_n = strings->sh_size;
        return 0;
    }
    return -1;
}

static int open_fd(struct symtab *t, const struct image *im, int fd)
{
    struct stat st;
    if (!has_symtab(fd) || fstat(fd, &st) != 0 || st.st_size <= 0)
        return -1;
    t->file_n = (size_t)st.st_size;
    void *p = mmap(NULL, t->file_n, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return -1;
    t->file = p;
    /* /proc/self/exe is the loaded file by definition. */
    int same = im->path[0] == '\0' ? 1 : same_build_id(t, im);
    if (same < 0)
        same = same_inode(im->lo & ~UINT64_C(4095), &st);
    return same && find_tables(t) == 0 ? 0 : -1;
}

int symtab_open(struct symtab *t, const struct image *im)
{
    memset(t, 0, sizeof *t);
    const char *path = im->path[0] == '\0' ? "/proc/self/exe" : im->path;
    if (path[0] != '/')
        return -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -1;
    int r = open_fd(t, im, fd);
    close(fd);
    if (r != 0)
        symtab_close(t);
    return r;
}

void symtab_close(struct symtab *t)
{
    if (t->file != NULL)
        munmap((void *)(uintptr_t)t->file, t->file_n);
    memset(t, 0, sizeof *t);
}

/* ---- finding ---- */

int symtab_mentions(const struct symtab *t, const char *name)
{
    return memmem(t->strings, t->strings_n, name, strlen(name)) != NULL;
}

static void take(const struct image *im, const ElfW(Sym) * s, struct symbol *out)
{
    uint64_t address = im->bias + s->st_value;
    if (out->address == 0 && out->size == 0) {
        out->address = address;
        out->size = s->st_size;
    } else if (out->address != address) {
        out->address = 0;
        out->size = UINT64_MAX;
    }
}

void symtab_find(const struct symtab *t, const struct image *im, const char *const *names, size_t n,
                 struct symbol *out)
{
    uint8_t settled[64] = {0};
    for (size_t k = 0; k < n && k < sizeof settled; k++)
        settled[k] = out[k].address != 0;
    for (size_t i = 1; i < t->symbols_n; i++) {
        const ElfW(Sym) *s = &t->symbols[i];
        unsigned type = ELF64_ST_TYPE(s->st_info);
        if ((type != STT_FUNC && type != STT_OBJECT) || s->st_shndx == SHN_UNDEF ||
            s->st_value == 0 || s->st_name >= t->strings_n)
            continue;
        const char *name = t->strings + s->st_name;
        if (!lua_name_begins(name))
            continue;
        for (size_t k = 0; k < n && k < sizeof settled; k++)
            if (!settled[k] && lua_name_is(name, names[k]))
                take(im, s, &out[k]);
    }
}
