/* trace_name, address: names and addresses as they are written in MODPROF_OUT. */
/* SOURCES: shim/record/trace_name.c shim/record/address.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>

#include "shim/record/address.h"
#include "shim/record/trace_name.h"

static char out[64];

static void percent_p_is_the_process_id(void **state)
{
    (void)state;
    assert_int_equal(trace_name_told(out, sizeof out, "/a/x-%p-%p.mprof", 42), 0);
    assert_string_equal(out, "/a/x-42-42.mprof");
    assert_int_equal(trace_name_told(out, sizeof out, "/100%%p%x%", 42), 0);
    assert_string_equal(out, "/100%p%x%");
    assert_int_equal(trace_name_told(out, 8, "/a/x-%p.mprof", 42), -1);
    assert_true(strlen(out) < 8);
}

static void a_default_name_has_program_and_process_id(void **state)
{
    (void)state;
    assert_int_equal(trace_name_default(out, sizeof out, "/d", "/usr/bin/lua5.4", 7), 0);
    assert_string_equal(out, "/d/lua5.4-7.mprof");
    trace_name_default(out, sizeof out, "/d", "a\nb", 7);
    assert_string_equal(out, "/d/a_b-7.mprof");
    trace_name_default(out, sizeof out, "/d", "", 7);
    assert_string_equal(out, "/d/process-7.mprof");
}

static void a_suffix_goes_before_the_extension(void **state)
{
    char suffix[48];
    (void)state;
    trace_name_suffix(suffix, sizeof suffix, 9, 1);
    assert_string_equal(suffix, "-9");
    trace_name_suffixed(out, sizeof out, "/a.b/x.mprof", suffix);
    assert_string_equal(out, "/a.b/x-9.mprof");
    trace_name_suffixed(out, sizeof out, "/a.b/x", suffix);
    assert_string_equal(out, "/a.b/x-9");
    trace_name_suffixed(out, sizeof out, "/a/.hidden", suffix);
    assert_string_equal(out, "/a/.hidden-9");
    trace_name_suffix(suffix, sizeof suffix, 9, 3);
    assert_string_equal(suffix, "-9-3");
    trace_name_suffix(suffix, sizeof suffix, 0, 2);
    assert_string_equal(suffix, "-2");
}

static void addresses_are_read(void **state)
{
    struct address a;
    (void)state;
    assert_int_equal(address_parse(&a, "unix:/run/x"), 0);
    assert_string_equal(a.sa.un.sun_path, "/run/x");
    assert_int_equal(address_parse(&a, "tcp:localhost:80"), 0);
    assert_int_equal(a.sa.in.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
    assert_int_equal(a.sa.in.sin_port, htons(80));
    assert_int_equal(address_parse(&a, "tcp:10.1.2.3:65535"), 0);
    assert_int_equal(address_parse(&a, "tcp:[::1]:99"), 0);
    assert_int_equal(a.sa.any.sa_family, AF_INET6);
}

static void what_is_no_address_is_refused(void **state)
{
    static const char *const bad[] = {
        "unix:",
        "unix:relative",
        "tcp:",
        "tcp::",
        "tcp:80",
        "tcp::80",
        "tcp:1.2.3.4:",
        "x",
        "tcp:1.2.3.4:0",
        "tcp:1.2.3.4:65536",
        "tcp:1.2.3.4:8x",
        "tcp:example.org:80",
        "",
        "tcp:[::1:80",
        "tcp:99999999999999999999999999999999999999999999999999999999999:1",
        ("unix:/0123456789012345678901234567890123456789012345678901234567890123456789"
         "0123456789012345678901234567890123456789")};
    struct address a;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (address_parse(&a, bad[i]) == 0)
            fail_msg("accepted: %s", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percent_p_is_the_process_id),
        cmocka_unit_test(a_default_name_has_program_and_process_id),
        cmocka_unit_test(a_suffix_goes_before_the_extension),
        cmocka_unit_test(addresses_are_read),
        cmocka_unit_test(what_is_no_address_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
