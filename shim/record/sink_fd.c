/* sink_fd: descriptors out of the host's way.  See sink.h. */
#include <fcntl.h>
#include <unistd.h>

#include "shim/record/sink.h"

/* Programs expect the lowest numbers for their own files, and select() the ones below 1024. */
static int move_high(int fd)
{
    for (int from = 200; from >= 10; from /= 2) {
        int high = fcntl(fd, F_DUPFD_CLOEXEC, from);
        if (high >= 0) {
            close(fd);
            return high;
        }
    }
    return fd;
}

struct sink_fd sink_fd_take(int fd)
{
    struct stat st;
    struct sink_fd s = {-1, 0, 0};
    if (fd < 0)
        return s;
    s.fd = move_high(fd);
    if (fstat(s.fd, &st)) {
        close(s.fd);
        s.fd = -1;
        return s;
    }
    s.dev = st.st_dev;
    s.ino = st.st_ino;
    return s;
}

int sink_fd_check(const struct sink_fd *s, struct stat *st)
{
    return s->fd >= 0 && fstat(s->fd, st) == 0 && st->st_dev == s->dev && st->st_ino == s->ino;
}

void sink_fd_close(struct sink_fd *s)
{
    struct stat st;
    if (sink_fd_check(s, &st))
        close(s->fd);
    s->fd = -1;
}
