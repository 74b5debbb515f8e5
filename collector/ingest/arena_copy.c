/* arena_copy: see arena_copy.h. */
#include "collector/ingest/arena_copy.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads [at, end) of FD to the same offsets of OUT. A file that ends early leaves zeros. */
static int copy_range(int fd, char *out, off_t at, off_t end)
{
    while (at < end) {
        ssize_t n = pread(fd, out + at, (size_t)(end - at), at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        at += n;
    }
    return 0;
}

static int copy_data(int fd, char *out, off_t bytes)
{
    off_t at = 0;
    while (at < bytes) {
        off_t data = lseek(fd, at, SEEK_DATA);
        if (data < 0 && errno == ENXIO) /* nothing but a hole up to the end */
            break;
        off_t hole = data < 0 ? -1 : lseek(fd, data, SEEK_HOLE);
        if (data < 0 || hole < 0) { /* a file system that does not tell */
            data = at;
            hole = bytes;
        }
        if (hole > bytes)
            hole = bytes;
        if (data < bytes && copy_range(fd, out, data, hole))
            return -1;
        at = hole > at ? hole : bytes;
    }
    return 0;
}

/* The arena's beginning, all that is needed to know whether it is one and whose. */
struct head {
    uint64_t magic;
    uint32_t version, bytes;
    struct arena_process process;
};
_Static_assert(offsetof(struct head, version) == offsetof(struct arena, version) &&
                   offsetof(struct head, bytes) == offsetof(struct arena, bytes) &&
                   offsetof(struct head, process) == offsetof(struct arena, process),
               "a head is how an arena begins");

static int head_read(int fd, struct head *h, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode))
        return err_set(err, "what was handed over as shared memory is none");
    if (pread(fd, h, sizeof *h, 0) != (ssize_t)sizeof *h || h->magic != ARENA_MAGIC)
        return err_set(err, "the shared memory is not one of modprof's");
    if (h->version != ARENA_VERSION || h->bytes != sizeof(struct arena))
        return err_set(err,
                       "the shared memory was written by another version of libmodprof.so "
                       "(layout %u; this modprof reads %u)",
                       h->version, (unsigned)ARENA_VERSION);
    return 0;
}

static void end_texts(struct arena_process *p)
{
    p->exe[sizeof p->exe - 1] = p->cwd[sizeof p->cwd - 1] = p->argv[sizeof p->argv - 1] = 0;
    p->arena_path[sizeof p->arena_path - 1] = p->trace_path[sizeof p->trace_path - 1] = 0;
}

int arena_copy_process(int fd, struct arena_process *out, struct err *err)
{
    struct head h;
    if (head_read(fd, &h, err))
        return -1;
    *out = h.process;
    end_texts(out);
    return 0;
}

struct arena *arena_copy_new(int fd, struct err *err)
{
    struct head h;
    if (head_read(fd, &h, err))
        return NULL;
    struct arena *a = mmap(NULL, sizeof *a, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (a == MAP_FAILED) {
        err_set(err, "no memory to look at the shared memory: %s", strerror(errno));
        return NULL;
    }
    if (copy_data(fd, (char *)a, sizeof *a)) {
        err_set(err, "the shared memory could not be read: %s", strerror(errno));
        arena_copy_free(a);
        return NULL;
    }
    end_texts(&a->process);
    return a;
}

void arena_copy_free(struct arena *a)
{
    if (a)
        munmap(a, sizeof *a);
}
