/* What the copy of a filter answers is what the kernel does with the filter itself. */
/* SOURCES: shim/kernel_filter.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/kernel_filter.h"

enum { ERROR = 77, NUMBERS = 200 };

#define NR offsetof(struct seccomp_data, nr)
#define ARG0 offsetof(struct seccomp_data, args)
#define LET BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define REFUSE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ERROR)
#define OF(f) \
    &(struct sock_fprog) \
    { \
        sizeof f / sizeof *f, f \
    }

/* A call that does nothing, whatever its number: descriptor -1, address 0. */
static int is_harmless(long n)
{
    return n == SYS_close || n == SYS_fstat || n == SYS_lseek || n == SYS_fsync || n == SYS_dup ||
           n == SYS_getsockname || n == SYS_ftruncate || n == SYS_fchdir || n == SYS_flock ||
           n == SYS_getpid || n == SYS_fdatasync || n == SYS_fchmod || n == SYS_fadvise64 ||
           n == SYS_sched_yield || n == SYS_listen;
}

/* Under all filters: ends with status 0 where each call ends as was foretold.  (AddressSanitizer makes calls of its own before
 * a function that does not return.) */
static __attribute__((noreturn, no_sanitize("address"))) void
compare(const struct sock_fprog *const *filters, int n)
{
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    for (int i = 0; i < n; i++) {
        if (kernel_filter_prepare(filters[i]) != 0)
            _exit(2);
        kernel_filter_raise();
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filters[i]) != 0)
            _exit(3);
        kernel_filter_settle(1);
    }
    for (long number = 0; number < NUMBERS; number++)
        for (long first = -1; first <= 7 && is_harmless(number); first += 8) {
            const long argument[6] = {first, 0, 0, 0, 0, 0};
            int passed = syscall(number, first, 0, 0, 0, 0, 0) != -1 || errno != ERROR;
            if (passed != kernel_filter_permits(number, argument))
                _exit(4);
        }
    _exit(0);
}

/* In a child: filters stay. */
static void agree(const struct sock_fprog *const *filters, int n)
{
    pid_t child = fork();
    if (child == 0)
        compare(filters, n);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void numbers_in_a_list_pass(void **state)
{
    struct sock_filter f[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NR),
                              BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close, 0, 1),
                              REFUSE,
                              BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_flock, 0, 1),
                              REFUSE,
                              LET};
    (void)state;
    agree((const struct sock_fprog *[]){OF(f)}, 1);
}

static void trees_of_comparisons_are_followed(void **state)
{
    struct sock_filter f[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NR),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, SYS_fchdir, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, SYS_getpid, 3, 0),
        BPF_STMT(BPF_JMP | BPF_JA, 1),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1),
        LET,
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
        LET,
        REFUSE,
    };
    (void)state;
    agree((const struct sock_fprog *[]){OF(f)}, 1);
}

/* What libseccomp's arithmetic on arguments comes to, and every other operation. */
static void arithmetic_is_the_kernels(void **state)
{
    struct sock_filter f[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NR),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
        LET,
        BPF_STMT(BPF_ST, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARG0),
        BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 9),
        BPF_STMT(BPF_MISC | BPF_TAX, 0),
        BPF_STMT(BPF_STX, 4),
        BPF_STMT(BPF_LD | BPF_MEM, 3),
        BPF_STMT(BPF_ALU | BPF_MUL | BPF_X, 0),
        BPF_STMT(BPF_ALU | BPF_SUB | BPF_K, 5),
        BPF_STMT(BPF_ALU | BPF_XOR | BPF_K, 0x55),
        BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 3),
        BPF_STMT(BPF_ALU | BPF_OR | BPF_K, 4),
        BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 2),
        BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 3),
        BPF_STMT(BPF_ALU | BPF_NEG, 0),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 6),
        BPF_STMT(BPF_MISC | BPF_TAX, 0),
        BPF_STMT(BPF_LDX | BPF_W | BPF_MEM, 4),
        BPF_STMT(BPF_MISC | BPF_TXA, 0),
        BPF_STMT(BPF_LD | BPF_MEM, 3),
        BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 2, 0, 1),
        LET,
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_X, 0, 0, 1),
        REFUSE,
        BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ERROR),
    };
    (void)state;
    agree((const struct sock_fprog *[]){OF(f)}, 1);
}

static void a_call_must_get_past_all_filters(void **state)
{
    struct sock_filter a[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NR),
                              BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_dup, 0, 1), REFUSE, LET};
    struct sock_filter b[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NR),
                              BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fsync, 0, 1), REFUSE,
                              BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_LOG)};
    (void)state;
    agree((const struct sock_fprog *[]){OF(a), OF(b)}, 2);
}

static void the_strict_mode_permits_four_calls(void **state)
{
    (void)state;
    assert_int_equal(kernel_filter_prepare(NULL), 0);
    for (long n = 0; n < NUMBERS; n++)
        assert_int_equal(kernel_filter_will_permit(n),
                         n == SYS_read || n == SYS_write || n == SYS_exit || n == SYS_rt_sigreturn);
    assert_true(kernel_filter_permits_on(SYS_openat, 0)); /* not raised yet */
    kernel_filter_raise();
    assert_false(kernel_filter_permits_on(SYS_openat, 0));
    kernel_filter_settle(0); /* the kernel did not take it */
    assert_true(kernel_filter_permits_on(SYS_openat, 0));
}

static void what_can_not_be_read_is_nobodys_filter(void **state)
{
    struct sock_filter one = LET;
    void *gone = (void *)4096;
    (void)state;
    errno = 5;
    assert_int_equal(kernel_filter_prepare(gone), -1);
    assert_int_equal(kernel_filter_prepare(&(struct sock_fprog){1, gone}), -1);
    assert_int_equal(kernel_filter_prepare(&(struct sock_fprog){0, &one}), -1);
    assert_int_equal(errno, 5);
    assert_true(kernel_filter_permits_on(SYS_openat, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_in_a_list_pass),
        cmocka_unit_test(trees_of_comparisons_are_followed),
        cmocka_unit_test(arithmetic_is_the_kernels),
        cmocka_unit_test(a_call_must_get_past_all_filters),
        cmocka_unit_test(the_strict_mode_permits_four_calls),
        cmocka_unit_test(what_can_not_be_read_is_nobodys_filter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
