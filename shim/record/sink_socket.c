/* sink_socket: a collector's socket, unix or tcp.
 *
 * Says "MODPROF/1 TOKEN\n" (over unix the arena's memfd rides with it, on the first connection
 * only) and then sends frames; nothing is ever read.  Never blocks.  The rest of a frame that
 * the kernel did not take whole is kept, and sent before anything else: a stream never misses
 * the middle of a frame.  While something is kept the sink is not ready, and records stay where
 * they are, in the arena.
 *
 * Context: see sink.h. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/kernel_filter.h"
#include "shim/platform.h"
#include "shim/record/address.h"
#include "shim/record/config.h"
#include "shim/record/phrase.h"
#include "shim/record/sink.h"

enum { KEPT_BYTES = 1 << 20, FLUSH_TCP_NS = 100 * 1000 * 1000, FLUSH_UNIX_NS = 20 * 1000 * 1000 };

enum stage { APART, CONNECTING, CONNECTED };

static struct sink_fd sock = {-1, 0, 0};
static enum stage stage;
static struct address to;
static uint8_t *kept; /* KEPT_BYTES, mapped on first need */
static size_t kept_from, kept_to;
static uint32_t kept_frames, lost, greetings;
static int renewed;
static uint64_t tried_ns; /* when a lost connection was last tried again */

/* ---- connecting ---- */

/* What was kept is lost with its connection. */
static void disconnect(void)
{
    sink_fd_close(&sock);
    stage = APART;
    lost += kept_frames;
    kept_frames = 0;
    kept_from = kept_to = 0;
}

/* The hello must go out whole; a fresh socket has room for it. */
static int say_hello(int arena_fd)
{
    char line[160];
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct phrase p = phrase_in(line, sizeof line);
    phrase_add(&p, "MODPROF/1 ");
    phrase_add(&p, config.token[0] ? config.token : "-");
    phrase_add(&p, "\n");
    struct iovec io = {line, p.n};
    struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1};
    if (arena_fd >= 0) {
        memset(&control, 0, sizeof control);
        m.msg_control = control.bytes;
        m.msg_controllen = sizeof control.bytes;
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &arena_fd, sizeof arena_fd);
    }
    return sendmsg(sock.fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)p.n ? 0 : -1;
}

static void greet(int arena_fd)
{
    stage = CONNECTED;
    if (say_hello(arena_fd))
        disconnect();
    else
        renewed = greetings++ > 0;
}

static void connect_begin(int arena_fd)
{
    if (to.n == 0)
        return;
    sock = sink_fd_take(socket(to.sa.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (sock.fd < 0)
        return;
    if (connect(sock.fd, &to.sa.any, to.n) == 0)
        greet(arena_fd);
    else if (errno == EINPROGRESS)
        stage = CONNECTING;
    else
        disconnect();
}

static void connect_go_on(void)
{
    struct pollfd p = {.fd = sock.fd, .events = POLLOUT};
    int error = 0;
    socklen_t n = sizeof error;
    if (poll(&p, 1, 0) <= 0)
        return;
    if (getsockopt(sock.fd, SOL_SOCKET, SO_ERROR, &error, &n) || error)
        disconnect();
    else
        greet(-1);
}

/* ---- sending ---- */

/* Sends as much as the kernel takes; returns the bytes, or -1 where the connection is gone. */
static ssize_t send_some(const uint8_t *at, size_t n)
{
    size_t sent = 0;
    while (sent < n) {
        ssize_t done = send(sock.fd, at + sent, n - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
            return -1;
        if (done <= 0)
            break;
        sent += (size_t)done;
    }
    return (ssize_t)sent;
}

static int keep(const uint8_t *at, size_t n)
{
    if (!kept) {
        void *p =
            mmap(NULL, KEPT_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        kept = p == MAP_FAILED ? NULL : p;
    }
    if (!kept || n > KEPT_BYTES - kept_to)
        return -1;
    memcpy(kept + kept_to, at, n);
    kept_to += n;
    kept_frames++;
    return 0;
}

/* Returns 1 when nothing is kept any more. */
static int send_kept(void)
{
    if (kept_from == kept_to)
        return 1;
    ssize_t n = send_some(kept + kept_from, kept_to - kept_from);
    if (n < 0) {
        disconnect();
        return 0;
    }
    kept_from += (size_t)n;
    if (kept_from < kept_to)
        return 0;
    kept_from = kept_to = 0;
    kept_frames = 0;
    return 1;
}

/* ---- the sink ---- */

static void socket_open(int arena_fd)
{
    if (address_parse(&to, config.out))
        to.n = 0;
    tried_ns = 0;
    connect_begin(arena_fd);
}

/* An absent collector is looked for once a second, and at the end. */
static int is_time_to_try(int last)
{
    const uint64_t pause_ns = 1000 * 1000 * 1000;
    uint64_t now = now_ns();
    if (!last && now - tried_ns < pause_ns)
        return 0;
    tried_ns = now;
    return 1;
}

static int socket_ready(int last)
{
    struct stat st;
    if (stage != APART && !sink_fd_check(&sock, &st))
        disconnect();
    if (stage == APART && is_time_to_try(last))
        connect_begin(-1);
    if (stage == CONNECTING)
        connect_go_on();
    return stage == CONNECTED && kernel_filter_permits_on(SYS_sendto, sock.fd) && send_kept();
}

static int socket_write(const uint8_t *frame, size_t n)
{
    struct stat st;
    if (stage != CONNECTED || !sink_fd_check(&sock, &st))
        return -1;
    if (kept_from != kept_to)
        return keep(frame, n);
    ssize_t sent = send_some(frame, n);
    if (sent < 0 || ((size_t)sent < n && keep(frame + sent, n - (size_t)sent))) {
        disconnect();
        return -1;
    }
    return 0;
}

static int socket_renewed(void)
{
    int was = renewed;
    renewed = 0;
    return was;
}

static uint32_t socket_lost_later(void)
{
    uint32_t n = lost;
    lost = 0;
    return n;
}

/* Gives up at once where the connection is gone, and after the bound where it does not move. */
static int socket_flush(void)
{
    uint64_t bound = to.sa.any.sa_family == AF_UNIX ? FLUSH_UNIX_NS : FLUSH_TCP_NS;
    uint64_t begin = now_ns(), past = 0;
    while (!socket_ready(1)) {
        struct pollfd p = {.fd = sock.fd, .events = POLLOUT};
        past = now_ns() - begin;
        if (stage == APART || past >= bound)
            return -1;
        poll(&p, 1, (int)((bound - past) / 1000000) + 1);
    }
    return 0;
}

static void socket_close(void)
{
    disconnect();
    lost = greetings = 0;
    renewed = 0;
}

const struct sink_kind sink_socket = {socket_open,       socket_ready, socket_write, socket_renewed,
                                      socket_lost_later, socket_flush, socket_close};
