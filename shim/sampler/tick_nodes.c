/* tick_nodes: see tick_nodes.h. */
#include "shim/sampler/tick_nodes.h"

#include "shim/stack/lua_stack.h"

/* The node of NOW, if it is known at DEPTH; 0: it is not. */
static uint32_t known(const struct tick_nodes *last, int depth, const struct tick_node *now)
{
    const struct tick_node *f = &last->frame[depth];
    return depth < last->n && f->what == now->what && f->parent == now->parent &&
                   f->kind == now->kind && f->flags == now->flags
               ? f->id
               : 0;
}

static void keep(struct tick_nodes *last, int depth, const struct tick_node *now)
{
    last->frame[depth] = *now;
    if (depth == last->n)
        last->n++;
}

uint32_t tick_nodes_native(struct tick_nodes *last, const uint64_t *pc, int n)
{
    struct tick_node now = {.kind = NODE_NATIVE};
    for (int depth = 0; depth < n; depth++, now.parent = now.id) {
        now.what = pc[n - 1 - depth];
        now.id = known(last, depth, &now);
        if (now.id != 0)
            continue;
        struct node_key k = {.parent = now.parent, .value = now.what, .kind = NODE_NATIVE};
        now.id = node_intern(&k);
        keep(last, depth, &now);
    }
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
        m->last.n = 0;
    m->state = state;
    m->protos_n = protos_n;
}

uint32_t tick_nodes_lua(struct tick_nodes_lua *m, struct lua_frame *f, int n,
                        const struct arena_state *s)
{
    uint32_t parent = 0;
    forget_changed(m, s);
    for (int depth = 0; depth < n; depth++) {
        struct lua_frame *at = &f[n - 1 - depth];
        struct tick_node now = node_of(at, parent);
        now.id = depth < n - 1 ? known(&m->last, depth, &now) : 0;
        if (now.id == 0) {
            now.id = intern(at, parent);
            keep(&m->last, depth, &now);
        }
        parent = now.id;
    }
    return parent;
}
