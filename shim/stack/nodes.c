/* nodes: see nodes.h.
 *
 * The last OVERFLOW_N entries of the table are for overflow nodes; the first one made stands for
 * stacks with no caller at all, so that there is always one.  The CUT_N in front of them are left by stacks of
 * allocations to frames whose callers found no room.
 *
 * An index of ids by hash, in private memory (a fork's child has it too), points into the arena's
 * tables.  A slot goes from 0 to an id once; an id that lost the race for its slot is wasted.  One page is tried first, then
 * a few: a small index touches few pages.  Beside the id stand bits of the hash, so that of what others have put there nothing is
 * read but the slot. */
#include "shim/stack/nodes.h"

#include <string.h>

#include "shim/record/record_api.h"
#include "shim/record/region.h"
#include "shim/stack/lua_frames.h"

enum {
    PROBES_MAX = 64,
    OVERFLOW_N = 1024,
    CUT_N = 8192,
    FIRST_SLOTS = 1024,
    FIRST_TRIES = 4,
    NEXT_SLOTS = 8192,
    NEXT_TRIES = 8,
    SLOTS_BEFORE_REST = FIRST_SLOTS + NEXT_SLOTS,
    NODE_SLOTS = 2 * ARENA_NODES_MAX, /* these are the rest */
    PROTO_SLOTS = 2 * ARENA_PROTOS_MAX
};

static SHIM_TABLE _Atomic uint32_t node_slot[SLOTS_BEFORE_REST + NODE_SLOTS],
    proto_slot[SLOTS_BEFORE_REST + PROTO_SLOTS];

/* Where the I-th try for HASH is made; the rest has REST_N slots. */
static size_t slot_of(uint64_t hash, uint32_t i, uint32_t rest_n)
{
    if (i < FIRST_TRIES)
        return (hash + i) % FIRST_SLOTS;
    if (i < FIRST_TRIES + NEXT_TRIES)
        return FIRST_SLOTS + ((hash >> 12) + i) % NEXT_SLOTS;
    return SLOTS_BEFORE_REST + ((hash >> 16) + i) % rest_n;
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    return x ^ x >> 32;
}

/* The next free entry of a table of MAX, with memory behind it; MAX where there is none. */
static uint32_t take(_Atomic uint32_t *n, uint32_t max, const void *table, size_t each)
{
    uint32_t i = atomic_load(n);
    do {
        if (i >= max || region_reserve((const char *)table + i * each, each))
            return max;
    } while (!atomic_compare_exchange_weak(n, &i, i + 1));
    return i;
}

/* ---- what a slot holds ---- */

enum { ID_BITS = 17 };
#define ID_MASK ((UINT32_C(1) << ID_BITS) - 1)
_Static_assert((uint32_t)ARENA_NODES_MAX <= ID_MASK && (uint32_t)ARENA_PROTOS_MAX <= ID_MASK,
               "an id fits in a slot");

/* Of bits that do not tell the place. */
static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> (32 + ID_BITS)) << ID_BITS;
}

/* ---- nodes ---- */

/* arena_node.ready: one that lost the race for its slot never gets into the index. */
enum { NODE_FILLED = 1, NODE_INDEXED = 2 };

static int same_node(uint32_t id, const struct node_key *k)
{
    const struct arena_node *d = &arena->nodes[id - 1];
    return d->value == k->value && d->parent == k->parent && d->line == k->line &&
           d->kind == k->kind && d->flags == k->flags;
}

static uint32_t node_fill(uint32_t i, const struct node_key *k)
{
    struct arena_node *d = &arena->nodes[i];
    d->value = k->value;
    d->parent = k->parent;
    d->line = k->line;
    d->kind = k->kind;
    d->flags = k->flags;
    atomic_store_explicit(&d->ready, NODE_FILLED, memory_order_release);
    return i + 1;
}

static uint32_t node_add(const struct node_key *k, uint32_t max)
{
    uint32_t i = take(&arena->nodes_n, max, arena->nodes, sizeof *arena->nodes);
    return i < max ? node_fill(i, k) : 0;
}

/* The node behind its caller's: of a stack that was new as a whole, one frame stands behind the other.  Only what is in use has memory
 * behind it. */
static uint32_t next_to_caller(const struct node_key *k)
{
    uint32_t at = k->parent;
    if (at == 0 || at >= atomic_load_explicit(&arena->nodes_n, memory_order_acquire) ||
        atomic_load_explicit(&arena->nodes[at].ready, memory_order_acquire) != NODE_INDEXED)
        return 0;
    return same_node(at + 1, k) ? at + 1 : 0;
}

static uint32_t look_up_hashed(const struct node_key *k, uint32_t max)
{
    uint64_t h = mix(k->value + mix((uint64_t)k->parent << 32 | k->line) +
                     ((uint64_t)k->kind << 16 | k->flags));
    for (uint32_t i = 0; i < PROBES_MAX; i++) {
        _Atomic uint32_t *slot = &node_slot[slot_of(h, i, NODE_SLOTS)];
        uint32_t held = atomic_load_explicit(slot, memory_order_acquire);
        if (held == 0) {
            uint32_t mine = node_add(k, max);
            if (mine == 0)
                return 0;
            if (atomic_compare_exchange_strong(slot, &held, mine | tag_of(h))) {
                atomic_store_explicit(&arena->nodes[mine - 1].ready, NODE_INDEXED,
                                      memory_order_release);
                return mine;
            }
        }
        if ((held & ~ID_MASK) == tag_of(h) && same_node(held & ID_MASK, k))
            return held & ID_MASK;
    }
    return 0;
}

/* Made where it is not there, of the first MAX entries; 0: there is no room. */
static uint32_t look_up(const struct node_key *k, uint32_t max)
{
    uint32_t id = next_to_caller(k);
    return id != 0 ? id : look_up_hashed(k, max);
}

static int is_overflow(uint32_t id)
{
    return id != 0 && arena->nodes[id - 1].kind == NODE_OVERFLOW;
}

static uint32_t overflow_root(void)
{
    static _Atomic uint32_t root;
    const struct node_key k = {.kind = NODE_OVERFLOW};
    uint32_t id = atomic_load_explicit(&root, memory_order_relaxed);
    if (id == 0) {
        id = look_up(&k, ARENA_NODES_MAX);
        atomic_store_explicit(&root, id, memory_order_relaxed);
    }
    return id;
}

/* Stands for all that the caller called; where there is no room even for that, for all that its
 * caller called, and so on. */
static uint32_t overflow(uint32_t parent)
{
    struct node_key k = {.kind = NODE_OVERFLOW};
    uint32_t root = overflow_root(), id = 0;
    loss_count(LOSS_NODES_FULL, 1);
    for (k.parent = parent; k.parent != 0 && id == 0; k.parent = arena->nodes[k.parent - 1].parent)
        id = look_up(&k, ARENA_NODES_MAX);
    return id != 0 ? id : root;
}

uint32_t node_intern(const struct node_key *k)
{
    if (is_overflow(k->parent))
        return k->parent;
    uint32_t id = look_up(k, ARENA_NODES_MAX - OVERFLOW_N);
    return likely(id != 0) ? id : overflow(k->parent);
}

/* ---- frames whose callers are not kept ---- */

static int is_cut(uint32_t id)
{
    return id != 0 && (is_overflow(id) || (arena->nodes[id - 1].flags & NODE_CUT));
}

static struct node_key key_of(uint32_t id)
{
    const struct arena_node *d = &arena->nodes[id - 1];
    return (struct node_key){d->value, d->parent, d->line, d->kind, d->flags};
}

static uint32_t cut_below(const struct node_key *k, uint32_t parent)
{
    struct node_key cut = *k;
    cut.parent = parent;
    cut.flags |= NODE_CUT;
    uint32_t id = look_up(&cut, ARENA_NODES_MAX - OVERFLOW_N);
    return id != 0 ? id : parent;
}

/* There are few lines, and few functions that these call: so the innermost Lua function stays, and the C function within it. */
static uint32_t cut(const struct node_key *k)
{
    uint32_t root = overflow_root();
    if (root == 0 || k->kind == NODE_COROUTINE || k->kind == NODE_OVERFLOW)
        return root;
    if (k->kind != NODE_C_FUNCTION || k->parent == 0)
        return cut_below(k, root);
    if (is_cut(k->parent))
        return cut_below(k, k->parent);
    struct node_key caller = key_of(k->parent);
    return cut_below(k, caller.kind == NODE_LUA ? cut_below(&caller, root) : root);
}

uint32_t node_cut(uint32_t id)
{
    if (id == 0 || is_cut(id))
        return id;
    struct node_key k = key_of(id);
    return cut(&k);
}

static uint32_t intern_or_cut(const struct node_key *k)
{
    uint32_t id = look_up(k, ARENA_NODES_MAX - OVERFLOW_N - CUT_N);
    if (likely(id != 0))
        return id;
    loss_count(LOSS_NODES_FULL, 1);
    return cut(k);
}

/* ---- recursion ---- */

static int same_function(const struct arena_node *d, const struct node_key *k)
{
    return d->value == k->value && d->kind == k->kind && d->kind != NODE_COROUTINE;
}

/* The nearest caller that is the same function; 0: none. */
static uint32_t same_caller(const struct node_key *k)
{
    enum { STEPS_MAX = 64 };
    uint32_t id = k->parent;
    for (int i = 0; id != 0 && i < STEPS_MAX; i++, id = arena->nodes[id - 1].parent)
        if (same_function(&arena->nodes[id - 1], k))
            return id;
    return 0;
}

uint32_t node_intern_merging(const struct node_key *k)
{
    if (is_cut(k->parent))
        return cut(k);
    if (atomic_load_explicit(&arena->nodes_n, memory_order_relaxed) < ARENA_NODES_MAX / 4)
        return intern_or_cut(k);
    uint32_t same = same_caller(k);
    if (same == 0)
        return intern_or_cut(k);
    struct node_key beside = *k;
    beside.parent = arena->nodes[same - 1].parent;
    beside.flags |= NODE_MERGED;
    return intern_or_cut(&beside);
}

/* ---- Lua functions ---- */

/* Recently seen addresses, so that the text of a source is hashed once. */
enum { RECENT_N = 512 };
static SHIM_TABLE struct {
    _Atomic uint64_t proto;
    _Atomic uint32_t id;
} recent[RECENT_N];

static uint32_t proto_add(uint32_t source, const struct lua_proto *p)
{
    uint32_t i = take(&arena->protos_n, ARENA_PROTOS_MAX, arena->protos, sizeof *arena->protos);
    if (i == ARENA_PROTOS_MAX)
        return 0;
    struct arena_proto *d = &arena->protos[i];
    d->source = source;
    d->line_defined = p->line_defined;
    d->last_line = p->last_line;
    atomic_store_explicit(&d->ready, 1, memory_order_release);
    return i + 1;
}

static int same_proto(uint32_t id, uint32_t source, const struct lua_proto *p)
{
    const struct arena_proto *d = &arena->protos[id - 1];
    return d->source == source && d->line_defined == p->line_defined &&
           d->last_line == p->last_line;
}

static uint32_t proto_find(const struct lua_proto *p)
{
    size_t n = p->source_n < PROTO_SOURCE_MAX ? p->source_n : PROTO_SOURCE_MAX;
    uint32_t source = p->source != NULL ? intern(p->source, n) : 0;
    uint64_t h = mix((uint64_t)source << 32 ^ p->line_defined ^ (uint64_t)p->last_line << 20);
    for (uint32_t i = 0; i < PROBES_MAX; i++) {
        _Atomic uint32_t *slot = &proto_slot[slot_of(h, i, PROTO_SLOTS)];
        uint32_t held = atomic_load_explicit(slot, memory_order_acquire);
        if (held == 0) {
            uint32_t mine = proto_add(source, p);
            if (mine == 0 || atomic_compare_exchange_strong(slot, &held, mine | tag_of(h)))
                return mine;
        }
        if ((held & ~ID_MASK) == tag_of(h) && same_proto(held & ID_MASK, source, p))
            return held & ID_MASK;
    }
    return 0;
}

/* Of the source's text: where it is short, of all of it. */
static uint64_t source_key(const struct lua_proto *p)
{
    enum { WORDS = 5 };
    uint64_t key = p->source_n, word;
    for (size_t at = 0; at < p->source_n && at < WORDS * sizeof word; at += sizeof word) {
        size_t n = p->source_n - at;
        word = 0;
        memcpy(&word, p->source + at, n < sizeof word ? n : sizeof word);
        key = mix(key ^ word);
    }
    if (p->source_n > WORDS * sizeof word) {
        memcpy(&word, p->source + p->source_n - sizeof word, sizeof word);
        key = mix(key ^ word);
    }
    return key;
}

/* An address may come back as another function's, and so may that of its source: lines and texts are compared. */
uint32_t proto_intern(const void *proto)
{
    struct lua_proto p;
    lua_proto_read(proto, &p);
    uint64_t key = mix((uint64_t)(uintptr_t)proto ^ mix(source_key(&p)) ^
                       ((uint64_t)p.line_defined << 32 | p.last_line)) |
                   1;
    size_t at = (key >> 1) % RECENT_N;
    uint32_t id = atomic_load_explicit(&recent[at].id, memory_order_relaxed);
    if (id != 0 && atomic_load_explicit(&recent[at].proto, memory_order_relaxed) == (key ^ id))
        return id;
    id = proto_find(&p);
    atomic_store_explicit(&recent[at].proto, key ^ id, memory_order_relaxed);
    atomic_store_explicit(&recent[at].id, id, memory_order_relaxed);
    return id;
}
