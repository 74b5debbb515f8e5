/* orphans: what killed processes leave behind is bounded, and nothing else is touched. */
/* SOURCES: shim/record/orphans.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/record/orphans.h"

enum { GONE = 2000000000 }; /* no process has such an id */

static char dir[] = "/tmp/modprof-orphans-XXXXXX";

static void make(const char *format, int a, int b, int c)
{
    char path[200];
    int n = snprintf(path, sizeof path, "%s/", dir);
    snprintf(path + n, sizeof path - (size_t)n, format, a, b, c);
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static int there(const char *format, int a, int b, int c)
{
    char path[200];
    int n = snprintf(path, sizeof path, "%s/", dir);
    snprintf(path + n, sizeof path - (size_t)n, format, a, b, c);
    return access(path, F_OK) == 0;
}

#define ARENA "modprof.%d.%d.%d"

static void the_oldest_go_and_others_stay(void **state)
{
    int me = (int)geteuid(), more = 30;
    (void)state;
    assert_non_null(mkdtemp(dir));
    for (int i = ORPHANS_KEPT + more; i-- > 0;)
        make(ARENA, me, GONE + i, 1000 + i);
    make(ARENA, me, getpid(), 1); /* runs */
    make(ARENA, me + 1, GONE, 1); /* somebody else's */
    make("modprof.%d.%d.%dx", me, GONE, 1);
    make("modprof.%d.%d", me, GONE, 0);
    make("modprof..%d.%d.%d", me, GONE, 1);
    make("other.%d.%d.%d", me, GONE, 1);
    orphans_sweep(dir);
    for (int i = 0; i < ORPHANS_KEPT + more; i++)
        assert_int_equal(there(ARENA, me, GONE + i, 1000 + i), i >= more);
    assert_true(there(ARENA, me, getpid(), 1));
    assert_true(there(ARENA, me + 1, GONE, 1));
    assert_true(there("modprof.%d.%d.%dx", me, GONE, 1));
    assert_true(there("modprof.%d.%d", me, GONE, 0));
    assert_true(there("modprof..%d.%d.%d", me, GONE, 1));
    assert_true(there("other.%d.%d.%d", me, GONE, 1));
}

static void a_directory_that_is_not_there_is_fine(void **state)
{
    (void)state;
    orphans_sweep("/nowhere/at/all");
}

static int clean_up(void **state)
{
    char path[400];
    struct dirent *e;
    DIR *d = opendir(dir);
    (void)state;
    while (d && (e = readdir(d))) {
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        unlink(path);
    }
    if (d)
        closedir(d);
    rmdir(dir);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oldest_go_and_others_stay),
        cmocka_unit_test(a_directory_that_is_not_there_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, clean_up);
}
