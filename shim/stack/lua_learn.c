/* lua_learn: see lua_learn.h.
 *
 * A Lua function of known lines calls a C function, which compares what lua_frames says with what
 * lua_getinfo says, and walks the C stack: the outermost frame in whose registers the calling function's pc still
 * stands is the VM loop. Where no frame has it (a VM that keeps it in memory), the largest function of this
 * copy between the C function and lua_callk is. */
#include "shim/stack/lua_learn.h"

#include <stdlib.h>
#include <string.h>

#include "shim/attach/scratch.h"
#include "shim/record/config.h"
#include "shim/record/record_api.h"
#include "shim/stack/lua_frames.h"
#include "shim/stack/lua_kinds.h"
#include "shim/stack/lua_roles.h"
#include "shim/stack/trail.h"

enum { FRAMES_MAX = 24, STATE_SLOTS = sizeof((struct lua_learnt){0}.state_slot) / sizeof(int16_t) };

static struct lua_learnt learnt[ARENA_COPIES_MAX];

const struct lua_learnt *lua_learnt(uint32_t id)
{
    return &learnt[id < ARENA_COPIES_MAX ? id : 0];
}

static struct {
    const struct lua_api *api;
    struct lua_learnt *out;
    const struct lua_copy *copy;
    struct native_stack stack; /* known, so that walks need not ask the kernel for each word */
} now;

/* ---- in the C function that the Lua function called ---- */

static int same_as_lua_says(lua_State *L)
{
    struct lua_frame f[8];
    enum lua_frames_end end;
    int n = lua_frames(L, NULL, f, 8, &end);
    if (end != LUA_FRAMES_WHOLE || n != 4)
        return 0;
    for (int level = 0; level < n; level++) {
        lua_Debug ar;
        if (!now.api->lua_getstack(L, level, &ar) || !now.api->lua_getinfo(L, "Sl", &ar))
            return 0;
        lua_frame_read(&f[level]);
        int is_c = *ar.what == 'C';
        if (is_c != (f[level].kind == NODE_C_FUNCTION))
            return 0;
        if (is_c)
            continue;
        struct lua_proto p;
        lua_proto_read((const void *)(uintptr_t)f[level].value, &p);
        if (f[level].line != (uint32_t)ar.currentline ||
            p.line_defined != (uint32_t)ar.linedefined ||
            p.last_line != (uint32_t)ar.lastlinedefined || p.source == NULL ||
            p.source_n != ar.srclen || memcmp(p.source, ar.source, p.source_n) != 0)
            return 0;
    }
    return 1;
}

static int holds_pc(const struct native_frame *f, uint64_t lo, uint64_t hi)
{
    for (int i = 0; i < CFI_SAVED_N; i++)
        if (f->r[cfi_saved_register[i]] > lo && f->r[cfi_saved_register[i]] <= hi)
            return 1;
    return 0;
}

/* Built without optimisation, the VM has its pc in its frame, and nothing else there is the same: the pc that it saved for
 * the call. */
static int32_t find_slot(const struct native_frame *f, uint64_t saved_pc)
{
    int32_t found = 0;
    uint64_t word, rsp = f->r[CFI_RSP], rbp = f->r[CFI_RBP];
    if (rsp < now.stack.lo || rbp <= rsp || rbp >= now.stack.hi)
        return 0;
    for (uint64_t at = rsp; at < rbp; at += 8) {
        memcpy(&word, (const void *)(uintptr_t)at, sizeof word);
        if (word != saved_pc)
            continue;
        if (found != 0)
            return 0;
        found = (int32_t)(at - rbp);
    }
    return found;
}

/* A VM built without optimisation has many copies of it for a moment; the one that stays is the first or the last. */
static void add_slot(struct lua_learnt *out, int16_t at)
{
    if (out->state_slots_n == STATE_SLOTS)
        out->state_slot[STATE_SLOTS - 1] = at;
    else
        out->state_slot[out->state_slots_n++] = at;
}

/* Where the frame F of the VM, which runs L, has it.  All words of the frame are looked at, also those that nobody wrote, which valgrind
 * would tell of. */
static void find_state(const struct native_frame *f, const lua_State *L)
{
    if (config.valgrind)
        return;
    struct lua_learnt *out = now.out;
    struct native_frame caller = *f;
    uint64_t word, rsp = f->r[CFI_RSP], state = (uint64_t)(uintptr_t)L;
    int64_t bytes = native_step(&caller, &now.stack) > 0 ? (int64_t)(caller.r[CFI_RSP] - rsp) : 0;
    for (int i = 0; i < CFI_SAVED_N; i++)
        if (f->r[cfi_saved_register[i]] == state)
            out->state_registers |= (uint16_t)(1u << cfi_saved_register[i]);
    for (int64_t at = 0; at + 8 <= bytes && at < INT16_MAX; at += 8) {
        memcpy(&word, (const char *)(uintptr_t)rsp + at, sizeof word);
        if (word == state)
            add_slot(out, (int16_t)at);
    }
}

static void find_vm(lua_State *L)
{
    struct lua_frame lua[2];
    enum lua_frames_end end;
    struct native_frame f, vm = {.pc = 0}, holder = {.pc = 0};
    struct cfi_range range, largest = {0, 0}, with_pc = {0, 0};
    uint64_t lo, hi;
    if (lua_frames(L, NULL, lua, 2, &end) < 2)
        return;
    lua_frame_read(&lua[1]);
    lua_proto_code((const void *)(uintptr_t)lua[1].value, &lo, &hi);
    native_begin_caller(&f, &now.stack);
    for (int i = 0; i < FRAMES_MAX && native_step(&f, &now.stack) > 0; i++) {
        if (f.pc < now.copy->text_lo || f.pc >= now.copy->text_hi || native_range(f.pc - 1, &range))
            continue;
        if (range.hi - range.lo > largest.hi - largest.lo) {
            largest = range;
            vm = f;
        }
        if (holds_pc(&f, lo, hi)) {
            with_pc = range;
            holder = f;
        }
    }
    now.out->vm = with_pc.hi != 0 ? with_pc : largest;
    now.out->pc_in_register = with_pc.hi != 0;
    if (with_pc.hi == 0 && largest.hi != 0)
        now.out->pc_slot = find_slot(&vm, lua_frames_saved_pc(L));
    find_state(with_pc.hi != 0 ? &holder : &vm, L);
}

static int learn_here(lua_State *L)
{
    now.out->frames = same_as_lua_says(L);
    if (now.out->frames)
        find_vm(L);
    return 0;
}

/* ---- the state around it ---- */

/* A lua_Reader: the whole text, once.  Not by luaL_loadbufferx, which would come by our hooks. */
static const char *read_chunk(lua_State *L, void *ud, size_t *n)
{
    static const char chunk[] = "local learn = ...\n"
                                "local function f(x)\n"
                                "  local y = x\n"
                                "  learn(y)\n"
                                "  return y\n"
                                "end\n"
                                "\n"
                                "local r = f(1)\n"
                                "return r\n";
    int *read = ud;
    (void)L;
    *n = *read ? 0 : sizeof chunk - 1;
    *read = 1;
    return *n ? chunk : NULL;
}

static int run_chunk(lua_State *L)
{
    int read = 0;
    if (now.api->lua_load(L, read_chunk, &read, "=modprof", "t") != LUA_OK)
        return 0;
    now.api->lua_pushcclosure(L, learn_here, 0);
    now.api->lua_callk(L, 1, 0, 0, NULL);
    return 0;
}

static void learn_in(struct scratch *memory)
{
    lua_State *L = now.api->lua_newstate(scratch_alloc, memory);
    if (L == NULL)
        return;
    now.api->lua_pushcclosure(L, run_chunk, 0);
    now.api->lua_pcallk(L, 0, 0, 0, 0, NULL);
}

/* In Lua 5.4.0 and 5.4.1 no call is marked as one that begins a frame of the VM: all do. */
static int is_known_version(const struct lua_copy *c)
{
    const struct arena_string *s =
        (const void *)&arena->strings[(size_t)(arena->copies[c->id].version_name - 1) * 8];
    const char *dot =
        arena->copies[c->id].version_name ? strstr((const char *)s->bytes, "5.4.") : NULL;
    return dot != NULL && atoi(dot + 4) >= 2;
}

const char *lua_no_frames_why(const struct lua_copy *c)
{
    return c->layout.verified && !is_known_version(c)
               ? "Lua before 5.4.2 does not mark which calls begin a frame of its VM"
               : "this copy's structures are not known";
}

static void publish(const struct lua_copy *c, const struct cfi_range *vm)
{
    arena->copies[c->id].vm_lo = vm->lo;
    arena->copies[c->id].vm_hi = vm->hi;
    atomic_fetch_add(&arena->copies[c->id].version, 1);
}

static void learn(struct lua_copy *c, struct lua_learnt *out, const struct native_stack *stack)
{
    struct scratch memory;
    if (scratch_open(&memory) != 0)
        return;
    struct lua_copy *before = copy_now;
    struct lua_learnt found = {.tried = 1};
    now.api = &c->api;
    now.copy = c;
    now.out = &found;
    now.stack = *stack;
    copy_now = c;
    learn_in(&memory);
    arena->copies[c->id].roles_n = 0;
    if (found.vm.hi != 0)
        lua_roles_learn(c, &found.vm, &now.stack, &memory);
    lua_kinds_learn(c, &now.stack, &memory);
    copy_now = before;
    scratch_close(&memory);
    out->vm = found.vm;
    out->pc_in_register = found.pc_in_register;
    out->pc_slot = found.pc_slot;
    out->state_registers = found.state_registers;
    memcpy(out->state_slot, found.state_slot, sizeof out->state_slot);
    out->state_slots_n = found.state_slots_n;
    __atomic_store_n(&out->frames, found.frames, __ATOMIC_RELEASE);
    if (found.vm.hi != 0)
        publish(c, &found.vm);
}

static int busy; /* 1: a thread is learning */

int lua_learn(struct lua_copy *c, const struct native_stack *stack)
{
    struct lua_learnt *out = &learnt[c->id];
    if (__atomic_exchange_n(&busy, 1, __ATOMIC_ACQ_REL))
        return 0;
    int is_new = !out->tried;
    if (is_new && c->layout.verified && is_known_version(c))
        learn(c, out, stack);
    __atomic_store_n(&out->tried, 1, __ATOMIC_RELEASE);
    __atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
    return is_new;
}

void lua_learn_forked(void)
{
    if (!busy)
        return;
    for (uint32_t i = 0; i < ARENA_COPIES_MAX; i++)
        if (!learnt[i].tried)
            lua_unlearn(i);
    busy = 0;
}

int lua_has_pc(uint32_t id)
{
    return learnt[id].pc_in_register || learnt[id].pc_slot != 0;
}

void lua_bring_pc(uint32_t id, struct native_frame *vm, const struct native_stack *stack)
{
    enum { LAST = 15 };
    uint64_t at = vm->r[CFI_RBP] + (uint64_t)(int64_t)learnt[id].pc_slot, pc = 0;
    if (likely(learnt[id].pc_slot == 0))
        return;
    if (at >= vm->r[CFI_RSP] && at >= stack->lo && at + sizeof pc <= stack->hi)
        memcpy(&pc, (const void *)(uintptr_t)at, sizeof pc);
    else if (native_read(at, &pc, sizeof pc) != 0)
        pc = 0;
    vm->r[LAST] = pc;
}

/* Whether a thread of one of the states that there are lies at AT. */
static int is_state(uint32_t id, uint64_t at)
{
    enum { HEADER_TAG = 8, THREAD = 8, BYTES = 64 };
    uint8_t bytes[BYTES];
    uint64_t global;
    uint32_t n = atomic_load(&arena->states_n), offset = copy_at(id)->layout.state_global;
    if (at == 0 || at % 8 != 0 || offset + sizeof global > BYTES ||
        native_peek(at, bytes, sizeof bytes) != 0 || (bytes[HEADER_TAG] & 0x0f) != THREAD)
        return 0;
    memcpy(&global, bytes + offset, sizeof global);
    for (uint32_t i = 0; i < n; i++)
        if (arena->states[i].in_use == 1 && arena->states[i].global_state == global)
            return 1;
    return 0;
}

/* What the frame VM has at SLOT; 0: it can not be read. */
static uint64_t in_slot(int16_t slot, const struct native_frame *vm,
                        const struct native_stack *stack)
{
    uint64_t at = vm->r[CFI_RSP] + (uint64_t)slot, word = 0;
    if (at >= stack->lo && at + sizeof word <= stack->hi)
        memcpy(&word, (const void *)(uintptr_t)at, sizeof word);
    else if (native_read(at, &word, sizeof word) != 0)
        word = 0;
    return word;
}

lua_State *lua_vm_state(uint32_t id, const struct native_frame *vm,
                        const struct native_stack *stack)
{
    enum { ENTERED_AFTER = 32 }; /* bytes of code that save and set registers */
    const struct lua_learnt *l = &learnt[id];
    uint64_t state = 0;
    if (!l->frames || (vm->is_exact && vm->pc - l->vm.lo < ENTERED_AFTER))
        return NULL;
    for (uint32_t i = 0; i < l->state_slots_n; i++)
        if (is_state(id, state = in_slot(l->state_slot[i], vm, stack)))
            return (lua_State *)(uintptr_t)state;
    for (int i = 0; i < 16; i++)
        if (l->state_registers & 1u << i && is_state(id, state = vm->r[i]))
            return (lua_State *)(uintptr_t)state;
    return NULL;
}

void lua_unlearn(uint32_t id)
{
    struct lua_learnt *l = &learnt[id];
    lua_kinds_forget(id);
    trail_forget();
    l->vm.hi = l->vm.lo = 0;
    l->frames = 0;
    l->tried = 0;
}
