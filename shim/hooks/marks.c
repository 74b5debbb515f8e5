/* marks: see marks.h. */
#include "shim/hooks/marks.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arena/snapshot.h"
#include "shim/hooks/alloc_errand.h"
#include "shim/hooks/heap.h"
#include "shim/real.h"
#include "shim/record/config.h"
#include "shim/record/record_api.h"
#include "shim/sampler/sampler.h"
#include "shim/stack/roomy.h"
#include "shim/stack/native_bounds.h"

SHIM_EXPORT void modprof_mark(const char *name);

/* ---- taking ---- */

/* Its slot's last mark is in the trace. */
static int is_free(const struct arena_mark *m, uint64_t id)
{
    return id <= ARENA_MARKS_MAX || atomic_load_explicit(&m->emitted, memory_order_acquire);
}

/* A free mark, reserved, its id set; NULL where there is none. */
static struct arena_mark *mark_new(void)
{
    struct arena_memory *m = &arena->memory;
    uint64_t n = atomic_load(&m->marks_n);
    struct arena_mark *mark;
    do {
        mark = &arena->marks[n % ARENA_MARKS_MAX];
        if (memory_reserve(mark, sizeof *mark) || !is_free(mark, n + 1)) {
            loss_count(LOSS_MARKS, 1);
            return NULL;
        }
    } while (!atomic_compare_exchange_weak(&m->marks_n, &n, n + 1));
    atomic_store(&mark->ready, 0);
    atomic_store(&mark->emitted, 0);
    mark->id = n + 1;
    return mark;
}

void mark_take(const char *name, size_t n, enum mark_origin origin, uint32_t state)
{
    if (arena == NULL || !arena->memory_used)
        return;
    int saved = errno;
    struct arena_mark *m = mark_new();
    if (m != NULL) {
        struct rec_sample_memory heap = {0};
        snapshot_memory(arena, &heap);
        m->at_ns = now_ns();
        m->lua_bytes = heap.lua_bytes;
        m->c_bytes = heap.c_bytes;
        m->rss_bytes = memory_resident();
        m->name = intern(name, n);
        m->origin = origin;
        m->tid = (uint32_t)syscall(SYS_gettid);
        m->state = state;
        atomic_store_explicit(&m->ready, 1, memory_order_release);
        writer_now();
    }
    errno = saved;
}

/* ---- from C ---- */

SHIM_EXPORT void modprof_mark(const char *name)
{
    if (name != NULL)
        mark_take(name, strlen(name), MARK_C, 0);
}

/* ---- from Lua ---- */

static int lua_mark(lua_State *L)
{
    struct lua_copy *c = copy_of_address((const void *)(uintptr_t)__builtin_return_address(0));
    struct lua_copy *now = c != NULL ? c : copy_current();
    const struct arena_state *s = heap_state(now, L);
    size_t n = 0;
    const char *name = now->api.lua_tolstring(L, 1, &n);
    mark_take(name != NULL ? name : "", name != NULL ? n : 0, MARK_LUA, s != NULL ? s->id : 0);
    return 0;
}

/* Protected: memory may be short. */
static int put_global(lua_State *L)
{
    const struct lua_api *api = &copy_now->api;
    api->lua_createtable(L, 0, 1);
    api->lua_pushcclosure(L, lua_mark, 0);
    api->lua_setfield(L, -2, "mark");
    api->lua_setglobal(L, "modprof");
    return 0;
}

static void put(struct lua_copy *c, lua_State *L)
{
    int top = c->api.lua_gettop(L);
    c->api.lua_pushcclosure(L, put_global, 0);
    c->api.lua_pcallk(L, 0, 0, 0, 0, NULL);
    c->api.lua_settop(L, top);
}

/* ---- by a signal ---- */

static _Atomic int owns;       /* the handler is ours */
static _Atomic unsigned asked; /* marks */
static struct sigaction host_action;

static void on_signal(int n)
{
    int saved = errno;
    (void)n;
    atomic_fetch_add(&asked, 1);
    if (arena != NULL)
        alloc_errand_mark();
    errno = saved;
}

static void unusable_note(void)
{
    uncovered_note("marks by signal",
                   "MODPROF_MARK_SIGNAL is no number of a signal that can be handled", 0);
}

static void handle(int signal)
{
    struct sigaction ours, now;
    memset(&ours, 0, sizeof ours);
    ours.sa_handler = on_signal;
    ours.sa_flags = SA_RESTART | SA_ONSTACK;
    if (real.sigaction == NULL)
        return;
    if (signal < 0 || real.sigaction(signal, NULL, &now) != 0) {
        unusable_note();
        return;
    }
    if (now.sa_handler != SIG_DFL && now.sa_handler != SIG_IGN) {
        uncovered_note("marks by signal", "the program uses the signal (see MODPROF_MARK_SIGNAL)",
                       0);
        return;
    }
    host_action = now;
    if (real.sigaction(signal, &ours, NULL) == 0)
        atomic_store(&owns, 1);
    else
        unusable_note();
}

int marks_own(int n)
{
    return atomic_load_explicit(&owns, memory_order_relaxed) && n == config.mark_signal;
}

int marks_action(const struct sigaction *act, struct sigaction *old)
{
    struct sigaction before = host_action;
    if (act != NULL) {
        if (real.sigaction(config.mark_signal, act, NULL) != 0)
            return -1;
        atomic_store(&owns, 0);
    }
    if (old != NULL)
        *old = before;
    return 0;
}

struct asked_marks {
    unsigned n;
    uint32_t state;
};

static void take_asked(void *asked_marks, const struct native_stack *here)
{
    static const char name[] = "signal";
    const struct asked_marks *a = asked_marks;
    (void)here;
    for (unsigned n = a->n; n > 0; n--)
        mark_take(name, sizeof name - 1, MARK_SIGNAL, a->state);
}

/* A drain takes room. */
int marks_by_signal(uint32_t state)
{
    enum { DRAIN_STACK = 256 * 1024 };
    struct asked_marks a = {atomic_exchange(&asked, 0), state};
    if (a.n == 0 || roomy_call(take_asked, &a, DRAIN_STACK, !sampler_is_fenced()) == 0)
        return 0;
    atomic_fetch_add(&asked, a.n);
    return -1;
}

void marks_state(struct lua_copy *c, lua_State *L)
{
    static _Atomic int looked;
    if (likely(!config.marks && !config.mark_signal))
        return;
    if (config.mark_signal && !atomic_exchange(&looked, 1))
        handle(config.mark_signal);
    if (config.marks)
        put(c, L);
}
