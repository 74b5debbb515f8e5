/* tick_nodes: see tick_nodes.h. */
#include "shim/sampler/tick_nodes.h"

#include "shim/stack/lua_stack.h"

static int is_same(const struct tick_node *a, const struct tick_node *b)
{
    return a->what == b->what && a->parent == b->parent && a->epoch == b->epoch &&
           a->kind == b->kind && a->flags == b->flags;
}

/* A sample on its way inwards. */
struct way {
    struct tick_nodes *last;
    uint32_t stack;                        /* that the frame before was found in */
    uint32_t new;                          /* that takes frames which are not known */
    int found_n[TICK_NODES_STACKS], new_n; /* so far */
};

/* What is new takes the place of the stack of which the last sample had less. */
static struct way way_begin(struct tick_nodes *last)
{
    return (struct way){
        .last = last, .stack = last->latest, .new = (last->latest + 1) % TICK_NODES_STACKS};
}

static void way_end(const struct way *w)
{
    uint32_t other = (w->last->latest + 1) % TICK_NODES_STACKS;
    int latest_n = w->found_n[w->last->latest], other_n = w->found_n[other];
    if (other_n > latest_n || (other_n + latest_n == 0 && w->new_n != 0))
        w->last->latest = other;
}

/* Sets NOW's node, if it is known at DEPTH.  Returns 0 where it is not. */
static int known(struct way *w, int depth, struct tick_node *now)
{
    now->epoch = w->last->epoch;
    for (uint32_t i = 0; i < TICK_NODES_STACKS; i++) {
        uint32_t stack = (w->stack + i) % TICK_NODES_STACKS;
        const struct tick_node *f = &w->last->frame[stack][depth];
        if (f->id != 0 && is_same(f, now)) {
            w->stack = stack;
            w->found_n[stack]++;
            now->id = f->id;
            return 1;
        }
    }
    return 0;
}

static void keep(struct way *w, int depth, const struct tick_node *now)
{
    w->last->frame[w->new][depth] = *now;
    w->new_n++;
}

uint32_t tick_nodes_native(struct tick_nodes *last, const uint64_t *pc, int n)
{
    struct way w = way_begin(last);
    struct tick_node now = {.kind = NODE_NATIVE};
    for (int depth = 0; depth < n; depth++, now.parent = now.id) {
        now.what = pc[n - 1 - depth];
        if (known(&w, depth, &now))
            continue;
        struct node_key k = {.parent = now.parent, .value = now.what, .kind = NODE_NATIVE};
        now.id = node_intern(&k);
        keep(&w, depth, &now);
    }
    way_end(&w);
    return now.parent;
}

/* ---- Lua ---- */

static struct tick_node node_of(const struct lua_frame *f, uint32_t parent)
{
    return (struct tick_node){.parent = parent,
                              .what = f->kind == NODE_LUA ? f->pc : f->value,
                              .kind = f->kind,
                              .flags = f->flags};
}

static uint32_t intern(struct lua_frame *f, uint32_t parent)
{
    struct node_key k = lua_stack_key(f, parent);
    return node_intern(&k);
}

/* A function that waits for a call to return is told by its pc alone: code does not move, and memory
 * of code that is gone comes back as another function's only with a new prototype.  (The innermost
 * frame has been read already, and its pc may be just behind its code.) */
static void forget_changed(struct tick_nodes_lua *m, const struct arena_state *s)
{
    uint64_t state = s != NULL ? s->id : 0, protos_n = s != NULL ? s->kind_n[ALLOC_PROTO] : 0;
    if (state == 0 || state != m->state || protos_n != m->protos_n)
        m->last.epoch++;
    m->state = state;
    m->protos_n = protos_n;
}

uint32_t tick_nodes_lua(struct tick_nodes_lua *m, struct lua_frame *f, int n,
                        const struct arena_state *s)
{
    uint32_t parent = 0;
    forget_changed(m, s);
    struct way w = way_begin(&m->last);
    for (int depth = 0; depth < n; depth++) {
        struct lua_frame *at = &f[n - 1 - depth];
        struct tick_node now = node_of(at, parent);
        if (depth == n - 1 || !known(&w, depth, &now)) {
            now.id = intern(at, parent);
            keep(&w, depth, &now);
        }
        parent = now.id;
    }
    way_end(&w);
    return parent;
}
