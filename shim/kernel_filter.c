/* kernel_filter: see kernel_filter.h.
 *
 * Filters are never taken away, and a process may have several: the call must get past all.  They are few and short, and
 * programs of 20 to 300 instructions, of which a call runs some: 0.1 to 1 us. */
#include "shim/kernel_filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FILTERS_MAX = 32, CELLS = BPF_MEMWORDS };

struct filter {
    const struct sock_filter *at;
    size_t n; /* 0: the strict mode */
};

static struct filter filter[FILTERS_MAX]; /* the first `up` are asked; the next one is prepared */
_Atomic int kernel_filter_up;
static _Atomic int
    nothing; /* what the host installed is not known: nothing is asked of the kernel */
static _Atomic int preparing;

/* ---- copying ---- */

/* The kernel copies, so that nothing faults; it must know the call, and may not let it through. */
static int copy(void *to, const void *from, size_t n)
{
    struct iovec here = {to, n}, there = {(void *)(uintptr_t)from, n};
    long got = syscall(SYS_process_vm_readv, getpid(), &here, 1UL, &there, 1UL, 0UL);
    if (got == (long)n)
        return 0;
    return got < 0 && errno != EFAULT && errno != ENOMEM ? 1 : -1;
}

static int copy_program(struct filter *f, const struct sock_fprog *program)
{
    struct sock_fprog p = {0, NULL};
    int r = copy(&p, program, sizeof p);
    if (r != 0)
        return r;
    if (p.len == 0 || p.len > BPF_MAXINSNS)
        return -1;
    size_t n = p.len * sizeof *p.filter;
    void *to = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (to == MAP_FAILED)
        return 1;
    r = copy(to, p.filter, n);
    if (r != 0)
        munmap(to, n);
    *f = (struct filter){to, p.len};
    return r;
}

int kernel_filter_prepare(const void *program)
{
    int saved = errno, r = 1, up = atomic_load(&kernel_filter_up);
    if (up < FILTERS_MAX && atomic_exchange(&preparing, 1) == 0) {
        filter[up] = (struct filter){NULL, 0};
        r = program != NULL ? copy_program(&filter[up], program) : 0;
        if (r != 0)
            atomic_store(&preparing, 0);
    }
    if (r > 0)
        atomic_store(&nothing, 1);
    errno = saved;
    return r < 0 ? -1 : 0;
}

void kernel_filter_raise(void)
{
    if (atomic_load(&preparing) || !kernel_filter_is_up())
        atomic_fetch_add(&kernel_filter_up, 1);
}

void kernel_filter_settle(int installed)
{
    if (!installed && atomic_load(&preparing))
        atomic_fetch_sub(&kernel_filter_up, 1);
    atomic_store(&preparing, 0);
}

/* ---- running ---- */

struct machine {
    uint32_t a, x, cell[CELLS];
};

static uint32_t calculate(uint16_t operation, uint32_t a, uint32_t with)
{
    switch (operation) {
    case BPF_ADD:
        return a + with;
    case BPF_SUB:
        return a - with;
    case BPF_MUL:
        return a * with;
    case BPF_DIV:
        return with != 0 ? a / with : 0;
    case BPF_OR:
        return a | with;
    case BPF_AND:
        return a & with;
    case BPF_XOR:
        return a ^ with;
    case BPF_LSH:
        return with < 32 ? a << with : 0;
    case BPF_RSH:
        return with < 32 ? a >> with : 0;
    default:
        return 0 - a; /* BPF_NEG */
    }
}

static int holds(uint16_t condition, uint32_t a, uint32_t with)
{
    switch (condition) {
    case BPF_JEQ:
        return a == with;
    case BPF_JGT:
        return a > with;
    case BPF_JGE:
        return a >= with;
    default:
        return (a & with) != 0; /* BPF_JSET */
    }
}

static uint32_t load(const struct machine *m, const struct sock_filter *i,
                     const struct seccomp_data *d)
{
    uint32_t word;
    switch (BPF_MODE(i->code)) {
    case BPF_ABS:
        if (i->k > sizeof *d - sizeof word)
            return 0;
        memcpy(&word, (const char *)d + i->k, sizeof word);
        return word;
    case BPF_MEM:
        return i->k < CELLS ? m->cell[i->k] : 0;
    case BPF_LEN:
        return sizeof *d;
    default:
        return i->k; /* BPF_IMM */
    }
}

/* One instruction that neither jumps nor ends the program. */
static void execute(struct machine *m, const struct sock_filter *i, const struct seccomp_data *d)
{
    switch (BPF_CLASS(i->code)) {
    case BPF_LD:
        m->a = load(m, i, d);
        break;
    case BPF_LDX:
        m->x = load(m, i, d);
        break;
    case BPF_ST:
        m->cell[i->k % CELLS] = m->a;
        break;
    case BPF_STX:
        m->cell[i->k % CELLS] = m->x;
        break;
    case BPF_ALU:
        m->a = calculate(BPF_OP(i->code), m->a, BPF_SRC(i->code) == BPF_X ? m->x : i->k);
        break;
    case BPF_MISC:
        if (BPF_MISCOP(i->code) == BPF_TAX)
            m->x = m->a;
        else
            m->a = m->x;
        break;
    }
}

/* What F answers.  All jumps of such a program lead forward. */
static uint32_t answer(const struct filter *f, const struct seccomp_data *d)
{
    struct machine m = {0, 0, {0}};
    for (size_t at = 0; at < f->n; at++) {
        const struct sock_filter *i = &f->at[at];
        uint16_t class = BPF_CLASS(i->code);
        if (class == BPF_RET)
            return BPF_RVAL(i->code) == BPF_A ? m.a : i->k;
        if (class != BPF_JMP)
            execute(&m, i, d);
        else if (BPF_OP(i->code) == BPF_JA)
            at += i->k;
        else
            at +=
                holds(BPF_OP(i->code), m.a, BPF_SRC(i->code) == BPF_X ? m.x : i->k) ? i->jt : i->jf;
    }
    return SECCOMP_RET_KILL_PROCESS;
}

static int is_strict_call(long number)
{
    return number == SYS_read || number == SYS_write || number == SYS_exit ||
           number == SYS_rt_sigreturn;
}

static int permits(const struct filter *f, const struct seccomp_data *d)
{
    if (f->n == 0)
        return is_strict_call(d->nr);
    uint32_t action = answer(f, d) & SECCOMP_RET_ACTION_FULL;
    return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}

static int all_permit(int n, long number, const long argument[6])
{
    struct seccomp_data d = {.nr = (int)number,
                             .arch = AUDIT_ARCH_X86_64,
                             .instruction_pointer = (uint64_t)(uintptr_t)&kernel_filter_permits};
    for (int i = 0; i < 6; i++)
        d.args[i] = (uint64_t)argument[i];
    for (int i = 0; i < n; i++)
        if (!permits(&filter[i], &d))
            return 0;
    return !atomic_load_explicit(&nothing, memory_order_relaxed);
}

int kernel_filter_permits(long number, const long argument[6])
{
    int up = atomic_load_explicit(&kernel_filter_up, memory_order_acquire);
    return up == 0 || all_permit(up, number, argument);
}

int kernel_filter_permits_on(long number, long first)
{
    const long argument[6] = {first, 0, 0, 0, 0, 0};
    return kernel_filter_permits(number, argument);
}

int kernel_filter_will_permit(long number)
{
    const long argument[6] = {0};
    return all_permit(atomic_load(&kernel_filter_up) + atomic_load(&preparing), number, argument);
}
