/* region: the arena's memory, private or shared.  See region.h.
 *
 * In: the need for memory at some place of the arena.  Out: memory that can be touched, and a file
 * that holds it when the process is gone. */
#include "shim/record/region.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "arena/snapshot.h"
#include "shim/record/orphans.h"
#include "shim/record/pages.h"
#include "shim/record/phrase.h"
#include "shim/record/process_info.h"
#include "shim/record/record_api.h"
#include "shim/record/slots.h"

enum { MAPPED_BYTES = PAGES_N * PAGE_BYTES, STEP_PAGES = 4 };

enum region_kind { REGION_PRIVATE, REGION_SHARED, REGION_UNNAMED };

struct arena *arena;
static enum region_kind kind; /* UNNAMED: shared, but its file was removed */

static size_t page_of(const void *at)
{
    return (size_t)((const char *)at - (const char *)arena) / PAGE_BYTES;
}

static char *page_at(const void *base, size_t page)
{
    return (char *)(uintptr_t)base + page * PAGE_BYTES;
}

/* ---- reserving ---- */

/* Beyond the tables (thread slots) exactly what is asked for; before them in steps, since more is
 * soon asked for. */
static size_t step_end(size_t to)
{
    size_t tables_end = offsetof(struct arena, threads) / PAGE_BYTES;
    size_t end = (to + STEP_PAGES - 1) / STEP_PAGES * STEP_PAGES;
    return to <= tables_end && end > tables_end ? tables_end : to > tables_end ? to : end;
}

static COLD int grow(size_t from, size_t to)
{
    int saved = errno;
    to = step_end(to);
    int failed =
        kind != REGION_PRIVATE && pages_provide(page_at(arena, from), (to - from) * PAGE_BYTES);
    if (failed)
        loss_count(LOSS_MEMORY, 1);
    else
        pages_hold(from, to);
    errno = saved;
    return failed ? -1 : 0;
}

int region_reserve(const void *at, size_t n)
{
    if (!n)
        return 0;
    size_t from = page_of(at), to = page_of((const char *)at + n - 1) + 1;
    return likely(pages_held(from, to)) ? 0 : grow(from, to);
}

uint64_t region_bytes(void)
{
    return pages_held_n() * PAGE_BYTES;
}

/* ---- creating ---- */

/* Huge pages would make a few touched pages cost megabytes; and the host's core dumps stay its
 * own. */
static void *map_private(void)
{
    void *p = mmap(NULL, MAPPED_BYTES, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    madvise(p, MAPPED_BYTES, MADV_NOHUGEPAGE);
    madvise(p, MAPPED_BYTES, MADV_DONTDUMP);
    return p;
}

/* What is written without asking (header, process, copies, uncovered); states, functions, strings
 * and the like ask when they grow. */
static void hold_head(void)
{
    pages_hold(0, (offsetof(struct arena, objects) + PAGE_BYTES - 1) / PAGE_BYTES);
    pages_hold(offsetof(struct arena, copies) / PAGE_BYTES,
               (offsetof(struct arena, uncovered) + PAGE_BYTES - 1) / PAGE_BYTES);
    pages_hold(offsetof(struct arena, ring) / PAGE_BYTES,
               offsetof(struct arena, ring) / PAGE_BYTES + 1);
}

int region_create(void)
{
    int saved = errno;
    struct arena *a = map_private();
    errno = saved;
    if (!a)
        return -1;
    hold_head();
    a->magic = ARENA_MAGIC;
    a->version = ARENA_VERSION;
    a->bytes = sizeof *a;
    process_info_start(&a->process);
    kind = REGION_PRIVATE;
    __atomic_store_n(&arena, a, __ATOMIC_RELEASE);
    return 0;
}

/* ---- moving ---- */

/* Writing, unlike touching, tells when there is no room. */
static int write_pages(int fd)
{
    size_t from = 0, to;
    for (; pages_run(&from, &to); from = to) {
        size_t at = from * PAGE_BYTES, end = to * PAGE_BYTES;
        while (at < end) {
            ssize_t n = pwrite(fd, (char *)arena + at, end - at, (off_t)at);
            if (n < 0 && errno == EINTR)
                continue;
            if (n <= 0)
                return -1;
            at += (size_t)n;
        }
    }
    return 0;
}

/* Replaces the mapping in one step: threads that touch the arena meanwhile wait in the kernel. */
static int replace_by(void *mapped)
{
    return mremap(mapped, MAPPED_BYTES, MAPPED_BYTES, MREMAP_MAYMOVE | MREMAP_FIXED, arena) ==
                   MAP_FAILED
               ? -1
               : 0;
}

/* A file larger than the host's limit would bring it SIGXFSZ. */
static int within_limit(void)
{
    struct rlimit l;
    return getrlimit(RLIMIT_FSIZE, &l) || l.rlim_cur == RLIM_INFINITY || l.rlim_cur >= MAPPED_BYTES;
}

static int move_into(int fd)
{
    if (!within_limit() || ftruncate(fd, MAPPED_BYTES) || write_pages(fd))
        return -1;
    void *mapped = mmap(NULL, MAPPED_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED)
        return -1;
    madvise(mapped, MAPPED_BYTES, MADV_DONTDUMP);
    if (replace_by(mapped)) {
        munmap(mapped, MAPPED_BYTES);
        return -1;
    }
    kind = REGION_SHARED;
    return 0;
}

/* modprof.UID.PID.STARTTICKS: the start tells a later process with the same id apart. */
static void name_file(char *out, size_t cap)
{
    struct phrase t = phrase_in(out, cap);
    phrase_add(&t, "/dev/shm/modprof.");
    phrase_add_number(&t, arena->process.uid);
    phrase_add(&t, ".");
    phrase_add_number(&t, arena->process.pid);
    phrase_add(&t, ".");
    phrase_add_number(&t, process_info_start_ticks());
}

/* A file of that name is this process's own, from before an exec that nobody saw. */
static int create_file(const char *path)
{
    enum { FLAGS = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC };
    int fd = open(path, FLAGS, 0600);
    return fd < 0 && errno == EEXIST && unlink(path) == 0 ? open(path, FLAGS, 0600) : fd;
}

/* Where little is left, private memory serves better: it does not run out halfway.  A file system
 * without a limit says 0 blocks. */
static int has_room(const char *dir)
{
    enum { ROOM_BYTES = 8 << 20 };
    struct statfs fs;
    return statfs(dir, &fs) == 0 &&
           (fs.f_blocks == 0 || (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize >= ROOM_BYTES);
}

static int share_file(void)
{
    char *path = arena->process.arena_path;
    if (!has_room("/dev/shm"))
        return -1;
    orphans_sweep("/dev/shm");
    name_file(path, sizeof arena->process.arena_path);
    int fd = create_file(path);
    int failed = fd < 0 || move_into(fd);
    if (failed && fd >= 0)
        unlink(path);
    if (failed)
        path[0] = 0;
    if (fd >= 0)
        close(fd);
    return failed ? -1 : 0;
}

static int share_memfd(int *out)
{
    int fd = memfd_create("modprof", MFD_CLOEXEC);
    arena->process.arena_path[0] = 0;
    if (fd >= 0 && move_into(fd)) {
        close(fd);
        fd = -1;
    }
    *out = fd;
    return fd < 0 ? -1 : 0;
}

int region_share(int *fd)
{
    int saved = errno, failed = -1;
    if (fd)
        *fd = -1;
    if (kind != REGION_SHARED && slots_close_others()) {
        failed = fd ? share_memfd(fd) : share_file();
        slots_open_others();
    }
    errno = saved;
    return failed;
}

/* ---- a child of fork ---- */

static void copy_pages(void *to_base)
{
    size_t from = 0, to;
    for (; pages_run(&from, &to); from = to)
        memcpy(page_at(to_base, from), page_at(arena, from), (to - from) * PAGE_BYTES);
}

static int take_private_copy(void)
{
    void *copy = map_private();
    if (copy) {
        copy_pages(copy);
        if (replace_by(copy) == 0)
            return 0;
        munmap(copy, MAPPED_BYTES);
    }
    return -1;
}

int region_fork_child(void)
{
    int saved = errno, failed = kind != REGION_PRIVATE && take_private_copy();
    if (!failed) {
        kind = REGION_PRIVATE;
        snapshot_restart(arena);
        process_info_forked(&arena->process);
        slots_fork_child();
    }
    errno = saved;
    return failed ? -1 : 0;
}

/* ---- the end ---- */

/* The file's name can not be reached (chroot): at least its memory is given back. */
static void empty_file(void)
{
    void *same = mremap(arena, 0, MAPPED_BYTES, MREMAP_MAYMOVE);
    if (same == MAP_FAILED)
        return;
    if (slots_close_others()) {
        if (take_private_copy() == 0) {
            madvise(same, MAPPED_BYTES, MADV_REMOVE);
            kind = REGION_PRIVATE;
        }
        slots_open_others();
    }
    munmap(same, MAPPED_BYTES);
}

void region_remove(void)
{
    int saved = errno;
    if (kind == REGION_SHARED && arena->process.arena_path[0] &&
        arena->process.pid == (uint64_t)getpid()) {
        if (unlink(arena->process.arena_path) == 0)
            kind = REGION_UNNAMED;
        else
            empty_file();
    }
    errno = saved;
}
