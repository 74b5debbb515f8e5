/* region: the arena's memory, private or shared.  See region.h.
 *
 * In: the need for memory at some place of the arena.  Out: memory that can be touched, and a file
 * that holds it when the process is gone. */
#include "shim/record/region.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena/snapshot.h"
#include "shim/record/backing.h"
#include "shim/record/pages.h"
#include "shim/record/process_info.h"
#include "shim/record/record_api.h"
#include "shim/record/sink.h"
#include "shim/record/slots.h"

enum { MAPPED_BYTES = PAGES_N * PAGE_BYTES, STEP_PAGES = 4, STEP_PAGES_MAX = 16 };

enum region_kind { REGION_PRIVATE, REGION_SHARED };

struct arena *arena;
static enum region_kind kind;
static struct sink_fd backing = {-1, 0, 0}; /* of the shared file, until it has its name */

static size_t page_of(const void *at)
{
    return (size_t)((const char *)at - (const char *)arena) / PAGE_BYTES;
}

static char *page_at(const void *base, size_t page)
{
    return (char *)(uintptr_t)base + page * PAGE_BYTES;
}

/* ---- reserving ---- */

/* Pages that are held right before FROM, as far as a step goes. */
static size_t held_before(size_t from)
{
    size_t n = 0;
    while (n < STEP_PAGES_MAX && n < from && pages_held(from - n - 1, from - n))
        n++;
    return n;
}

/* Beyond the tables (thread slots) exactly what is asked for; before them in steps, since more is
 * soon asked for: as much again as there is, so that few samples wait for memory. */
static size_t step_end(size_t from, size_t to)
{
    size_t step = held_before(from);
    if (step == 0) /* the first of a table: it may stay the only one */
        return to;
    if (step < STEP_PAGES)
        step = STEP_PAGES;
    size_t tables_end = offsetof(struct arena, threads) / PAGE_BYTES;
    size_t end = (to + step - 1) / step * step;
    return to <= tables_end && end > tables_end ? tables_end : to > tables_end ? to : end;
}

static int provide(struct arena *a, size_t from, size_t to)
{
    int saved = errno;
    int failed =
        kind != REGION_PRIVATE && pages_provide(page_at(a, from), (to - from) * PAGE_BYTES);
    if (!failed)
        pages_hold(from, to);
    errno = saved;
    return failed ? -1 : 0;
}

static COLD int grow(size_t from, size_t to)
{
    if (provide(arena, from, step_end(from, to)) == 0)
        return 0;
    loss_count(LOSS_MEMORY, 1);
    return -1;
}

int region_reserve(const void *at, size_t n)
{
    if (!n)
        return 0;
    size_t from = page_of(at), to = page_of((const char *)at + n - 1) + 1;
    return likely(pages_held(from, to)) ? 0 : grow(from, to);
}

void region_reserve_ahead(void)
{
    enum { AHEAD_PAGES = 16 };
    static const size_t table[] = {
        offsetof(struct arena, functions), offsetof(struct arena, states),
        offsetof(struct arena, hits),      offsetof(struct arena, chunks),
        offsetof(struct arena, ring),      offsetof(struct arena, strings),
        offsetof(struct arena, protos),    offsetof(struct arena, nodes),
        offsetof(struct arena, lanes),     offsetof(struct arena, sites),
    };
    size_t from = 0, to;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (region_reserve((const char *)arena + table[i], AHEAD_PAGES * PAGE_BYTES))
            return;
    for (; pages_run(&from, &to); from = to) {
        size_t end = to + AHEAD_PAGES < PAGES_N ? to + AHEAD_PAGES : PAGES_N;
        if (to < end && provide(arena, to, end))
            return;
        to = end;
    }
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

static void *map_shared(int fd)
{
    void *p = mmap(NULL, MAPPED_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        return NULL;
    madvise(p, MAPPED_BYTES, MADV_DONTDUMP);
    return p;
}

/* What is written without asking (header, process, the first copy); other copies, states, functions, strings and the like
 * ask when they come. */
static int provide_head(struct arena *a)
{
    const size_t copy = offsetof(struct arena, copies), copy_end = copy + sizeof *a->copies;
    const size_t ring = offsetof(struct arena, ring) / PAGE_BYTES;
    return provide(a, 0, offsetof(struct arena, objects) / PAGE_BYTES + 1) ||
           provide(a, copy / PAGE_BYTES, (copy_end - 1) / PAGE_BYTES + 1) ||
           provide(a, ring, ring + 1);
}

static void init(struct arena *a)
{
    a->magic = ARENA_MAGIC;
    a->version = ARENA_VERSION;
    a->bytes = sizeof *a;
    process_info_start(&a->process);
}

/* Shared from the beginning, so that it never has to move while other threads count in it. */
static struct arena *create_shared(void)
{
    int fd = backing_new(sink_wants_arena(), MAPPED_BYTES);
    struct arena *a = fd < 0 ? NULL : map_shared(fd);
    kind = REGION_SHARED;
    if (a && provide_head(a) == 0) {
        backing = sink_fd_take(fd);
        return a;
    }
    if (a)
        munmap(a, MAPPED_BYTES);
    if (fd >= 0)
        close(fd);
    return NULL;
}

static struct arena *create_private(void)
{
    struct arena *a = map_private();
    kind = REGION_PRIVATE;
    if (a)
        provide_head(a);
    return a;
}

/* `arena` is set last: other threads may already be waiting to count. */
int region_create(void)
{
    int saved = errno;
    struct arena *a = create_shared();
    if (!a)
        a = create_private();
    if (a) {
        init(a);
        __atomic_store_n(&arena, a, __ATOMIC_RELEASE);
    }
    errno = saved;
    return a ? 0 : -1;
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

static int move_into(int fd)
{
    void *mapped = write_pages(fd) ? NULL : map_shared(fd);
    if (mapped && replace_by(mapped)) {
        munmap(mapped, MAPPED_BYTES);
        mapped = NULL;
    }
    return mapped ? 0 : -1;
}

/* A fork's child, or one whose descriptor the host has closed.  Only while nobody else counts. */
static void move(void)
{
    if (!slots_close_others())
        return;
    int fd = backing_new(sink_wants_arena(), MAPPED_BYTES);
    if (fd >= 0 && move_into(fd) == 0) {
        kind = REGION_SHARED;
        backing = sink_fd_take(fd);
    } else if (fd >= 0) {
        close(fd);
    }
    slots_open_others();
}

static int hand_over(int *fd)
{
    *fd = backing.fd;
    backing.fd = -1;
    return 0;
}

static int give_name(void)
{
    struct arena_process *p = &arena->process;
    int failed = backing_name(backing.fd, p->uid, p->pid, p->arena_path, sizeof p->arena_path);
    sink_fd_close(&backing);
    return failed;
}

int region_share(int *fd)
{
    int saved = errno, failed = -1;
    struct stat st;
    arena->process.arena_path[0] = 0;
    if (fd)
        *fd = -1;
    if (!sink_fd_check(&backing, &st))
        move();
    if (sink_fd_check(&backing, &st))
        failed = fd ? hand_over(fd) : give_name();
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
    sink_fd_close(&backing);
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
        if (unlink(arena->process.arena_path))
            empty_file();
        arena->process.arena_path[0] = 0;
    }
    errno = saved;
}
