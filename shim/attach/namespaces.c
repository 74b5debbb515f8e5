/* namespaces: see namespaces.h.
 *
 * dl_iterate_phdr tells those of the caller's namespace only; its lock is the one that all lists change under.  The lists of the others hang on the
 * one for debuggers (glibc 2.35 and later). */
#include "shim/attach/namespaces.h"

#include <string.h>

#include "shim/stack/native.h"

#if __GLIBC_PREREQ(2, 35)

enum { SEEN_MAX = 256 };
static const void *seen[SEEN_MAX]; /* dynamic sections */
static uint32_t seen_n;

static int is_new(const void *dynamic)
{
    for (uint32_t i = 0; i < seen_n; i++)
        if (seen[i] == dynamic)
            return 0;
    if (dynamic == NULL || seen_n == SEEN_MAX)
        return 0;
    seen[seen_n++] = dynamic;
    return 1;
}

/* A library begins with its header, which the loader maps with the rest. */
static int find_phdr(const struct link_map *l, struct dl_phdr_info *info)
{
    ElfW(Ehdr) h;
    if (native_peek(l->l_addr, &h, sizeof h) != 0 || memcmp(h.e_ident, ELFMAG, SELFMAG) != 0 ||
        h.e_phoff + h.e_phnum * sizeof(ElfW(Phdr)) > 4096)
        return -1;
    *info = (struct dl_phdr_info){.dlpi_addr = l->l_addr,
                                  .dlpi_name = l->l_name,
                                  .dlpi_phdr = (const void *)(l->l_addr + h.e_phoff),
                                  .dlpi_phnum = h.e_phnum};
    return 0;
}

static void look_at(const struct link_map *l, void (*came)(const struct image *im))
{
    struct dl_phdr_info info;
    struct image im;
    if (!is_new(l->l_ld) || find_phdr(l, &info) != 0)
        return;
    image_read(&im, &info);
    came(&im);
}

/* Once, under the lock. */
static int look(struct dl_phdr_info *info, size_t size, void *came)
{
    uintptr_t at = (uintptr_t)&_r_debug;
    __asm__("" : "+r"(at)); /* declared as the shorter struct that it was before 2.35 */
    (void)info, (void)size;
    for (const struct r_debug_extended *x = ((const struct r_debug_extended *)at)->r_next;
         x != NULL; x = x->r_next)
        for (const struct link_map *l = x->base.r_map; l != NULL; l = l->l_next)
            look_at(l, *(void (**)(const struct image *))came);
    return 1;
}

void namespaces_look(void (*came)(const struct image *im))
{
    if (_r_debug.r_version >= 2) /* there are any */
        dl_iterate_phdr(look, &came);
}

#else

void namespaces_look(void (*came)(const struct image *im))
{
    (void)came;
}

#endif
