/* debug_file: see debug_file.h. */
#include "collector/symbol/debug_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "collector/util/xalloc.h"

static const char system_dir[] = "/usr/lib/debug";

static int is_build(const struct elf_symbols *e, const struct debug_wanted *w)
{
    size_t n;
    const uint8_t *id = elf_symbols_build_id(e, &n);
    return n && n == w->build_id_n && !memcmp(id, w->build_id, n);
}

static struct elf_symbols *open_build(char *path, const struct debug_wanted *w)
{
    struct elf_symbols *e = path ? elf_symbols_open(path) : NULL;
    free(path);
    if (e && is_build(e, w))
        return e;
    elf_symbols_close(e);
    return NULL;
}

/* DIR/.build-id/ab/cdef....debug */
static char *build_id_path(const char *dir, const struct debug_wanted *w)
{
    char hex[2 * 64 + 1] = "";
    if (w->build_id_n < 2 || w->build_id_n > 64)
        return NULL;
    for (size_t i = 1; i < w->build_id_n; i++)
        snprintf(hex + 2 * (i - 1), 3, "%02x", w->build_id[i]);
    return xformat("%s/.build-id/%02x/%s.debug", dir, w->build_id[0], hex);
}

static struct elf_symbols *by_build_id(const struct debug_search *s, const struct debug_wanted *w)
{
    struct elf_symbols *e = NULL;
    for (size_t i = 0; i < s->dir_n && !e; i++)
        e = open_build(build_id_path(s->dir[i], w), w);
    return e ? e : open_build(build_id_path(system_dir, w), w);
}

/* The checksum of a debug link is that of the whole debug file. */
static int has_checksum(const char *path, uint32_t expected)
{
    unsigned char buffer[1 << 14];
    uLong sum = crc32(0, NULL, 0);
    FILE *f = fopen(path, "re");
    size_t n;
    if (!f)
        return 0;
    while ((n = fread(buffer, 1, sizeof buffer, f)) > 0)
        sum = crc32(sum, buffer, (uInt)n);
    fclose(f);
    return sum == expected;
}

static struct elf_symbols *open_linked(char *path, const struct debug_wanted *w, uint32_t checksum)
{
    struct elf_symbols *e = elf_symbols_open(path);
    int right = e && (w->build_id_n ? is_build(e, w) : has_checksum(path, checksum));
    free(path);
    if (right)
        return e;
    elf_symbols_close(e);
    return NULL;
}

static struct elf_symbols *linked_in(const char *dir, const char *folder, const char *name,
                                     const struct debug_wanted *w, uint32_t checksum)
{
    struct elf_symbols *e = open_linked(xformat("%s%s/%s", dir, folder, name), w, checksum);
    return e ? e : open_linked(xformat("%s/%s", dir, name), w, checksum);
}

static struct elf_symbols *by_link(const struct debug_search *s, const struct debug_wanted *w)
{
    uint32_t checksum;
    const char *name = w->own ? elf_symbols_debug_link(w->own, &checksum) : NULL;
    const char *slash = strrchr(w->path, '/');
    if (!name || strchr(name, '/'))
        return NULL;
    char *folder = slash ? xstrndup(w->path, (size_t)(slash - w->path)) : xstrdup(".");
    struct elf_symbols *e = open_linked(xformat("%s/.debug/%s", folder, name), w, checksum);
    if (!e)
        e = open_linked(xformat("%s/%s", folder, name), w, checksum);
    for (size_t i = 0; i < s->dir_n && !e; i++)
        e = linked_in(s->dir[i], folder, name, w, checksum);
    if (!e)
        e = linked_in(system_dir, folder, name, w, checksum);
    free(folder);
    return e;
}

struct elf_symbols *debug_file_find(const struct debug_search *s, const struct debug_wanted *w)
{
    struct elf_symbols *e = by_build_id(s, w);
    if (!e)
        e = by_link(s, w);
    if (!e && s->debuginfod && w->build_id_n)
        e = open_build(debuginfod_fetch(w->build_id, w->build_id_n), w);
    return e;
}
