/* test_store: the history: what is written is read, by many writers, from damaged and foreign files too. */

#include "tests/unit/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/history/machine.h"
#include "collector/history/revision.h"
#include "collector/history/store.h"

static char path[64];

static int set_up(void **state)
{
    (void)state;
    strcpy(path, "/tmp/test_store.XXXXXX");
    assert_non_null(mkdtemp(path));
    strcat(path, "/history");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    *strrchr(path, '/') = 0;
    return rmdir(path);
}

static struct store *opened(enum store_mode mode)
{
    struct err err = {""};
    struct store *s = store_open(path, mode, &err);
    if (!s)
        fail_msg("%s", err.text);
    return s;
}

static int64_t add(struct store *s, const char *machine, const char *command, double wall,
                   const char *baseline)
{
    const double at[] = {wall, wall + 1, wall + 2};
    const struct store_value v[] = {
        {.metric = "wall", .place = "", .param = "", .unit = "ns", .at = at, .n = 3},
        {.metric = "module.self",
         .place = "a.b",
         .param = "n=10",
         .unit = "ns",
         .counted = 1,
         .at = at + 1,
         .n = 1},
    };
    struct store_run r = {.at_ns = (int64_t)wall,
                          .commit = "abc1234",
                          .dirty = 1,
                          .machine = machine,
                          .command = command};
    struct err err = {""};
    if (store_add(s, &r, v, 2, baseline, &err))
        fail_msg("%s", err.text);
    return r.id;
}

static void what_is_written_is_read(void **state)
{
    struct err err;
    struct store_values v;
    (void)state;
    struct store *s = opened(STORE_WRITE);
    int64_t id = add(s, "m", "app 'x'", 100, NULL);
    store_close(s);
    s = opened(STORE_READ);
    assert_int_equal(store_values_read(s, id, &v, &err), 0);
    assert_int_equal(v.n, 2);
    const struct store_value *wall = store_values_find(&v, "wall", "", "");
    assert_non_null(wall);
    assert_int_equal(wall->n, 3);
    assert_true(wall->at[0] == 100 && wall->at[2] == 102);
    const struct store_value *self = store_values_find(&v, "module.self", "a.b", "n=10");
    assert_true(self && self->counted && self->at[0] == 101);
    assert_null(store_values_find(&v, "module.self", "a.b", ""));
    store_values_release(&v);
    store_close(s);
}

static void baselines_are_of_a_command_and_a_machine(void **state)
{
    struct err err;
    struct store_about about;
    const char *names[4];
    (void)state;
    struct store *s = opened(STORE_WRITE);
    int64_t first = add(s, "m", "app", 100, "main");
    int64_t other = add(s, "other", "app", 200, "main");
    int64_t tool = add(s, "m", "tool", 300, "main");
    struct store_wanted w = {.command = "app", .machine = "m"};
    assert_int_equal(store_baseline_find(s, "main", &w, &about, &err), first);
    assert_false(about.elsewhere);
    assert_string_equal(about.run.commit, "abc1234");
    int64_t second = add(s, "m", "app", 400, "main");
    assert_int_equal(store_baseline_find(s, "main", &w, &about, &err), second);
    w.command = "tool";
    assert_int_equal(store_baseline_find(s, "main", &w, &about, &err), tool);
    w = (struct store_wanted){.command = "app", .machine = "third"};
    assert_int_equal(store_baseline_find(s, "main", &w, &about, &err), second);
    assert_true(about.elsewhere);
    w.machine = "other";
    assert_int_equal(store_baseline_find(s, "main", &w, &about, &err), other);
    assert_int_equal(store_baseline_find(s, "gone", &w, &about, &err), 0);
    assert_int_equal(store_baseline_names(s, names, 4, &err), 1);
    assert_string_equal(names[0], "main");
    store_close(s);
}

static void a_run_that_is_there_gets_a_name(void **state)
{
    struct err err;
    struct store_about about;
    struct store_baselines list;
    (void)state;
    struct store *s = opened(STORE_WRITE);
    int64_t first = add(s, "m", "app", 100, NULL);
    int64_t second = add(s, "m", "app", 200, "main");
    add(s, "other", "app", 300, NULL);
    struct store_wanted w = {.command = "app", .machine = "m"}, any = {0};
    assert_int_equal(store_run_find(s, NULL, &w, &about, &err), second);
    assert_int_equal(store_run_find(s, "abc1", &w, &about, &err), second);
    assert_int_equal(store_run_find(s, "bc1", &w, &about, &err), 0);
    assert_int_equal(store_run_find(s, "%", &w, &about, &err), 0);
    assert_int_equal(store_baseline_set(s, "main", first, &err), 0);
    assert_int_equal(store_baseline_find(s, "main", &w, &about, &err), first);
    assert_int_equal(store_baseline_set(s, "good", second, &err), 0);
    assert_int_equal(store_baselines_read(s, NULL, &any, &list, &err), 0);
    assert_int_equal(list.n, 2);
    assert_string_equal(list.at[0].name, "good");
    assert_int_equal(list.at[1].run.id, first);
    free(list.at);
    w.machine = "other";
    assert_int_equal(store_baselines_read(s, "main", &w, &list, &err), 0);
    assert_int_equal(list.n, 0);
    free(list.at);
    store_close(s);
}

/* How many files stand beside PATH, itself included. */
static size_t files(void)
{
    char dir[64];
    size_t n = 0;
    strcpy(dir, path);
    *strrchr(dir, '/') = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; (e = readdir(d));)
        n += *e->d_name != '.';
    closedir(d);
    return n;
}

static void a_history_appears_with_its_first_run(void **state)
{
    (void)state;
    struct store *s = opened(STORE_WRITE);
    assert_int_equal(access(path, F_OK), -1);
    store_close(s);
    assert_int_equal(files(), 0);
    s = opened(STORE_WRITE);
    struct store *other = opened(STORE_WRITE);
    int64_t first = add(s, "m", "app", 100, "main");
    assert_int_equal(access(path, F_OK), 0);
    /* The other one finds it there, and adds to it. */
    assert_int_equal(add(other, "m", "app", 200, NULL), first + 1);
    assert_int_equal(add(s, "m", "app", 300, NULL), first + 2);
    store_close(s);
    store_close(other);
    assert_int_equal(files(), 1);
}

/* With at most LIMIT bytes in a file, as on a full disk: adds a run; 0 where it was told. */
static int add_in_short_space(rlim_t limit)
{
    struct rlimit less = {limit, limit};
    double at[4000] = {0};
    const struct store_value v = {
        .metric = "wall", .place = "", .param = "", .unit = "ns", .at = at, .n = 4000};
    struct store_run r = {.commit = "", .machine = "m", .command = "app"};
    struct err err = {""};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &less);
    struct store *s = store_open(path, STORE_WRITE, &err);
    int told = (!s || store_add(s, &r, &v, 1, "main", &err)) && strstr(err.text, path);
    store_close(s);
    return told ? 0 : 1;
}

static void in_a_child(int (*what)(rlim_t), rlim_t limit)
{
    int status = 1;
    pid_t pid = fork();
    if (!pid)
        _exit(what(limit));
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
}

static void a_full_disk_loses_nothing_and_leaves_nothing(void **state)
{
    struct err err;
    struct store_values v;
    (void)state;
    for (rlim_t limit = 0; limit <= 64 << 10; limit += 4 << 10) {
        in_a_child(add_in_short_space, limit);
        assert_int_equal(files(), 0);
    }
    struct store *s = opened(STORE_WRITE);
    int64_t id = add(s, "m", "app", 100, "main");
    store_close(s);
    for (rlim_t limit = 0; limit <= 64 << 10; limit += 4 << 10) {
        struct store_about about;
        struct store_wanted w = {.command = "app", .machine = "m"};
        in_a_child(add_in_short_space, limit);
        s = opened(STORE_READ);
        assert_int_equal(store_baseline_find(s, "main", &w, &about, &err), id);
        assert_int_equal(store_values_read(s, id, &v, &err), 0);
        assert_int_equal(v.n, 2);
        store_values_release(&v);
        store_close(s);
        assert_int_equal(files(), 1); /* a journal is undone by whoever comes next */
    }
}

static void series_hold_the_newest_points_in_order(void **state)
{
    struct err err;
    struct store_series_list list;
    struct store_points p;
    (void)state;
    struct store *s = opened(STORE_WRITE);
    for (int i = 1; i <= 5; i++)
        add(s, "m", "app", i * 100, NULL);
    add(s, "m", "tool", 1000, NULL);
    struct store_wanted w = {.metric = "wall", .machine = "m"};
    assert_int_equal(store_series_read(s, &w, &list, &err), 0);
    assert_int_equal(list.n, 2);
    assert_string_equal(list.at[0].command, "tool");
    assert_int_equal(list.at[1].runs, 5);
    assert_int_equal(store_points_read(s, list.at[1].id, 3, &p, &err), 0);
    assert_int_equal(p.n, 3);
    assert_true(p.at[0].median == 301 && p.at[2].median == 501);
    assert_true(p.at[2].min == 500 && p.at[2].max == 502 && p.at[2].dirty);
    free(p.at);
    free(list.at);
    store_close(s);
}

static void writers_at_the_same_time_all_get_in(void **state)
{
    enum { WRITERS = 6, RUNS = 20 };
    pid_t child[WRITERS];
    struct err err;
    struct store_series_list list;
    (void)state;
    for (int i = 0; i < WRITERS; i++) {
        child[i] = fork();
        if (child[i])
            continue;
        for (int k = 0; k < RUNS; k++) { /* each opens: the first ones also make the tables */
            struct store *s = opened(STORE_WRITE);
            add(s, "m", "app", k, "main");
            store_close(s);
        }
        _exit(0);
    }
    for (int i = 0; i < WRITERS; i++) {
        int status = 1;
        waitpid(child[i], &status, 0);
        assert_int_equal(status, 0);
    }
    struct store *s = opened(STORE_READ);
    struct store_wanted w = {.metric = "wall"};
    assert_int_equal(store_series_read(s, &w, &list, &err), 0);
    assert_int_equal(list.at[0].runs, WRITERS * RUNS);
    free(list.at);
    store_close(s);
}

static void file_write(const char *text, size_t n)
{
    FILE *out = fopen(path, "w");
    assert_int_equal(fwrite(text, 1, n, out), n);
    fclose(out);
}

static void refused(enum store_mode mode, const char *expected)
{
    struct err err = {""};
    struct store *s = store_open(path, mode, &err);
    assert_null(s);
    if (!strstr(err.text, expected) || !strstr(err.text, path))
        fail_msg("`%s` should say `%s` and name the file", err.text, expected);
}

static void foreign_files_are_refused_and_left_alone(void **state)
{
    static const char text[] =
        "These are the notes of somebody who likes the name, and they are long enough "
        "to be taken for a page of a database if nobody looks at their first bytes.";
    char command[160];
    struct stat before, after;
    (void)state;
    refused(STORE_READ, "can not be read");
    file_write(text, sizeof text);
    refused(STORE_READ, "another kind of file");
    refused(STORE_WRITE, "another kind of file");
    unlink(path);
    snprintf(command, sizeof command, "sqlite3 %s 'create table notes(t)'", path);
    assert_int_equal(system(command), 0);
    stat(path, &before);
    refused(STORE_WRITE, "no history of modprof");
    stat(path, &after);
    assert_int_equal(before.st_size, after.st_size);
    unlink(path);
    struct store *s = opened(STORE_WRITE);
    add(s, "m", "app", 1, NULL);
    store_close(s);
    snprintf(command, sizeof command, "sqlite3 %s 'pragma user_version = 99'", path);
    assert_int_equal(system(command), 0);
    refused(STORE_READ, "newer modprof");
}

/* Whatever was overwritten: a sentence or a right answer, never a crash. */
static void damage_is_told(void **state)
{
    struct err err = {""};
    struct stat st;
    int told = 0;
    (void)state;
    struct store *s = opened(STORE_WRITE);
    for (int i = 0; i < 50; i++)
        add(s, "m", "app", i, "main");
    store_close(s);
    stat(path, &st);
    int fd = open(path, O_RDWR);
    for (off_t at = 4096; at < st.st_size; at += 4096) {
        char page[4096], junk[4096];
        memset(junk, 0x5a, sizeof junk);
        assert_int_equal(pread(fd, page, sizeof page, at), sizeof page);
        assert_int_equal(pwrite(fd, junk, sizeof junk, at), sizeof junk);
        struct store_values v = {0};
        err.text[0] = 0;
        s = store_open(path, STORE_READ, &err);
        if (s && store_values_read(s, 7, &v, &err) < 0)
            assert_non_null(strstr(err.text, "damaged"));
        told += err.text[0] != 0;
        store_values_release(&v);
        store_close(s);
        assert_int_equal(pwrite(fd, page, sizeof page, at), sizeof page);
    }
    close(fd);
    assert_true(told > 0);
}

static void files_that_can_not_be_made_are_told(void **state)
{
    struct err err = {""};
    (void)state;
    assert_null(store_open("/proc/no/such/place", STORE_WRITE, &err));
    assert_non_null(strstr(err.text, "/proc/no/such/place can not be opened"));
}

static void machine_and_commit_have_names(void **state)
{
    char machine[MACHINE_MAX];
    struct revision r;
    (void)state;
    machine_describe(machine);
    assert_non_null(strstr(machine, "core"));
    assert_non_null(strstr(machine, "glibc 2."));
    assert_int_equal(chdir("/"), 0);
    setenv("GITHUB_SHA", "0123456789abcdef0123456789abcdef01234567", 1);
    setenv("GIT_CEILING_DIRECTORIES", "/", 1);
    revision_find(&r);
    assert_string_equal(r.commit, getenv("GITHUB_SHA"));
    setenv("GITHUB_SHA", "not a hash", 1);
    setenv("CI_COMMIT_SHA", "0123456789", 1);
    revision_find(&r);
    assert_string_equal(r.commit, "0123456789");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(baselines_are_of_a_command_and_a_machine, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_run_that_is_there_gets_a_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_history_appears_with_its_first_run, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_loses_nothing_and_leaves_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(series_hold_the_newest_points_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(writers_at_the_same_time_all_get_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(foreign_files_are_refused_and_left_alone, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(damage_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_that_can_not_be_made_are_told, set_up, tear_down),
        cmocka_unit_test(machine_and_commit_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
