/* backing: see backing.h. */
#include "shim/record/backing.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "shim/record/limits.h"
#include "shim/record/orphans.h"
#include "shim/record/phrase.h"
#include "shim/record/process_info.h"

#define DIRECTORY "/dev/shm"

/* A file larger than the host's limit would bring it SIGXFSZ. */
static int within_limit(size_t n)
{
    struct rlimit l;
    return getrlimit(RLIMIT_FSIZE, &l) || l.rlim_cur == RLIM_INFINITY || l.rlim_cur >= n;
}

/* Where little is left, private memory serves better: it does not run out halfway.  A file system
 * without a limit says 0 blocks. */
static int has_room(void)
{
    enum { ROOM_BYTES = 8 << 20 };
    struct statfs fs;
    return statfs(DIRECTORY, &fs) == 0 &&
           (fs.f_blocks == 0 || (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize >= ROOM_BYTES);
}

int backing_new(int memfd, size_t n)
{
    if (!within_limit(n) || limits_few_descriptors() || (!memfd && !has_room()))
        return -1;
    int fd = memfd ? memfd_create("modprof", MFD_CLOEXEC)
                   : open(DIRECTORY, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 && ftruncate(fd, (off_t)n)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* The start tells a later process with the same id apart. */
static void write_name(uint64_t uid, uint64_t pid, char *path, size_t cap)
{
    struct phrase t = phrase_in(path, cap);
    phrase_add(&t, DIRECTORY "/modprof.");
    phrase_add_number(&t, uid);
    phrase_add(&t, ".");
    phrase_add_number(&t, pid);
    phrase_add(&t, ".");
    phrase_add_number(&t, process_info_start_ticks());
}

static int link_to(int fd, const char *path)
{
    char self[64];
    struct phrase t = phrase_in(self, sizeof self);
    phrase_add(&t, "/proc/self/fd/");
    phrase_add_number(&t, (uint64_t)fd);
    return linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
}

int backing_name(int fd, uint64_t uid, uint64_t pid, char *path, size_t cap)
{
    orphans_sweep(DIRECTORY);
    write_name(uid, pid, path, cap);
    if (link_to(fd, path) == 0)
        return 0;
    /* A file of that name is this process's own, from before an exec that nobody saw. */
    if (errno == EEXIST && unlink(path) == 0 && link_to(fd, path) == 0)
        return 0;
    path[0] = 0;
    return -1;
}
