/* sink_socket: whole frames or none, without waiting, whatever the collector does. */
/* SOURCES: shim/kernel_filter.c shim/record/address.c shim/record/config.c shim/record/sink_socket.c shim/record/sink_fd.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "shim/record/config.h"
#include "shim/record/sink.h"

static char path[64];
static int listener = -1;

static char out_text[128]; /* MODPROF_OUT */

static void listen_here(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(path, sizeof path, "/tmp/modprof-test-%d", getpid());
    unlink(path);
    strcpy(a.sun_path, path);
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(listener, 4), 0);
    snprintf(out_text, sizeof out_text, "unix:%s", path);
    config.out = out_text;
}

static int tear_down(void **state)
{
    (void)state;
    sink_socket.close();
    sink_socket.lost_later();
    if (listener >= 0)
        close(listener);
    unlink(path);
    listener = -1;
    config.token = "";
    return 0;
}

/* Takes the connection and its hello; *FD gets the descriptor that came with it, or -1. */
static int accept_hello(const char *hello, int *fd)
{
    char line[200] = "", control[CMSG_SPACE(sizeof(int))];
    struct iovec io = {line, strlen(hello)};
    struct msghdr m = {
        .msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    int peer = accept(listener, NULL, NULL);
    assert_true(peer >= 0);
    assert_int_equal(recvmsg(peer, &m, 0), strlen(hello));
    assert_string_equal(line, hello);
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    *fd = -1;
    if (c)
        memcpy(fd, CMSG_DATA(c), sizeof *fd);
    return peer;
}

static void the_hello_carries_token_and_arena(void **state)
{
    int fd, arena_fd = memfd_create("arena", 0);
    (void)state;
    listen_here();
    config.token = "secret";
    assert_int_equal(write(arena_fd, "arena", 5), 5);
    sink_socket.open(arena_fd);
    close(arena_fd);
    int peer = accept_hello("MODPROF/1 secret\n", &fd);
    char bytes[5];
    assert_int_equal(pread(fd, bytes, 5, 0), 5);
    assert_memory_equal(bytes, "arena", 5);
    assert_true(sink_socket.ready(0));
    assert_false(sink_socket.renewed());
    close(fd);
    close(peer);
}

static void without_a_collector_frames_are_refused_and_a_later_one_is_found(void **state)
{
    int fd;
    (void)state;
    snprintf(out_text, sizeof out_text, "unix:/tmp/modprof-nobody-%d", getpid());
    config.out = out_text;
    sink_socket.open(-1);
    assert_false(sink_socket.ready(0));
    assert_int_equal(sink_socket.write((const uint8_t *)"x", 1), -1);
    assert_int_equal(sink_socket.flush(), -1);
    listen_here();
    sink_socket.open(-1);
    assert_true(sink_socket.ready(0));
    close(accept_hello("MODPROF/1 -\n", &fd));
}

/* ---- a collector that does not read ---- */

enum { FRAME = 50000, FRAMES = 40 };
static uint8_t frame[FRAME];

static void fill_frame(int number)
{
    for (int i = 0; i < FRAME; i++)
        frame[i] = (uint8_t)(number * 31 + i * 7);
}

static void read_exactly(int fd, uint8_t *out, size_t n)
{
    for (size_t got = 0; got < n;) {
        ssize_t r = read(fd, out + got, n - got);
        if (r <= 0)
            fail_msg("the stream ends in the middle of a frame");
        got += (size_t)r;
    }
}

static void what_is_kept_for_a_collector_that_hangs_is_bounded(void **state)
{
    int fd, taken = 0;
    (void)state;
    listen_here();
    sink_socket.open(-1);
    int peer = accept_hello("MODPROF/1 -\n", &fd);
    while (taken < 1000 && sink_socket.write(frame, FRAME) == 0) {
        taken++;
        if (sink_socket.lost_later())
            break;
    }
    assert_in_range(taken, 10, 999);
    assert_false(sink_socket.ready(0)); /* the writer then leaves records in the arena */
    assert_int_equal(sink_socket.flush(), -1);
    close(peer);
}

static void a_kept_frame_goes_out_before_the_next(void **state)
{
    static uint8_t got[FRAME];
    int fd, sent = 0;
    (void)state;
    listen_here();
    sink_socket.open(-1);
    int peer = accept_hello("MODPROF/1 -\n", &fd);
    do {
        fill_frame(sent++);
        assert_int_equal(sink_socket.write(frame, FRAME), 0);
    } while (sink_socket.ready(0));
    fill_frame(sent++);
    assert_int_equal(sink_socket.write(frame, FRAME), 0); /* kept behind the rest */
    for (int i = 0; i < sent; i++) {
        fill_frame(i);
        for (size_t part = 0; part < FRAME; part += 5000) {
            sink_socket.ready(0);
            read_exactly(peer, got + part, 5000);
        }
        assert_memory_equal(got, frame, FRAME);
    }
    assert_true(sink_socket.ready(0));
    assert_int_equal(sink_socket.flush(), 0);
    assert_int_equal(sink_socket.lost_later(), 0);
    close(peer);
}

static void frames_kept_for_a_collector_that_dies_are_counted(void **state)
{
    int fd, sent = 0;
    (void)state;
    listen_here();
    sink_socket.open(-1);
    int peer = accept_hello("MODPROF/1 -\n", &fd);
    do
        sink_socket.write(frame, FRAME);
    while (sent++ < 100 && sink_socket.ready(0));
    close(peer);
    close(listener);
    listener = -1;
    unlink(path);
    assert_false(sink_socket.ready(0)); /* no SIGPIPE either */
    assert_int_equal(sink_socket.lost_later(), 1);
    assert_int_equal(sink_socket.write(frame, FRAME), -1);
}

/* ---- a host that closes descriptors ---- */

static void a_closed_descriptor_is_connected_again(void **state)
{
    int fd;
    (void)state;
    listen_here();
    sink_socket.open(-1);
    int peer = accept_hello("MODPROF/1 -\n", &fd);
    for (int i = 3; i < 1024; i++)
        if (i != listener && i != peer)
            close(i);
    /* The number is the host's now: nothing may be written to it. */
    int file = open("/tmp", O_TMPFILE | O_RDWR, 0600);
    assert_int_equal(sink_socket.write((const uint8_t *)"x", 1), -1);
    assert_true(sink_socket.ready(0));
    assert_true(sink_socket.renewed());
    assert_false(sink_socket.renewed());
    int again = accept_hello("MODPROF/1 -\n", &fd);
    assert_int_equal(fd, -1);
    assert_int_equal(sink_socket.write((const uint8_t *)"frame", 5), 0);
    char bytes[5];
    assert_int_equal(read(again, bytes, 5), 5);
    assert_int_equal(lseek(file, 0, SEEK_END), 0);
    close(file);
    close(peer);
    close(again);
}

static void descriptors_are_high_and_do_not_survive_exec(void **state)
{
    int fd, low = dup(0);
    (void)state;
    close(low);
    listen_here();
    int before = dup(0);
    close(before);
    sink_socket.open(-1);
    int after = dup(0);
    assert_int_equal(after, before); /* the host gets the numbers it would have got */
    close(after);
    int found = 0;
    for (int i = 200; i < 300; i++) {
        int flags = fcntl(i, F_GETFD);
        if (flags >= 0) {
            found++;
            assert_true(flags & FD_CLOEXEC);
        }
    }
    assert_int_equal(found, 1);
    close(accept_hello("MODPROF/1 -\n", &fd));
}

static void a_tcp_collector_that_never_answers_is_given_up(void **state)
{
    (void)state;
    config.out = "tcp:192.0.2.1:9";
    sink_socket.open(-1);
    assert_false(sink_socket.ready(1));
    assert_int_equal(sink_socket.flush(), -1);
}

#define TEST(f) cmocka_unit_test_teardown(f, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_hello_carries_token_and_arena),
        TEST(without_a_collector_frames_are_refused_and_a_later_one_is_found),
        TEST(what_is_kept_for_a_collector_that_hangs_is_bounded),
        TEST(a_kept_frame_goes_out_before_the_next),
        TEST(frames_kept_for_a_collector_that_dies_are_counted),
        TEST(a_closed_descriptor_is_connected_again),
        TEST(descriptors_are_high_and_do_not_survive_exec),
        TEST(a_tcp_collector_that_never_answers_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
