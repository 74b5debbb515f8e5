/* streams: what gzip_file and base64_file write is what others read, and failed writes are not lost. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "collector/util/base64_file.h"
#include "collector/util/gzip_file.h"
#include "tests/unit/unit.h"

static void base64_is(const char *in, size_t n, const char *want)
{
    char *out = NULL;
    size_t out_n = 0;
    FILE *under = open_memstream(&out, &out_n), *f = base64_file_open(under);
    fwrite(in, 1, n, f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(fclose(under), 0);
    assert_string_equal(out, want);
    free(out);
}

/* The examples of RFC 4648. */
static void base64_is_as_the_standard_has_it(void **state)
{
    (void)state;
    base64_is("", 0, "");
    base64_is("f", 1, "Zg==\n");
    base64_is("fo", 2, "Zm8=\n");
    base64_is("foobar", 6, "Zm9vYmFy\n");
    base64_is("\xff\xef\xbe\x00", 4, "/+++AA==\n");
}

static void base64_has_lines_of_76(void **state)
{
    (void)state;
    char *out = NULL, in[200];
    size_t out_n = 0;
    memset(in, 'a', sizeof in);
    FILE *under = open_memstream(&out, &out_n), *f = base64_file_open(under);
    fwrite(in, 1, sizeof in, f);
    fclose(f);
    fclose(under);
    assert_int_equal(strcspn(out, "\n"), 76);
    assert_int_equal(out_n, 268 + 4);
    free(out);
}

static void gzip_is_read_by_zlib(void **state)
{
    (void)state;
    char name[] = "/tmp/test_streams.XXXXXX";
    int fd = mkstemp(name);
    FILE *under = fdopen(fd, "w"), *f = gzip_file_open(under, 6);
    for (int i = 0; i < 200000; i++)
        fprintf(f, "%d\n", i);
    assert_int_equal(fclose(f), 0);
    fclose(under);
    gzFile in = gzopen(name, "r");
    char line[32], want[32];
    for (int i = 0; i < 200000; i++) {
        snprintf(want, sizeof want, "%d\n", i);
        assert_non_null(gzgets(in, line, sizeof line));
        assert_string_equal(line, want);
    }
    assert_null(gzgets(in, line, sizeof line));
    assert_int_equal(gzclose(in), Z_OK);
    remove(name);
}

/* As a page is written: gzip in base64 in a file on a full disk. */
static void a_full_disk_shows(void **state)
{
    (void)state;
    FILE *under = fopen("/dev/full", "w"), *text = base64_file_open(under);
    FILE *f = gzip_file_open(text, 1);
    unsigned seed = 1;
    for (int i = 0; i < 1000000; i++)
        fputc((int)((seed = seed * 1103515245 + 12345) >> 24), f);
    int bad = fclose(f) != 0;
    bad |= fclose(text) != 0;
    assert_true(bad);
    assert_true(ferror(under));
    fclose(under);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_is_as_the_standard_has_it),
        cmocka_unit_test(base64_has_lines_of_76),
        cmocka_unit_test(gzip_is_read_by_zlib),
        cmocka_unit_test(a_full_disk_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
