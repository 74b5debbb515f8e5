/* moved: each instruction in a page of detours is told as one of the original at which stack and registers are the same. */
/* SOURCES: shim/attach/moved.c shim/attach/redirect.c shim/attach/image.c shim/attach/near.c shim/attach/patch.c shim/attach/copy.c shim/attach/arch/x86_64/detour.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <ucontext.h>

#include "shim/attach/copy.h"
#include "shim/attach/moved.h"
#include "shim/attach/redirect.h"
#include "tests/unit/image_at.h"

/* ---- functions to be redirected, by their first instructions ---- */

typedef int function(int a, int b);

#define FUNCTION(name, code) \
    int name(int a, int b); \
    __asm__(".text\n.balign 16\n.type " #name ", @function\n" #name ":\n" code "\n.size " #name \
            ", . - " #name "\n.balign 32\n");

FUNCTION(pushes, "push %rbp\n push %rbx\n push %r12\n sub $0x20, %rsp\n lea (%rdi, %rsi), %eax\n"
                 "add $0x20, %rsp\n pop %r12\n pop %rbx\n pop %rbp\n ret")
FUNCTION(marked, "endbr64\n push %rbx\n sub $0x10, %rsp\n lea (%rdi, %rsi), %eax\n"
                 "add $0x10, %rsp\n pop %rbx\n ret")
FUNCTION(branches, "test %edi, %edi\n je 1f\n push %rbx\n lea (%rdi, %rsi), %eax\n pop %rbx\n ret\n"
                   "1: mov %esi, %eax\n ret")
FUNCTION(calls, "sub $8, %rsp\n call 1f\n add $8, %rsp\n ret\n nop\n nop\n"
                "1: lea (%rdi, %rsi), %eax\n ret")

/* ---- step by step ---- */

enum { STEPS_MAX = 256 };
struct step {
    uint64_t pc, below; /* bytes of stack in use since the call */
    uint64_t rbx, rbp, r12;
};
static struct step step[STEPS_MAX];
static volatile sig_atomic_t step_n;
static uint64_t stack_at_begin;

static void on_step(int n, siginfo_t *info, void *context)
{
    const greg_t *g = ((const ucontext_t *)context)->uc_mcontext.gregs;
    (void)n, (void)info;
    if (step_n < STEPS_MAX)
        step[step_n++] =
            (struct step){(uint64_t)g[REG_RIP], stack_at_begin - (uint64_t)g[REG_RSP],
                          (uint64_t)g[REG_RBX], (uint64_t)g[REG_RBP], (uint64_t)g[REG_R12]};
}

/* Calls F with the processor's trap flag set: a signal after each instruction. */
static __attribute__((noinline)) int in_steps(function *f, int a, int b)
{
    struct sigaction s = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO}, before;
    int r;
    sigaction(SIGTRAP, &s, &before);
    step_n = 0;
    __asm__ volatile("mov %%rsp, %[at]\n pushfq\n orl $0x100, (%%rsp)\n popfq\n call *%[f]\n"
                     "pushfq\n andl $~0x100, (%%rsp)\n popfq"
                     : "=a"(r), [at] "=m"(stack_at_begin), "+D"(a), "+S"(b)
                     : [f] "r"(f)
                     : "memory", "cc", "rcx", "rdx", "r8", "r9", "r10", "r11");
    sigaction(SIGTRAP, &before, NULL);
    return r;
}

static function *volatile original;

/* As a hook that is jumped to: the stack is the function's own. */
__attribute__((naked)) static void hook(void)
{
    __asm__("jmp *%[to]" : : [to] "m"(original));
}

static int is_among(const struct step *s, const struct step *list, int n)
{
    for (int i = 0; i < n; i++)
        if (list[i].pc == s->pc && list[i].below == s->below && list[i].rbx == s->rbx &&
            list[i].rbp == s->rbp && list[i].r12 == s->r12)
            return 1;
    return 0;
}

/* Runs F as it is, then redirected.  Returns how many instructions in the page have no origin. */
static int compare(function *f, int a, int b)
{
    static struct step plain[STEPS_MAX];
    static struct lua_copy copy;
    static struct redirect_page page;
    struct image im = image_at((uint64_t)(uintptr_t)f);
    struct redirect r = {.name = "f", .group = "F", .copy = &copy, .hook = (void *)hook};
    int plain_n, in_page = 0, unknown = 0, result = in_steps(f, a, b);
    plain_n = step_n;
    memcpy(plain, step, sizeof plain);
    r.entry = (struct symbol){(uint64_t)(uintptr_t)f, 0};
    page.at = NULL; /* the last one's is still in use */
    redirect_plan(&im, &r, 1, &page);
    original = (function *)(uintptr_t)r.original;
    redirect_install(&im, &r, 1);
    assert_int_equal(r.done, 1);
    assert_int_equal(in_steps(f, a, b), result);
    assert_true(step_n > plain_n && step_n < STEPS_MAX);
    for (int i = 0; i < step_n; i++) {
        struct step s = step[i];
        if (s.pc - (uint64_t)(uintptr_t)page.at >= page.n)
            continue;
        s.pc = moved_origin(s.pc);
        in_page++;
        unknown += s.pc == step[i].pc;
        if (s.pc != step[i].pc)
            assert_true(is_among(&s, plain, plain_n));
    }
    assert_true(in_page >= 5); /* three of the detour, one and more of what was moved, the jump */
    return unknown;
}

static void all_of_it_is_told_as_the_function(void **state)
{
    (void)state;
    assert_int_equal(compare(pushes, 2, 3), 0);
    assert_int_equal(compare(marked, 2, 3), 0);
}

static void whichever_way_it_goes(void **state)
{
    (void)state;
    assert_int_equal(compare(branches, 0, 3), 0);
}

static void but_a_call_whose_return_address_is_there_already(void **state)
{
    (void)state;
    assert_int_equal(compare(calls, 2, 3), 1);
}

static void other_code_is_where_it_is(void **state)
{
    (void)state;
    static const struct moved_slot none[2];
    uint64_t at = (uint64_t)(uintptr_t)none, here = (uint64_t)(uintptr_t)compare;
    assert_int_equal(moved_origin(here), here);
    moved_add(none, 2);
    assert_int_equal(moved_origin(at), 0);
    assert_int_equal(moved_origin(at - 1), at - 1);
    assert_int_equal(moved_origin(at + sizeof none), at + sizeof none);
    moved_remove(none);
    assert_int_equal(moved_origin(at), at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it_is_told_as_the_function),
        cmocka_unit_test(whichever_way_it_goes),
        cmocka_unit_test(but_a_call_whose_return_address_is_there_already),
        cmocka_unit_test(other_code_is_where_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
