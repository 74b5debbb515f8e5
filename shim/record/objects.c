/* objects: the list of loaded objects, reread after each change.  See objects.h.
 *
 * In: what dl_iterate_phdr tells.  Out: entries of arena->objects (an id is an object's for ever,
 * and again its own when the same file comes back to the same place), and the map for look-ups.
 *
 * Context: constructor, or loader callback with the loader's lock held: one caller at a time. */
#include "shim/record/objects.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <string.h>

#include "shim/record/record_api.h"
#include "shim/record/region.h"
#include "shim/record/slots.h"

/* What one pass finds; too large for a host's stack. */
static SHIM_TABLE struct {
    uint32_t n;
    uint32_t next; /* id that is looked at first for the next object; at most objects_n */
    uint8_t seen[ARENA_OBJECTS_MAX];
    struct object_range range[ARENA_OBJECTS_MAX];
} pass;
static _Atomic int busy;

/* ---- build-id ---- */

static size_t padded(size_t n)
{
    return (n + 3) & ~(size_t)3;
}

uint8_t object_build_id(const uint8_t *at, size_t n, uint8_t out[BUILD_ID_MAX])
{
    ElfW(Nhdr) h;
    while (n >= sizeof h) {
        memcpy(&h, at, sizeof h);
        size_t name = sizeof h, bytes = name + padded(h.n_namesz);
        if (h.n_namesz > n || h.n_descsz > n || bytes + h.n_descsz > n)
            return 0;
        if (h.n_type == NT_GNU_BUILD_ID && h.n_namesz == 4 && memcmp(at + name, "GNU", 4) == 0 &&
            h.n_descsz <= BUILD_ID_MAX) {
            memcpy(out, at + bytes, h.n_descsz);
            return (uint8_t)h.n_descsz;
        }
        size_t next = bytes + padded(h.n_descsz);
        if (next > n)
            return 0;
        at += next;
        n -= next;
    }
    return 0;
}

/* The segment in whose readable, file-backed part [vaddr, vaddr + n) stands, or NULL. */
static const ElfW(Phdr) * segment_of(const struct dl_phdr_info *info, ElfW(Addr) vaddr, size_t n)
{
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type == PT_LOAD && (p->p_flags & PF_R) && vaddr >= p->p_vaddr &&
            n <= p->p_filesz && vaddr - p->p_vaddr <= p->p_filesz - n)
            return p;
    }
    return NULL;
}

static uint8_t read_build_id(const struct dl_phdr_info *info, uint8_t out[BUILD_ID_MAX])
{
    uint8_t n = 0;
    for (int i = 0; i < info->dlpi_phnum && !n; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type == PT_NOTE && segment_of(info, p->p_vaddr, p->p_filesz))
            n = object_build_id((const uint8_t *)(uintptr_t)(info->dlpi_addr + p->p_vaddr),
                                p->p_filesz, out);
    }
    return n;
}

/* ---- one object ---- */

static int extent(const struct dl_phdr_info *info, struct object_range *r)
{
    r->lo = UINT64_MAX;
    r->hi = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        uint64_t at = info->dlpi_addr + p->p_vaddr;
        if (p->p_type != PT_LOAD)
            continue;
        if (at < r->lo)
            r->lo = at;
        if (at + p->p_memsz > r->hi)
            r->hi = at + p->p_memsz;
    }
    r->lo &= ~UINT64_C(4095);
    r->hi = (r->hi + 4095) & ~UINT64_C(4095);
    return r->lo < r->hi;
}

/* The executable comes first, without a name. */
static uint32_t path_of(const struct dl_phdr_info *info)
{
    static uint32_t executable;
    if (info->dlpi_name && info->dlpi_name[0])
        return intern_z(info->dlpi_name);
    if (!executable && pass.n == 0)
        executable = intern_z(arena->process.exe[0] ? arena->process.exe : "(executable)");
    return executable;
}

static int is_same(const struct arena_object *o, const struct object_range *r, uint32_t path)
{
    return o->lo == r->lo && o->hi == r->hi && o->path == path;
}

/* Looked for from the one behind the last that was found: the loader tells its objects in the order
 * in which they came, mostly that of their ids. */
static uint32_t find_known(const struct object_range *r, uint32_t path, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t id = pass.next + i < n ? pass.next + i : pass.next + i - n;
        if (is_same(&arena->objects[id], r, path))
            return id;
    }
    return ARENA_OBJECTS_MAX;
}

/* ---- unwinding ---- */

static SHIM_TABLE struct {
    const uint8_t *hdr;
    uint64_t n, lo, hi;
} eh_frame[ARENA_OBJECTS_MAX];

const uint8_t *object_eh_frame_hdr(uint32_t id, uint64_t *n, uint64_t *lo, uint64_t *hi)
{
    if (id >= ARENA_OBJECTS_MAX)
        return NULL;
    *n = eh_frame[id].n;
    *lo = eh_frame[id].lo;
    *hi = eh_frame[id].hi;
    return eh_frame[id].hdr;
}

static void note_eh_frame(uint32_t id, const struct dl_phdr_info *info)
{
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type != PT_GNU_EH_FRAME)
            continue;
        const ElfW(Phdr) *in = segment_of(info, p->p_vaddr, p->p_memsz);
        if (in == NULL)
            continue;
        eh_frame[id].n = p->p_memsz;
        eh_frame[id].lo = info->dlpi_addr + in->p_vaddr;
        eh_frame[id].hi = eh_frame[id].lo + in->p_filesz;
        eh_frame[id].hdr = (const uint8_t *)(uintptr_t)(info->dlpi_addr + p->p_vaddr);
    }
}

static void fill(struct arena_object *o, const struct dl_phdr_info *info,
                 const struct object_range *r, uint32_t path)
{
    o->lo = r->lo;
    o->hi = r->hi;
    o->bias = info->dlpi_addr;
    o->path = path;
    o->build_id_n = read_build_id(info, o->build_id);
    note_eh_frame((uint32_t)(o - arena->objects), info);
    atomic_fetch_add(&o->version, 1);
}

static uint32_t add(const struct dl_phdr_info *info, const struct object_range *r, uint32_t path)
{
    uint32_t id = atomic_load(&arena->objects_n);
    if (id >= ARENA_OBJECTS_MAX) {
        loss_count(LOSS_OBJECTS_FULL, 1);
        return ARENA_OBJECTS_MAX;
    }
    if (slots_grow_objects(id) || region_reserve(&arena->objects[id], sizeof arena->objects[id]))
        return ARENA_OBJECTS_MAX;
    fill(&arena->objects[id], info, r, path);
    atomic_store(&arena->objects_n, id + 1);
    return id;
}

static void set_unloaded(struct arena_object *o, uint8_t unloaded)
{
    if (o->unloaded == unloaded)
        return;
    o->unloaded = unloaded;
    atomic_fetch_add(&o->version, 1);
}

static int visit(struct dl_phdr_info *info, size_t size, void *unused)
{
    struct object_range r;
    (void)size;
    (void)unused;
    if (pass.n >= ARENA_OBJECTS_MAX || !extent(info, &r))
        return 0;
    uint32_t path = path_of(info);
    r.id = find_known(&r, path, atomic_load(&arena->objects_n));
    if (r.id == ARENA_OBJECTS_MAX)
        r.id = add(info, &r, path);
    if (r.id == ARENA_OBJECTS_MAX)
        return 0;
    set_unloaded(&arena->objects[r.id], 0);
    pass.next = r.id + 1;
    pass.seen[r.id] = 1;
    pass.range[pass.n++] = r;
    return 0;
}

/* ---- all ---- */

/* Shell's sort, with the gaps of Knuth (3 g + 1): it needs no memory, as qsort may. */
static void sort_ranges(void)
{
    uint32_t gap = 1;
    while (gap < pass.n / 3)
        gap = 3 * gap + 1;
    for (; gap > 0; gap /= 3)
        for (uint32_t i = gap; i < pass.n; i++) {
            struct object_range r = pass.range[i];
            uint32_t j = i;
            for (; j >= gap && pass.range[j - gap].lo > r.lo; j -= gap)
                pass.range[j] = pass.range[j - gap];
            pass.range[j] = r;
        }
}

void objects_refresh(void)
{
    if (!arena || atomic_exchange(&busy, 1))
        return;
    int saved = errno;
    pass.n = pass.next = 0;
    memset(pass.seen, 0, sizeof pass.seen);
    dl_iterate_phdr(visit, NULL);
    for (uint32_t id = 0; id < atomic_load(&arena->objects_n); id++)
        if (!pass.seen[id])
            set_unloaded(&arena->objects[id], 1);
    sort_ranges();
    object_map_replace(pass.range, pass.n);
    atomic_store(&busy, 0);
    errno = saved;
}
