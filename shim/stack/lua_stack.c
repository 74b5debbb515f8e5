/* lua_stack: see lua_stack.h.
 *
 * Where stacks are new all the time (recursion over data), their callers seldom are.  So the nodes of callers are kept by a number
 * made of all that is outside of them, the outermost frame first: what is interned is the part above the first one known. */
#include "shim/stack/lua_stack.h"

#include <stdatomic.h>

#include "shim/stack/roomy.h"

static uint32_t intern_frame(struct lua_frame *f, uint32_t parent)
{
    struct node_key k = lua_stack_key(f, parent);
    return node_intern_merging(&k);
}

uint32_t lua_stack_intern(struct lua_frame *f, int n)
{
    uint32_t node = 0;
    while (n-- > 0)
        node = intern_frame(&f[n], node);
    return node;
}

/* ---- callers known by their numbers ---- */

enum { KNOWN_N = 1 << 12, NODE_BITS = 17 };
#define KNOWN_KEY (UINT64_MAX << NODE_BITS)
_Static_assert(ARENA_NODES_MAX < 1 << NODE_BITS, "a node fits in an entry");

/* An entry is one word: the upper bits of the number, and the node. */
static SHIM_TABLE _Atomic uint64_t known[KNOWN_N];

static _Atomic uint64_t *entry_of(uint64_t key)
{
    return &known[key % KNOWN_N];
}

static uint32_t known_node(uint64_t key)
{
    uint64_t e = atomic_load_explicit(entry_of(key), memory_order_relaxed);
    return (e ^ key) & KNOWN_KEY ? 0 : (uint32_t)(e & ~KNOWN_KEY);
}

static void know(uint64_t key, uint32_t node)
{
    atomic_store_explicit(entry_of(key), (key & KNOWN_KEY) | node, memory_order_relaxed);
}

/* What is equal for equal frames: a Lua function is known by its pc. */
static uint64_t number_of(const struct lua_frame *f)
{
    return (f->kind == NODE_LUA ? f->pc : ~f->value) ^ (uint64_t)f->flags << 48;
}

static uint32_t intern_new(struct lua_frame *f, int n, uint64_t code)
{
    uint64_t key[LUA_STACK_MAX];
    uint32_t node = 0;
    int i;
    for (i = n - 1; i >= 0; i--)
        key[i] = code = lua_key_add(code, number_of(&f[i]));
    for (i = 0; i < n && (node = known_node(key[i])) == 0; i++)
        ;
    while (i-- > 0) {
        node = intern_frame(&f[i], node);
        know(key[i], node);
    }
    return node;
}

struct asked {
    const lua_State *L;
    uint64_t pc, code;
    uint32_t node;
};

/* A frame of its own for what is read. */
static __attribute__((noinline)) void node_roomy(void *asked, const struct native_stack *here)
{
    struct asked *a = asked;
    struct lua_frame f[LUA_STACK_MAX];
    enum lua_frames_end end;
    int n = lua_frames_at_pc((lua_State *)(uintptr_t)a->L, a->pc, f, LUA_KEY_FRAMES, &end);
    (void)here;
    a->node = end == LUA_FRAMES_WHOLE ? intern_new(f, n, a->code) : lua_stack_intern(f, n);
}

uint32_t lua_stack_node(const lua_State *L, uint64_t pc, uint64_t code, int may_ask)
{
    enum { STACK = 16 * 1024 };
    struct asked a = {L, pc, code, 0};
    roomy_call(node_roomy, &a, STACK, may_ask);
    return a.node;
}
