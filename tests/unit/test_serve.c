/* test_serve: what the receiving side does with clients, good and bad. */
/* SOURCES: tests/unit/trace_builder.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <dirent.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arena/layout.h"
#include "collector/ingest/ingest.h"
#include "collector/ingest/listen.h"
#include "collector/ingest/serve.h"
#include "tests/unit/trace_builder.h"
#include "wire/frame.h"

/* ---- a receiving side in this process ---- */

struct fixture {
    char dir[64];
    int dir_fd;
    struct event_base *base;
    struct serve *serve;
    struct listening unix_at, tcp_at;
    int came_n, went_n, trouble_n;
    char file[SERVE_NAME_MAX], why[256], trouble[1500];
    enum serve_outcome outcome;
    uint64_t dropped_n;
    struct trace t;
};

static void on_came(void *ctx, const struct serve_process *p)
{
    struct fixture *f = ctx;
    f->came_n++;
    snprintf(f->file, sizeof f->file, "%s", p->file);
}

static void on_went(void *ctx, const struct serve_process *p)
{
    struct fixture *f = ctx;
    f->went_n++;
    f->outcome = p->outcome;
    f->dropped_n = p->dropped_n;
    snprintf(f->why, sizeof f->why, "%s", p->why);
}

static void on_trouble(void *ctx, const char *sentence)
{
    struct fixture *f = ctx;
    f->trouble_n++;
    snprintf(f->trouble, sizeof f->trouble, "%s", sentence);
}

static void serving(struct fixture *f, unsigned clients_max, uint64_t bytes_max, const char *token)
{
    char address[128];
    struct err err = {""};
    struct serve_options o = {.dir_fd = f->dir_fd,
                              .token = token,
                              .clients_max = clients_max,
                              .bytes_max = bytes_max,
                              .came = on_came,
                              .went = on_went,
                              .trouble = on_trouble,
                              .ctx = f};
    f->base = event_base_new();
    f->serve = serve_new(f->base, &o);
    snprintf(address, sizeof address, "unix:%s/socket", f->dir);
    if (listen_open(address, 0, &f->unix_at, &err) || listen_open("tcp:0", 0, &f->tcp_at, &err))
        fail_msg("%s", err.text);
    assert_int_equal(serve_listen(f->serve, f->unix_at.fd[0], 1), 0);
    assert_int_equal(serve_listen(f->serve, f->tcp_at.fd[0], 0), 0);
}

static void stop_serving(struct fixture *f)
{
    serve_free(f->serve);
    event_base_free(f->base);
    listen_forget(&f->unix_at);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    strcpy(f->dir, "/tmp/modprof-test-XXXXXX");
    if (!mkdtemp(f->dir))
        return -1;
    f->dir_fd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    trace_init(&f->t, (uint32_t)getpid());
    serving(f, 16, 0, "secret");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[128];
    stop_serving(f);
    trace_free(&f->t);
    close(f->dir_fd);
    snprintf(command, sizeof command, "rm -rf %s", f->dir);
    int status = system(command);
    free(f);
    return status;
}

/* Lets the receiving side work until *N reaches WANT; fails when it does not. */
static void until(struct fixture *f, const int *n, int want)
{
    for (int i = 0; *n < want && i < 2000; i++) {
        event_base_loop(f->base, EVLOOP_NONBLOCK);
        poll(NULL, 0, *n < want ? 2 : 0);
    }
    assert_int_equal(*n, want);
}

/* Lets it work until nothing has happened for a moment. */
static void settle(struct fixture *f)
{
    for (int i = 0; i < 10; i++) {
        event_base_loop(f->base, EVLOOP_NONBLOCK);
        poll(NULL, 0, 2);
    }
}

/* ---- clients ---- */

static int dial_unix(const struct fixture *f)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    strcpy(a.sun_path, f->unix_at.path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (void *)&a, sizeof a), 0);
    return fd;
}

static int dial_tcp(const struct fixture *f)
{
    struct sockaddr_storage a;
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(getsockname(f->tcp_at.fd[0], (void *)&a, &n), 0);
    assert_int_equal(connect(fd, (void *)&a, n), 0);
    return fd;
}

/* What the other side does not take is lost: it may have hung up. */
static void say(int fd, const void *bytes, size_t n)
{
    while (n) {
        ssize_t done = send(fd, bytes, n, MSG_NOSIGNAL);
        if (done <= 0)
            return;
        bytes = (const char *)bytes + done;
        n -= (size_t)done;
    }
}

static void greet(int fd)
{
    say(fd, "MODPROF/1 -\n", 12);
}

/* The first line with N descriptors FDS. */
static void greet_with(int fd, const int *fds, int n)
{
    char line[] = "MODPROF/1 -\n", control[CMSG_SPACE(16 * sizeof(int))] = "";
    struct iovec v = {line, 12};
    struct msghdr m = {.msg_iov = &v,
                       .msg_iovlen = 1,
                       .msg_control = control,
                       .msg_controllen = CMSG_SPACE((size_t)n * sizeof(int))};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN((size_t)n * sizeof(int));
    memcpy(CMSG_DATA(c), fds, (size_t)n * sizeof(int));
    if (sendmsg(fd, &m, MSG_NOSIGNAL) != 12)
        abort();
}

static struct arena *arena_new(uint32_t pid, uint64_t start, int *fd)
{
    *fd = memfd_create("arena", MFD_CLOEXEC);
    if (ftruncate(*fd, sizeof(struct arena)))
        abort();
    struct arena *a =
        mmap(NULL, sizeof *a, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, *fd, 0);
    a->magic = ARENA_MAGIC;
    a->version = ARENA_VERSION;
    a->bytes = sizeof *a;
    a->process.pid = pid;
    a->process.start_real_ns = start;
    strcpy(a->process.exe, "/opt/some/host");
    return a;
}

/* ---- what was written ---- */

static size_t content(const struct fixture *f, const char *name, uint8_t *out, size_t cap)
{
    int fd = openat(f->dir_fd, name, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t n = read(fd, out, cap);
    close(fd);
    return (size_t)n;
}

static void assert_holds(const struct fixture *f, const char *name, const void *bytes, size_t n)
{
    uint8_t out[65536];
    assert_int_equal(content(f, name, out, sizeof out), n);
    assert_memory_equal(out, bytes, n);
}

static int files_n(const struct fixture *f)
{
    int n = 0;
    DIR *d = opendir(f->dir);
    for (struct dirent *e; (e = readdir(d));)
        n += strstr(e->d_name, ".mprof") != NULL;
    closedir(d);
    return n;
}

static int descriptors_n(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

/* ---- facts ---- */

static void serve_writes_what_a_process_sends_into_a_private_file(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    char expected[64];
    int fd = dial_unix(f);
    trace_demo(&f->t);
    greet(fd);
    say(fd, f->t.bytes, f->t.n);
    until(f, &f->went_n, 1);
    snprintf(expected, sizeof expected, "lua5.4-%d.mprof", (int)getpid());
    assert_string_equal(f->file, expected);
    assert_int_equal(f->outcome, SERVE_ENDED);
    assert_int_equal(fstatat(f->dir_fd, f->file, &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_holds(f, f->file, f->t.bytes, f->t.n);
    assert_int_equal(f->trouble_n, 0);
    close(fd);
}

static void serve_takes_bytes_however_they_are_split(void **state)
{
    struct fixture *f = *state;
    int fd = dial_tcp(f);
    trace_demo(&f->t);
    say(fd, "MODPROF/1 sec", 13);
    settle(f);
    say(fd, "ret\n", 4);
    for (size_t i = 0; i < f->t.n; i++) {
        say(fd, f->t.bytes + i, 1);
        event_base_loop(f->base, EVLOOP_NONBLOCK);
    }
    until(f, &f->went_n, 1);
    assert_int_equal(f->outcome, SERVE_ENDED);
    assert_holds(f, f->file, f->t.bytes, f->t.n);
    close(fd);
}

static void serve_keeps_the_intact_frames_of_a_client_that_turns_to_rubbish(void **state)
{
    struct fixture *f = *state;
    int fd = dial_tcp(f);
    trace_process(&f->t);
    trace_frame(&f->t);
    say(fd, "MODPROF/1 secret\n", 17);
    say(fd, f->t.bytes, f->t.n);
    say(fd, "rubbish rubbish rubbish rubbish rubbish rubbish", 47);
    until(f, &f->went_n, 1);
    assert_int_equal(f->outcome, SERVE_INCOMPLETE);
    assert_non_null(strstr(f->why, "no frame"));
    assert_holds(f, f->file, f->t.bytes, f->t.n);
    close(fd);
}

static void serve_drops_a_frame_that_was_not_sent_whole(void **state)
{
    struct fixture *f = *state;
    int fd = dial_tcp(f);
    size_t first;
    trace_process(&f->t);
    trace_frame(&f->t);
    first = f->t.n;
    trace_end(&f->t, 0);
    trace_frame(&f->t);
    say(fd, "MODPROF/1 secret\n", 17);
    say(fd, f->t.bytes, f->t.n - 1);
    shutdown(fd, SHUT_WR);
    until(f, &f->went_n, 1);
    assert_int_equal(f->outcome, SERVE_INCOMPLETE);
    assert_holds(f, f->file, f->t.bytes, first);
    close(fd);
}

static void serve_refuses_damaged_checksums_records_and_foreign_frames(void **state)
{
    struct fixture *f = *state;
    trace_process(&f->t);
    trace_frame(&f->t);
    size_t good = f->t.n;
    static const uint8_t torn_record[] = {5, 0xff, 0xff, 0x03, 1, 2};
    trace_raw(&f->t, torn_record, sizeof torn_record);
    trace_frame(&f->t);
    size_t bad_records = f->t.n;
    f->t.pid++;
    trace_end(&f->t, 0);
    trace_frame(&f->t);
    for (int i = 0; i < 3; i++) {
        int fd = dial_tcp(f);
        say(fd, "MODPROF/1 secret\n", 17);
        say(fd, f->t.bytes, good);
        if (i == 0)
            say(fd, f->t.bytes + good, bad_records - good);
        else if (i == 1)
            say(fd, f->t.bytes + bad_records, f->t.n - bad_records);
        else {
            f->t.bytes[FRAME_HEADER_BYTES + 3] ^= 1;
            f->t.bytes[12]++; /* not a repetition of the first */
            say(fd, f->t.bytes, good);
        }
        until(f, &f->went_n, i + 1);
        assert_int_equal(f->outcome, SERVE_INCOMPLETE);
        assert_non_null(strstr(f->why, i == 1 ? "another process" : "damaged"));
        close(fd);
    }
}

static void serve_wants_the_token_over_tcp(void **state)
{
    static const char *const lines[] = {"MODPROF/1 -\n", "MODPROF/1 secre\n", "MODPROF/1 secrets\n",
                                        "MODPROF/1 \n", "MODPROF/1 Secret\n"};
    struct fixture *f = *state;
    trace_demo(&f->t);
    for (int i = 0; i < 5; i++) {
        int fd = dial_tcp(f);
        say(fd, lines[i], strlen(lines[i]));
        say(fd, f->t.bytes, f->t.n);
        until(f, &f->trouble_n, i + 1);
        assert_non_null(strstr(f->trouble, "wrong token"));
        close(fd);
    }
    assert_int_equal(files_n(f), 0);
}

static void serve_drops_what_does_not_speak_its_protocol(void **state)
{
    static const char *const lines[] = {"GET / HTTP/1.1\r\n\r\n", "MODPROF/2 -\n", "MODPROF/1-\n"};
    struct fixture *f = *state;
    char longest[400];
    for (int i = 0; i < 3; i++) {
        int fd = dial_unix(f);
        say(fd, lines[i], strlen(lines[i]));
        until(f, &f->trouble_n, i + 1);
        close(fd);
    }
    memset(longest, 'x', sizeof longest);
    memcpy(longest, "MODPROF/1 ", 10);
    int fd = dial_unix(f);
    say(fd, longest, sizeof longest);
    until(f, &f->trouble_n, 4);
    assert_non_null(strstr(f->trouble, "too long"));
    close(fd);
    assert_int_equal(serve_open_n(f->serve), 0);
}

static void serve_writes_neither_through_links_nor_over_files(void **state)
{
    struct fixture *f = *state;
    char name[64], victim[128];
    snprintf(name, sizeof name, "lua5.4-%d.mprof", (int)getpid());
    snprintf(victim, sizeof victim, "%s/victim", f->dir);
    close(open(victim, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    assert_int_equal(symlinkat(victim, f->dir_fd, name), 0);
    trace_demo(&f->t);
    for (int i = 2; i <= 3; i++) {
        int fd = dial_unix(f);
        greet(fd);
        say(fd, f->t.bytes, f->t.n);
        until(f, &f->went_n, i - 1);
        snprintf(name, sizeof name, "lua5.4-%d-%d.mprof", (int)getpid(), i);
        assert_string_equal(f->file, name);
        close(fd);
    }
    assert_holds(f, "victim", "", 0);
}

static void serve_makes_program_names_harmless(void **state)
{
    static const char *const exes[][2] = {{"/usr/bin/../../etc/pass wd\n", "pass_wd_"},
                                          {"..", "_."},
                                          {"/x/-rf", "_rf"},
                                          {"/", "process"},
                                          {"", "process"},
                                          {"\x1b[31mred", "__31mred"}};
    struct fixture *f = *state;
    char expected[128];
    for (uint32_t i = 0; i < 6; i++) {
        struct trace t;
        int fd = dial_unix(f);
        trace_init(&t, 100 + i);
        TRACE_ADD(&t, process, .pid = t.pid, .exe = trace_bytes(exes[i][0]));
        trace_end(&t, 0);
        trace_frame(&t);
        greet(fd);
        say(fd, t.bytes, t.n);
        until(f, &f->went_n, (int)i + 1);
        snprintf(expected, sizeof expected, "%s-%u.mprof", exes[i][1], t.pid);
        assert_string_equal(f->file, expected);
        close(fd);
        trace_free(&t);
    }
}

static void serve_joins_the_connections_of_one_process(void **state)
{
    struct fixture *f = *state;
    int first = dial_unix(f), second = dial_unix(f);
    trace_process(&f->t);
    trace_frame(&f->t);
    size_t one = f->t.n;
    trace_string(&f->t, "more");
    trace_frame(&f->t);
    size_t two = f->t.n;
    trace_end(&f->t, 0);
    trace_frame(&f->t);
    greet(first);
    say(first, f->t.bytes, two);
    greet(second);
    say(second, f->t.bytes + one, f->t.n - one); /* the second frame was not known to have gone */
    close(first);
    until(f, &f->went_n, 1);
    assert_int_equal(f->outcome, SERVE_ENDED);
    assert_int_equal(f->came_n, 1);
    assert_holds(f, f->file, f->t.bytes, f->t.n);
    close(second);
}

static void serve_goes_on_with_the_file_of_an_earlier_collector(void **state)
{
    struct fixture *f = *state;
    int fd = dial_unix(f);
    trace_process(&f->t);
    trace_frame(&f->t);
    size_t one = f->t.n;
    trace_end(&f->t, 0);
    trace_frame(&f->t);
    greet(fd);
    say(fd, f->t.bytes, one);
    until(f, &f->came_n, 1);
    stop_serving(f);
    assert_int_equal(f->outcome, SERVE_RUNNING);
    close(fd);
    int half = openat(f->dir_fd, f->file, O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(write(half, f->t.bytes + one, 20), 20); /* it died while it wrote */
    close(half);
    serving(f, 16, 0, NULL);
    fd = dial_unix(f);
    greet(fd);
    say(fd, f->t.bytes + one, f->t.n - one);
    until(f, &f->went_n, 2);
    assert_int_equal(files_n(f), 1);
    assert_holds(f, f->file, f->t.bytes, f->t.n);
    close(fd);
}

static void serve_refuses_more_clients_than_it_may(void **state)
{
    struct fixture *f = *state;
    int fds[40];
    for (int i = 0; i < 40; i++) {
        fds[i] = dial_unix(f);
        greet(fds[i]);
    }
    settle(f);
    assert_int_equal(serve_open_n(f->serve), 16);
    assert_int_equal(f->trouble_n, 1); /* said once */
    for (int i = 0; i < 40; i++)
        close(fds[i]);
    settle(f);
    assert_int_equal(serve_open_n(f->serve), 0);
}

static void serve_bounds_what_half_sent_frames_may_hold(void **state)
{
    struct fixture *f = *state;
    struct frame_header h = {.pid = 1, .raw_bytes = FRAME_RAW_MAX, .body_bytes = FRAME_RAW_MAX};
    static uint8_t big[FRAME_HEADER_BYTES + FRAME_RAW_MAX];
    int fds[100];
    stop_serving(f);
    serving(f, 200, 0, NULL);
    h.flags = FRAME_STORED;
    frame_header_put(&h, big + FRAME_HEADER_BYTES, big);
    for (int i = 0; i < 100; i++) {
        fds[i] = dial_unix(f);
        greet(fds[i]);
        say(fds[i], big, 1000);
    }
    settle(f);
    int dropped = f->trouble_n;
    assert_in_range(dropped, 30, 40); /* 64 MiB are room for some sixty of them */
    assert_int_equal(serve_open_n(f->serve), 100 - dropped);
    for (int i = 0; i < 100; i++)
        close(fds[i]);
    settle(f);
    assert_int_equal(serve_open_n(f->serve), 0);
}

static void serve_stops_writing_at_its_limit(void **state)
{
    struct fixture *f = *state;
    trace_process(&f->t);
    trace_frame(&f->t);
    size_t one = f->t.n;
    trace_end(&f->t, 0);
    trace_frame(&f->t);
    stop_serving(f);
    serving(f, 16, one + 10, NULL);
    int fd = dial_unix(f);
    greet(fd);
    say(fd, f->t.bytes, f->t.n);
    until(f, &f->went_n, 1);
    assert_int_equal(f->outcome, SERVE_INCOMPLETE);
    assert_int_equal(f->dropped_n, 1);
    assert_non_null(strstr(f->trouble, "limit"));
    assert_holds(f, f->file, f->t.bytes, one);
    close(fd);
}

static void serve_keeps_no_descriptor_that_it_was_sent(void **state)
{
    struct fixture *f = *state;
    int before = descriptors_n(), fds[8], pipe_fd[2];
    assert_int_equal(pipe(pipe_fd), 0);
    for (int i = 0; i < 8; i++)
        fds[i] = pipe_fd[i % 2];
    int fd = dial_unix(f);
    greet_with(fd, fds, 8); /* pipes: reading one could wait for ever */
    settle(f);
    trace_demo(&f->t);
    say(fd, f->t.bytes, f->t.n);
    until(f, &f->went_n, 1);
    assert_int_equal(f->outcome, SERVE_ENDED);
    close(fd);
    close(pipe_fd[0]);
    close(pipe_fd[1]);
    settle(f);
    assert_int_equal(descriptors_n(), before);
}

/* In a child: connects, hands its arena over, sends the first frame where SEND, and is killed. */
static void die_by_sigkill(struct fixture *f, int send_frame)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        int arena_fd, fd = dial_unix(f);
        struct arena *a = arena_new((uint32_t)getpid(), f->t.start_real_ns, &arena_fd);
        atomic_store(&a->losses[LOSS_SPANS], 7);
        greet_with(fd, &arena_fd, 1);
        f->t.pid = (uint32_t)getpid();
        trace_process(&f->t);
        trace_frame(&f->t);
        a->frame_seq = 1;
        a->process_emitted = (uint32_t)send_frame;
        if (send_frame)
            say(fd, f->t.bytes, f->t.n);
        if (write(ready[1], "x", 1) == 1)
            pause();
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    if (send_frame)
        until(f, &f->came_n, 1);
    kill(pid, SIGKILL);
    until(f, &f->went_n, 1);
    waitpid(pid, NULL, 0);
    close(ready[0]);
    close(ready[1]);
    f->t.pid = (uint32_t)pid;
}

static void assert_completed(struct fixture *f)
{
    struct model m;
    struct err err = {""};
    char path[400];
    snprintf(path, sizeof path, "%s/%s", f->dir, f->file);
    if (ingest_file(path, &m, &err))
        fail_msg("%s", err.text);
    assert_int_equal(m.process_n, 1);
    assert_int_equal(m.quality.damage_n, 0);
    assert_int_equal(m.process[0]->end_seen, 1);
    assert_int_equal(m.process[0]->end.reason, END_KILLED);
    assert_int_equal(m.process[0]->end.status, 128 + SIGKILL);
    assert_int_equal(m.process[0]->losses[LOSS_SPANS], 7);
    assert_int_equal(m.process[0]->about.pid, f->t.pid);
    model_release(&m);
}

static void serve_completes_the_trace_of_a_killed_process(void **state)
{
    struct fixture *f = *state;
    die_by_sigkill(f, 1);
    assert_int_equal(f->outcome, SERVE_COMPLETED);
    assert_completed(f);
}

static void serve_completes_a_process_killed_before_its_first_frame(void **state)
{
    struct fixture *f = *state;
    char expected[64];
    die_by_sigkill(f, 0);
    assert_int_equal(f->outcome, SERVE_COMPLETED);
    snprintf(expected, sizeof expected, "host-%u.mprof", f->t.pid);
    assert_string_equal(f->file, expected);
    assert_completed(f);
}

static void serve_joins_what_a_dead_process_said_on_two_connections(void **state)
{
    struct fixture *f = *state;
    siginfo_t si;
    trace_process(&f->t);
    trace_frame(&f->t);
    size_t one = f->t.n;
    trace_end(&f->t, 0);
    trace_frame(&f->t);
    pid_t pid = fork();
    if (pid == 0) {
        int arena_fd, fd = dial_unix(f);
        arena_new(f->t.pid, f->t.start_real_ns, &arena_fd);
        greet_with(fd, &arena_fd, 1);
        say(fd, f->t.bytes, one);
        close(fd);
        fd = dial_unix(f);
        greet(fd);
        say(fd, f->t.bytes + one, f->t.n - one);
        _exit(0);
    }
    waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT); /* all of it waits in the sockets by now */
    until(f, &f->went_n, 1);
    settle(f);
    waitpid(pid, NULL, 0);
    assert_int_equal(f->went_n, 1);
    assert_int_equal(f->outcome, SERVE_ENDED);
    assert_int_equal(files_n(f), 1);
    assert_holds(f, f->file, f->t.bytes, f->t.n);
}

static void serve_tells_a_program_from_the_one_it_replaced(void **state)
{
    struct fixture *f = *state;
    int arena_fd[2], fd[2];
    for (int i = 0; i < 2; i++) {
        arena_new(f->t.pid, f->t.start_real_ns, &arena_fd[i]);
        fd[i] = dial_unix(f);
        greet_with(fd[i], &arena_fd[i], 1);
        f->t.seq = 0;
        f->t.n = 0;
        trace_process(&f->t);
        trace_frame(&f->t);
        say(fd[i], f->t.bytes, f->t.n);
        until(f, &f->came_n, i + 1);
        close(arena_fd[i]);
    }
    assert_int_equal(f->went_n, 1);
    assert_int_equal(f->outcome, SERVE_COMPLETED);
    assert_int_equal(files_n(f), 2);
    close(fd[0]);
    close(fd[1]);
}

static void serve_waits_for_a_process_that_closed_its_socket(void **state)
{
    struct fixture *f = *state;
    int arena_fd, fd = dial_unix(f);
    arena_new(f->t.pid, f->t.start_real_ns, &arena_fd);
    greet_with(fd, &arena_fd, 1);
    trace_process(&f->t);
    trace_frame(&f->t);
    size_t one = f->t.n;
    say(fd, f->t.bytes, one);
    close(fd);
    until(f, &f->came_n, 1);
    settle(f);
    assert_int_equal(f->went_n, 0); /* this process lives */
    trace_end(&f->t, 0);
    trace_frame(&f->t);
    fd = dial_unix(f);
    greet(fd);
    say(fd, f->t.bytes + one, f->t.n - one);
    until(f, &f->went_n, 1);
    assert_int_equal(f->outcome, SERVE_ENDED);
    assert_holds(f, f->file, f->t.bytes, f->t.n);
    close(fd);
    close(arena_fd);
}

/* Gives the stream at BYTES, whose headers are intact, another process and right checksums. */
static void seal(uint8_t *bytes, size_t n, uint32_t pid)
{
    struct frame_header h;
    for (size_t at = 0; at < n; at += FRAME_HEADER_BYTES + h.body_bytes) {
        if (frame_header_get(&h, bytes + at, n - at) != FRAME_OK)
            abort();
        h.pid = pid;
        frame_header_put(&h, bytes + at + FRAME_HEADER_BYTES, bytes + at);
    }
}

/* Puts the headers of GOOD back into COPY. */
static void keep_headers(uint8_t *copy, const uint8_t *good, size_t n)
{
    struct frame_header h;
    for (size_t at = 0; at < n; at += FRAME_HEADER_BYTES + h.body_bytes) {
        frame_header_get(&h, good + at, n - at);
        memcpy(copy + at, good + at, FRAME_HEADER_BYTES);
    }
}

static void assert_all_intact(const struct fixture *f)
{
    char path[400];
    DIR *d = opendir(f->dir);
    for (struct dirent *e; (e = readdir(d));) {
        struct model m;
        if (!strstr(e->d_name, ".mprof"))
            continue;
        snprintf(path, sizeof path, "%s/%s", f->dir, e->d_name);
        assert_int_equal(ingest_file(path, &m, NULL), 0);
        assert_int_equal(m.quality.damage_n, 0);
        assert_int_equal(m.quality.truncated, 0);
        model_release(&m);
    }
    closedir(d);
}

/* Streams with some bytes changed, cut, or begun late, half of them with right checksums over wrong
 * records: it must live, and every file must hold intact frames only. */
static void serve_survives_damaged_streams(void **state)
{
    enum { ROUNDS = 1500 };
    struct fixture *f = *state;
    unsigned seed = 20261121;
    int before = descriptors_n();
    f->t.stored = 1;
    trace_demo(&f->t);
    uint8_t *copy = malloc(f->t.n);
    for (int round = 0; round < ROUNDS; round++) {
        int fd = dial_unix(f), sealed = round % 2;
        memcpy(copy, f->t.bytes, f->t.n);
        for (int k = rand_r(&seed) % 4; k >= 0; k--) {
            size_t at = (unsigned)rand_r(&seed) % f->t.n;
            if (!sealed || at >= FRAME_HEADER_BYTES)
                copy[at] ^= (uint8_t)(1 << rand_r(&seed) % 8);
            if (sealed) /* headers stay */
                keep_headers(copy, f->t.bytes, f->t.n);
        }
        if (sealed)
            seal(copy, f->t.n, 1000 + (uint32_t)round);
        greet(fd);
        size_t from = rand_r(&seed) % 8 ? 0 : (unsigned)rand_r(&seed) % f->t.n;
        size_t n = sealed ? f->t.n - from : (unsigned)rand_r(&seed) % (f->t.n - from + 1);
        say(fd, copy + from, n / 2);
        event_base_loop(f->base, EVLOOP_NONBLOCK);
        say(fd, copy + from + n / 2, n - n / 2);
        close(fd);
        event_base_loop(f->base, EVLOOP_NONBLOCK);
        if (round % 8 == 0) { /* this process lives on, so its traces are waited for */
            stop_serving(f);
            serving(f, 16, 0, NULL);
        }
    }
    settle(f);
    free(copy);
    assert_in_range(files_n(f), ROUNDS / 10, ROUNDS);
    stop_serving(f);
    serving(f, 16, 0, NULL);
    assert_int_equal(descriptors_n(), before);
    assert_all_intact(f);
}

#define FACT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        FACT(serve_writes_what_a_process_sends_into_a_private_file),
        FACT(serve_takes_bytes_however_they_are_split),
        FACT(serve_keeps_the_intact_frames_of_a_client_that_turns_to_rubbish),
        FACT(serve_drops_a_frame_that_was_not_sent_whole),
        FACT(serve_refuses_damaged_checksums_records_and_foreign_frames),
        FACT(serve_wants_the_token_over_tcp),
        FACT(serve_drops_what_does_not_speak_its_protocol),
        FACT(serve_writes_neither_through_links_nor_over_files),
        FACT(serve_makes_program_names_harmless),
        FACT(serve_joins_the_connections_of_one_process),
        FACT(serve_goes_on_with_the_file_of_an_earlier_collector),
        FACT(serve_refuses_more_clients_than_it_may),
        FACT(serve_bounds_what_half_sent_frames_may_hold),
        FACT(serve_stops_writing_at_its_limit),
        FACT(serve_keeps_no_descriptor_that_it_was_sent),
        FACT(serve_completes_the_trace_of_a_killed_process),
        FACT(serve_completes_a_process_killed_before_its_first_frame),
        FACT(serve_joins_what_a_dead_process_said_on_two_connections),
        FACT(serve_tells_a_program_from_the_one_it_replaced),
        FACT(serve_waits_for_a_process_that_closed_its_socket),
        FACT(serve_survives_damaged_streams),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
