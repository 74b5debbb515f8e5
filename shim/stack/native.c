/* native: see native.h. */
#include "shim/stack/native.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "shim/attach/arch/x86_64/registers.h"
#include "shim/attach/arch/x86_64/valgrind_here.h"
#include "shim/attach/moved.h"
#include "shim/kernel_filter.h"
#include "shim/record/record_api.h"

enum { FRAME_MAX_BYTES = 1 << 20, MAIN_STACK_MAX = 64 << 20, PAGE_BYTES = 4096 };

/* ---- rows, cached ---- */

/* Little of it is used first: a program that is seen in few places touches few pages. */
enum { CACHE_FIRST_N = 256, CACHE_MAX_N = 8192, BUSY = 1 };

struct cached {
    _Atomic uint64_t pc; /* 0: free; BUSY: being written */
    struct cfi_row row;
};
static SHIM_TABLE struct cached cache[CACHE_MAX_N];
static _Atomic uint32_t cache_n = CACHE_FIRST_N, cache_puts;

/* Each row has two places; they are others once more of the cache is used. */
static struct cached *cache_at(uint64_t pc, int shift)
{
    return &cache[(pc ^ pc >> shift) & (atomic_load_explicit(&cache_n, memory_order_relaxed) - 1)];
}

static struct cached *cache_first(uint64_t pc)
{
    return cache_at(pc, 8);
}

static struct cached *cache_rest(uint64_t pc)
{
    return cache_at(pc, 13);
}

/* More than half of it was put in anew: too many share too little. */
static void cache_count_put(void)
{
    uint32_t n = atomic_load_explicit(&cache_n, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&cache_puts, 1, memory_order_relaxed) < n / 2 || n == CACHE_MAX_N)
        return;
    atomic_store_explicit(&cache_puts, 0, memory_order_relaxed);
    atomic_compare_exchange_strong(&cache_n, &n, 2 * n);
}

static int cache_get(struct cached *c, uint64_t pc, struct cfi_row *row)
{
    if (atomic_load_explicit(&c->pc, memory_order_acquire) != pc)
        return 0;
    *row = c->row;
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(&c->pc, memory_order_relaxed) == pc;
}

static void cache_put(uint64_t pc, const struct cfi_row *row)
{
    struct cached *c = cache_first(pc);
    if (atomic_load_explicit(&c->pc, memory_order_relaxed) != 0)
        c = cache_rest(pc);
    uint64_t seen = atomic_load_explicit(&c->pc, memory_order_relaxed);
    if (seen == BUSY || !atomic_compare_exchange_strong(&c->pc, &seen, BUSY))
        return;
    c->row = *row;
    atomic_store_explicit(&c->pc, pc, memory_order_release);
    cache_count_put();
}

static _Atomic uint32_t forgotten; /* how often */

void native_forget(void)
{
    atomic_fetch_add_explicit(&forgotten, 1, memory_order_relaxed);
    if (atomic_load_explicit(&cache_puts, memory_order_relaxed) == 0 &&
        atomic_load_explicit(&cache_n, memory_order_relaxed) == CACHE_FIRST_N)
        return; /* never used */
    for (uint32_t i = 0; i < atomic_load(&cache_n); i++)
        atomic_store_explicit(&cache[i].pc, 0, memory_order_relaxed);
}

/* Whoever reads memory of an object is counted, so that one which goes can wait for them. */
static _Atomic int unloading, readers;

static int begin_reading(void)
{
    atomic_fetch_add(&readers, 1);
    if (likely(!atomic_load(&unloading)))
        return 0;
    atomic_fetch_sub(&readers, 1);
    return -1;
}

static void end_reading(void)
{
    atomic_fetch_sub_explicit(&readers, 1, memory_order_release);
}

void native_unloading(int is_on)
{
    enum {
        TURNS_MAX = 100000
    }; /* some ms: a reader that lost its processor is not waited for any longer */
    atomic_store(&unloading, is_on);
    for (int i = 0; is_on && atomic_load(&readers) != 0 && i < TURNS_MAX; i++)
        __builtin_ia32_pause();
}

void native_forked(void)
{
    atomic_store(&readers, 0);
}

static void read_description(uint64_t pc, struct cfi_row *row, struct cfi_range *range)
{
    int object = object_of((const void *)(uintptr_t)pc);
    if (object < 0)
        return;
    struct cfi_section s;
    s.hdr = object_eh_frame_hdr((uint32_t)object, &s.hdr_n, &s.lo, &s.hi);
    if (s.hdr != NULL)
        cfi_find(pc, &s, row, range);
}

/* Returns 0, or -1: not now. */
static int find(uint64_t pc, struct cfi_row *row, struct cfi_range *range)
{
    memset(row, 0, sizeof *row);
    if (begin_reading() != 0)
        return -1;
    read_description(pc, row, range);
    end_reading();
    return 0;
}

void native_row(uint64_t pc, struct cfi_row *row)
{
    if (cache_get(cache_first(pc), pc, row) || cache_get(cache_rest(pc), pc, row))
        return;
    if (find(pc, row, NULL) == 0)
        cache_put(pc, row);
}

int native_range(uint64_t pc, struct cfi_range *range)
{
    struct cfi_row row;
    range->hi = 0;
    find(pc, &row, range);
    return range->hi != 0 ? 0 : -1;
}

/* ---- the thread's stack ---- */

static void learn_main(struct native_stack *s)
{
    struct rlimit l;
    uint64_t n = MAIN_STACK_MAX;
    if (getrlimit(RLIMIT_STACK, &l) == 0 && l.rlim_cur < n)
        n = l.rlim_cur;
    s->hi = getauxval(AT_EXECFN) & ~UINT64_C(15); /* the kernel puts it at the stack's top */
    s->lo = s->hi > n ? s->hi - n : 0;
}

static void learn_thread(struct native_stack *s)
{
    pthread_attr_t attr;
    void *lo = NULL;
    size_t n = 0;
    if (pthread_getattr_np(pthread_self(), &attr) != 0)
        return;
    if (pthread_attr_getstack(&attr, &lo, &n) == 0) {
        s->lo = (uint64_t)(uintptr_t)lo;
        s->hi = s->lo + n;
    }
    pthread_attr_destroy(&attr);
}

void native_stack_learn(struct native_stack *s)
{
    memset(s, 0, sizeof *s);
    if (syscall(SYS_gettid) == getpid())
        learn_main(s);
    else if (!kernel_filter_is_up()) /* pthread_getattr_np makes system calls of its own */
        learn_thread(s);
}

/* ---- steps ---- */

void native_begin(struct native_frame *f, const ucontext_t *context)
{
    static const uint8_t dwarf_of[] = {/* in the order of REG_R8 ... */
                                       8,       9,       10,      11,      12,      13,
                                       14,      15,      CFI_RDI, CFI_RSI, CFI_RBP, CFI_RBX,
                                       CFI_RDX, CFI_RAX, CFI_RCX, CFI_RSP};
    const greg_t *g = context->uc_mcontext.gregs;
    for (int i = 0; i < 16; i++)
        f->r[dwarf_of[i]] = (uint64_t)g[i];
    f->pc = moved_origin((uint64_t)g[REG_RIP]);
    f->is_exact = 1;
    f->is_guessed = 0;
}

static _Atomic int asks_nothing;

void native_ask_nothing(void)
{
    atomic_store_explicit(&asks_nothing, 1, memory_order_relaxed);
}

int native_asks_nothing(void)
{
    return atomic_load_explicit(&asks_nothing, memory_order_relaxed);
}

/* The kernel copies, so that nothing faults. */
int native_read(uint64_t at, void *out, size_t n)
{
    struct iovec to = {out, n}, from = {(void *)(uintptr_t)at, n};
    if (native_asks_nothing())
        return -1;
    return syscall(SYS_process_vm_readv, getpid(), &to, 1UL, &from, 1UL, 0UL) == (long)n ? 0 : -1;
}

/* A mask that is to be set in no way that there is: the kernel reads it, and refuses.  One at 0 it takes for none. */
static int is_readable(uint64_t at)
{
    return at >= PAGE_BYTES &&
           (syscall(SYS_rt_sigprocmask, -1, at & ~UINT64_C(7), NULL, 8UL) == 0 || errno != EFAULT);
}

static int on_two_pages(uint64_t at, size_t n)
{
    return (at ^ (at + n - 1)) / PAGE_BYTES != 0;
}

int native_peek(uint64_t at, void *out, size_t n)
{
    static _Atomic int
        emulated; /* 1: no, 2: yes; valgrind prints something where a system call is wrong */
    int e = atomic_load_explicit(&emulated, memory_order_relaxed);
    if (unlikely(e == 0)) {
        e = 1 + valgrind_here();
        atomic_store_explicit(&emulated, e, memory_order_relaxed);
    }
    if (unlikely(e == 2))
        return native_read(at, out, n);
    if (!is_readable(at) || (on_two_pages(at, n) && !is_readable(at + n - 1)))
        return -1;
    memcpy(out, (const void *)(uintptr_t)at, n);
    return 0;
}

/* On a stack whose reach is not known a walk asks once for each page. */
static COLD int peek_at(struct native_frame *f, uint64_t at, void *out, size_t n)
{
    uint64_t page = at & ~(uint64_t)(PAGE_BYTES - 1);
    if (page == f->page && !on_two_pages(at, n)) {
        memcpy(out, (const void *)(uintptr_t)at, n);
        return 0;
    }
    if (native_peek(at, out, n) != 0)
        return -1;
    f->page = page;
    return 0;
}

/* As far as the page goes: of one page the kernel copies all or nothing. */
static COLD int fill(struct native_window *w, uint64_t at, size_t n)
{
    size_t rest = PAGE_BYTES - (at & (PAGE_BYTES - 1)), most = sizeof w->bytes;
    w->n = 0;
    if (rest < n)
        return -1;
    if (rest < most)
        most = rest;
    if (native_read(at, w->bytes, most) != 0)
        return -1;
    w->at = at;
    w->n = (uint32_t)most;
    return 0;
}

static COLD int window_read(struct native_window *w, uint64_t at, void *out, size_t n)
{
    int has = n <= w->n && at - w->at <= w->n - n; /* AT may be anything */
    if (!has && fill(w, at, n) != 0)
        return native_read(at, out, n);
    memcpy(out, w->bytes + (at - w->at), n);
    return 0;
}

/* Copies N bytes of the stack that F is on; nothing faults. Returns 0, or -1. */
static inline __attribute__((always_inline)) int
read_stack(const struct native_stack *s, struct native_frame *f, uint64_t at, void *out, size_t n)
{
    uint64_t sp = f->r[CFI_RSP];
    if (likely(at >= s->lo && at >= sp && at + n <= s->hi && sp >= s->lo)) {
        memcpy(out, (const void *)(uintptr_t)at, n);
        return 0;
    }
    if (s->peeks)
        return peek_at(f, at, out, n);
    return s->window != NULL ? window_read(s->window, at, out, n) : native_read(at, out, n);
}

/* Whether it is what the kernel returns to from a signal handler: mov $15, %rax; syscall.  Or ours (signal_return.S): call;
 * mov $15, %eax; syscall. */
static int is_sigreturn(uint64_t pc)
{
    static const uint8_t code[9] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};
    static const uint8_t own[7] = {0xb8, 0x0f, 0, 0, 0, 0x0f, 0x05};
    enum { CALL = 0xe8, CALL_BYTES = 5 };
    const uint8_t *at = (const void *)(uintptr_t)pc;
    if (begin_reading() != 0)
        return 0;
    int is = object_of(at) >= 0 && (memcmp(at, code, sizeof code) == 0 ||
                                    (*at == CALL && memcmp(at + CALL_BYTES, own, sizeof own) == 0));
    end_reading();
    return is;
}

static int step_signal(struct native_frame *f, const struct native_stack *s)
{
    ucontext_t c;
    uint64_t at = f->r[CFI_RSP] + offsetof(ucontext_t, uc_mcontext.gregs);
    if (read_stack(s, f, at, &c.uc_mcontext.gregs, sizeof c.uc_mcontext.gregs) != 0)
        return -1;
    native_begin(f, &c);
    return 1;
}

static int step_row(struct native_frame *f, const struct native_stack *s, const struct cfi_row *row)
{
    uint64_t sp = f->r[CFI_RSP], cfa = f->r[row->cfa_reg] + (uint64_t)(int64_t)row->cfa_offset, ra;
    if (cfa <= sp || cfa - sp > FRAME_MAX_BYTES || cfa & 7 ||
        read_stack(s, f, cfa + (uint64_t)(int64_t)row->return_offset, &ra, sizeof ra) != 0)
        return -1;
    for (int i = 0; i < CFI_SAVED_N; i++)
        if (row->saved[i] != CFI_NOT_SAVED &&
            read_stack(s, f, cfa + (uint64_t)(int64_t)row->saved[i], &f->r[cfi_saved_register[i]],
                       sizeof ra) != 0)
            return -1;
    f->r[CFI_RSP] = cfa;
    f->pc = ra;
    f->is_exact = 0;
    return ra != 0;
}

/* A linkage stub pushes one word from its eleventh byte on. */
static int step_plt(struct native_frame *f, const struct native_stack *s)
{
    uint64_t cfa = f->r[CFI_RSP] + 8 + ((f->pc & 15) >= 11 ? 8 : 0), ra;
    if (read_stack(s, f, cfa - 8, &ra, sizeof ra) != 0)
        return -1;
    f->r[CFI_RSP] = cfa;
    f->pc = ra;
    f->is_exact = 0;
    return ra != 0;
}

/* FF /2 with all its ways to name an address. */
static int is_indirect_call(const uint8_t *end)
{
    enum { GROUP = 0xff, GROUP_MIN = 2, GROUP_MAX = 7, WHICH = 2 };
    for (int n = GROUP_MIN; n <= GROUP_MAX; n++)
        if (end[-n] == GROUP && (end[1 - n] >> 3 & 7) == WHICH)
            return 1;
    return 0;
}

/* A call by an offset, of what begins shortly before PC.  END: the address of its end. */
static int is_call_of(const uint8_t *code_end, uint64_t end, uint64_t pc)
{
    enum { CALL = 0xe8, CALL_BYTES = 5, SHORT_BYTES = 4096 };
    int32_t offset;
    memcpy(&offset, code_end - sizeof offset, sizeof offset);
    return code_end[-CALL_BYTES] == CALL && pc - (end + (uint64_t)(int64_t)offset) < SHORT_BYTES;
}

/* Whether a function that has a description, before AT, has called the one that PC is in.  What such code leaves on the stack may be
 * a return address, too, but of another call: an indirect one can only be told where it leads to another object. */
static int called(uint64_t at, uint64_t pc)
{
    struct cfi_row row;
    uint8_t code[7], *end = code + sizeof code;
    native_row(at - 1, &row);
    if (row.kind != CFI_ROW || native_read(at - sizeof code, code, sizeof code) != 0)
        return 0;
    return is_call_of(end, at, pc) ||
           (is_indirect_call(end) &&
            object_of((const void *)(uintptr_t)at) != object_of((const void *)(uintptr_t)pc));
}

/* What the linker puts into each object (_init, _fini, what calls its destructors) has no description, and no more than some
 * words on the stack. */
static COLD int step_undescribed(struct native_frame *f, const struct native_stack *s)
{
    enum { WORDS = 4 };
    uint64_t sp = f->r[CFI_RSP], word[WORDS];
    if (object_of((const void *)(uintptr_t)f->pc) < 0 ||
        read_stack(s, f, sp, word, sizeof word) != 0)
        return -1;
    for (unsigned i = 0; i < WORDS; i++) {
        if (!called(word[i], f->pc))
            continue;
        if (i > 0 && f->r[CFI_RBP] == sp + (i - 1) * sizeof *word)
            f->r[CFI_RBP] = word[i - 1];
        f->r[CFI_RSP] = sp + (i + 1) * sizeof *word;
        f->pc = word[i];
        f->is_exact = 0;
        f->is_guessed = 1;
        return 1;
    }
    return -1;
}

/* A return address in front of which there is no code, while a function begins there, was put by who made the stack (makecontext
 * and the like): what its first function returns to.  No call returns to there. */
static int is_made_up(const struct native_frame *f)
{
    struct cfi_row row;
    if (f->is_exact)
        return 0;
    native_row(f->pc, &row);
    return row.kind == CFI_ROW || row.kind == CFI_OUTERMOST;
}

static uint64_t place_of(const struct native_frame *f)
{
    return f->is_exact ? f->pc : f->pc - 1;
}

static int step(struct native_frame *f, const struct native_stack *s, const struct cfi_row *row)
{
    switch (row->kind) {
    case CFI_ROW:
        return step_row(f, s, row);
    case CFI_PLT:
        return step_plt(f, s);
    case CFI_OUTERMOST:
        return 0;
    case CFI_NONE:
        return is_made_up(f) ? 0 : step_undescribed(f, s);
    default: /* the C library describes signal frames by expressions */
        return !f->is_exact && is_sigreturn(f->pc) ? step_signal(f, s) : -1;
    }
}

int native_step(struct native_frame *f, const struct native_stack *s)
{
    struct cfi_row row;
    native_row(place_of(f), &row);
    return step(f, s, &row);
}

/* ---- the last walk ---- */

void native_trail_begin(struct native_trail *t)
{
    uint32_t now = atomic_load_explicit(&forgotten, memory_order_relaxed);
    t->now = !t->now;
    t->n[t->now] = t->at = 0;
    if (t->forgotten != now)
        t->n[!t->now] = 0;
    t->forgotten = now;
}

/* The row of PC, if the last walk has met it next, or nearly, or at this very place of the stack; else NULL.  A row is told by the pc alone:
 * where a frame came in between or went, those inside of it stand elsewhere, but in the same order. */
static const struct cfi_row *row_on(struct native_trail *t, uint64_t sp, uint64_t pc)
{
    enum { AHEAD = 3 };
    const struct native_footprint *old = t->print[!t->now];
    int n = t->n[!t->now], at = t->at;
    for (int i = at; i < n && i < at + AHEAD; i++)
        if (old[i].pc == pc) {
            t->at = i + 1;
            return &old[i].row;
        }
    while (at < n && old[at].sp < sp)
        at++;
    t->at = at;
    return at < n && old[at].sp == sp && old[at].pc == pc ? &old[at].row : NULL;
}

int native_step_along(struct native_frame *f, const struct native_stack *s, struct native_trail *t)
{
    struct native_footprint here = {.sp = f->r[CFI_RSP], .pc = place_of(f)};
    const struct cfi_row *row = row_on(t, here.sp, here.pc);
    if (row != NULL)
        here.row = *row;
    else
        native_row(here.pc, &here.row);
    if (t->n[t->now] < NATIVE_TRAIL_MAX)
        t->print[t->now][t->n[t->now]++] = here;
    return step(f, s, &here.row);
}

/* Steps out of itself while its own frame is still there. */
__attribute__((noinline)) void native_begin_caller(struct native_frame *f,
                                                   const struct native_stack *s)
{
    struct registers here = {.rip = 0}; /* for the analyzer */
    memset(f, 0, sizeof *f);
    registers_now(&here);
    for (int i = 0; i < CFI_SAVED_N; i++)
        f->r[cfi_saved_register[i]] = here.saved[i];
    f->r[CFI_RSP] = here.rsp;
    f->pc = here.rip;
    f->is_exact = 1;
    if (native_step(f, s) <= 0)
        f->pc = 0;
}
