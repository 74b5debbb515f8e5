/* tick_nodes: see tick_nodes.h. */
#include "shim/sampler/tick_nodes.h"

#include "shim/stack/lua_stack.h"

static int is_same(const struct tick_nodes *last, int depth, const struct tick_node *now)
{
    const struct tick_node *f = &last->frame[depth];
    return depth < last->n && f->what == now->what && f->kind == now->kind &&
           f->flags == now->flags;
}

uint32_t tick_nodes_native(struct tick_nodes *last, const uint64_t *pc, int n)
{
    struct tick_node now = {.kind = NODE_NATIVE};
    struct node_key k = {.kind = NODE_NATIVE};
    int depth = 0;
    for (; depth < n; depth++) {
        now.what = pc[n - 1 - depth];
        if (!is_same(last, depth, &now))
            break;
        k.parent = last->frame[depth].id;
    }
    last->n = depth;
    for (; depth < n; depth++) {
        now.what = k.value = pc[n - 1 - depth];
        now.id = k.parent = node_intern(&k);
        last->frame[last->n++] = now;
    }
    return k.parent;
}

/* ---- Lua ---- */

static struct tick_node node_of(const struct lua_frame *f)
{
    return (struct tick_node){
        .what = f->kind == NODE_LUA ? f->pc : f->value, .kind = f->kind, .flags = f->flags};
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
        m->last.n = 0;
    m->state = state;
    m->protos_n = protos_n;
}

uint32_t tick_nodes_lua(struct tick_nodes_lua *m, struct lua_frame *f, int n,
                        const struct arena_state *s)
{
    struct tick_nodes *last = &m->last;
    uint32_t parent = 0;
    int depth = 0;
    forget_changed(m, s);
    for (; depth < n - 1; depth++) {
        struct tick_node now = node_of(&f[n - 1 - depth]);
        if (!is_same(last, depth, &now))
            break;
        parent = last->frame[depth].id;
    }
    last->n = depth;
    for (; depth < n; depth++) {
        struct lua_frame *at = &f[n - 1 - depth];
        struct tick_node now = node_of(at);
        parent = now.id = intern(at, parent);
        last->frame[last->n++] = now;
    }
    return parent;
}
