/* listen: see listen.h. */
#include "collector/ingest/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024, HOST_MAX = 256, PORT_MAX = 65535 };

/* ---- unix ---- */

static int socket_new(int family)
{
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* 1: nobody listens on the socket file any more. */
static int is_stale(const struct sockaddr_un *a)
{
    struct stat st;
    if (lstat(a->sun_path, &st) || !S_ISSOCK(st.st_mode))
        return 0;
    int fd = socket_new(AF_UNIX);
    int refused = fd >= 0 && connect(fd, (const void *)a, sizeof *a) && errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    return refused;
}

static int bind_private(int fd, const struct sockaddr_un *a)
{
    mode_t before = umask(0177);
    int failed = bind(fd, (const void *)a, sizeof *a);
    int why = errno;
    umask(before);
    errno = why;
    return failed;
}

/* Two collectors that find the same stale file take turns: the directory is locked meanwhile. */
static int bind_or_replace(int fd, const struct sockaddr_un *a)
{
    char path[sizeof a->sun_path];
    strcpy(path, a->sun_path);
    int dir = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir >= 0)
        flock(dir, LOCK_EX);
    int failed = bind_private(fd, a);
    if (failed && errno == EADDRINUSE && is_stale(a) && !unlink(a->sun_path))
        failed = bind_private(fd, a);
    int why = errno;
    if (dir >= 0)
        close(dir);
    errno = why;
    return failed;
}

static int in_use(const char *path, struct err *err)
{
    struct stat st;
    if (!lstat(path, &st) && !S_ISSOCK(st.st_mode))
        return err_set(err, "unix:%s: that is a file, not a socket; it stays as it is", path);
    return err_set(err, "unix:%s: another collector listens there", path);
}

static int listen_unix(const char *path, struct listening *l, struct err *err)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct stat st;
    if (strlen(path) >= sizeof a.sun_path || !path[0])
        return err_set(err, "unix:%s: the path must have 1 to %zu bytes", path,
                       sizeof a.sun_path - 1);
    strcpy(a.sun_path, path);
    int fd = socket_new(AF_UNIX);
    if (fd < 0)
        return err_set(err, "unix:%s: %s", path, strerror(errno));
    if (bind_or_replace(fd, &a) || lstat(path, &st) || listen(fd, BACKLOG)) {
        int why = errno;
        close(fd);
        return why == EADDRINUSE ? in_use(path, err)
                                 : err_set(err, "unix:%s: %s", path, strerror(why));
    }
    l->fd[l->fd_n++] = fd;
    l->is_unix = 1;
    l->dev = st.st_dev;
    l->ino = st.st_ino;
    strcpy(l->path, path);
    snprintf(l->name, sizeof l->name, "unix:%s", path);
    return 0;
}

void listen_forget(const struct listening *l)
{
    struct stat st;
    if (l->is_unix && !lstat(l->path, &st) && st.st_dev == l->dev && st.st_ino == l->ino)
        unlink(l->path);
}

/* ---- tcp ---- */

static int is_loopback(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr) >> 24 == 127;
    const struct in6_addr *six = &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(six) || (IN6_IS_ADDR_V4MAPPED(six) && six->s6_addr[12] == 127);
}

/* getaddrinfo takes any number, and drops its upper bits.  Names of services are its own matter. */
static int is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return *text && (text[digits] || (digits <= 5 && atoi(text) <= PORT_MAX));
}

/* "HOST:PORT", "[HOST]:PORT", ":PORT" or "PORT". Returns 0, or -1. */
static int split(const char *text, char *host, const char **port)
{
    const char *colon = strrchr(text, ':');
    size_t n = colon ? (size_t)(colon - text) : 0;
    *port = colon ? colon + 1 : text;
    if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
        text++;
        n -= 2;
    } else if (n && memchr(text, ':', n)) {
        return -1;
    }
    if (n >= HOST_MAX || !is_port(*port))
        return -1;
    memcpy(host, text, n);
    host[n] = 0;
    return 0;
}

static int listen_one(const struct addrinfo *a, struct listening *l)
{
    int on = 1, fd = socket_new(a->ai_family);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (a->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, a->ai_addr, a->ai_addrlen) || listen(fd, BACKLOG)) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    l->fd[l->fd_n++] = fd;
    l->is_open |= !is_loopback(a->ai_addr);
    return 0;
}

static void name_tcp(struct listening *l)
{
    struct sockaddr_storage a = {.ss_family = AF_UNSPEC};
    socklen_t n = sizeof a;
    char host[INET6_ADDRSTRLEN + 20], port[16];
    if (getsockname(l->fd[0], (void *)&a, &n) ||
        getnameinfo((void *)&a, n, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV))
        return;
    snprintf(l->name, sizeof l->name, a.ss_family == AF_INET6 ? "tcp:[%s]:%s" : "tcp:%s:%s", host,
             port);
}

/* 1 where one of the addresses can be reached from other machines. */
static int any_open(const struct addrinfo *a)
{
    for (; a; a = a->ai_next)
        if (!is_loopback(a->ai_addr))
            return 1;
    return 0;
}

static int listen_tcp(const char *text, int open_allowed, struct listening *l, struct err *err)
{
    char host[HOST_MAX];
    const char *port;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    if (split(text, host, &port))
        return err_set(err,
                       "tcp:%s: not an address; it is tcp:HOST:PORT, tcp:[IPv6]:PORT or "
                       "tcp:PORT, with a PORT up to 65535",
                       text);
    int all = !strcmp(host, "*");
    if (all)
        hints.ai_flags = AI_PASSIVE;
    int e = getaddrinfo(all ? NULL : host[0] ? host : "127.0.0.1", port, &hints, &found);
    if (e)
        return err_set(err, "tcp:%s: %s", text, gai_strerror(e));
    if (!open_allowed && any_open(found)) {
        freeaddrinfo(found);
        return err_set(
            err, "tcp:%s can be reached from other machines: give a token (--token-file)", text);
    }
    int why = 0;
    for (struct addrinfo *a = found; a && l->fd_n < LISTEN_FDS_MAX; a = a->ai_next)
        if (listen_one(a, l))
            why = errno;
    freeaddrinfo(found);
    if (!l->fd_n)
        return err_set(err, "tcp:%s: %s", text, strerror(why));
    name_tcp(l);
    return 0;
}

int listen_open(const char *address, int open_allowed, struct listening *l, struct err *err)
{
    memset(l, 0, sizeof *l);
    if (!strncmp(address, "unix:", 5))
        return listen_unix(address + 5, l, err);
    if (!strncmp(address, "tcp:", 4))
        return listen_tcp(address + 4, open_allowed, l, err);
    return err_set(err, "%s: not an address; it begins with unix: or tcp:", address);
}
