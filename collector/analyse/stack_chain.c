/* stack_chain: see stack_chain.h. */
#include "collector/analyse/stack_chain.h"

#include <stdlib.h>
#include <string.h>

#include "collector/util/xalloc.h"

enum { CHAIN_MAX = 4096 }; /* the shim's stacks are much shorter */

static size_t number_in(const struct rowset *s, const void *row)
{
    return (size_t)((const char *)row - s->rows) / s->row_bytes;
}

static uint32_t node_number(const struct rowset *nodes, uint64_t id)
{
    const void *row = id ? rowset_find(nodes, id) : NULL;
    return row ? (uint32_t)number_in(nodes, row) + 1 : 0;
}

/* A damaged trace may hold circles: each is cut where the way up comes back to itself. */
static void circles_cut(struct chain_node *node, size_t n)
{
    uint32_t *seen = xcalloc(n + 1, sizeof *seen); /* the way on which a node was met, + 1 */
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t at = i; !seen[at]; at = node[at].parent - 1) {
            seen[at] = i + 1;
            uint32_t parent = node[at].parent;
            if (parent && seen[parent - 1] == i + 1)
                node[at].parent = 0;
            if (!node[at].parent)
                break;
        }
    }
    free(seen);
}

void stack_chain_init(struct stack_chain *c, struct frames *f)
{
    const struct rowset *nodes = &f->process->nodes;
    memset(c, 0, sizeof *c);
    c->frames = f;
    c->node = xcalloc(nodes->n + 1, sizeof *c->node);
    for (size_t i = 0; i < nodes->n; i++) {
        const struct rec_node *r = rowset_at(nodes, i);
        c->node[i].parent = node_number(nodes, r->parent);
        c->node[i].kind = r->kind <= NODE_OVERFLOW ? (uint8_t)r->kind : 0;
        c->node[i].flags = (uint8_t)r->flags;
    }
    circles_cut(c->node, nodes->n);
}

void stack_chain_release(struct stack_chain *c)
{
    free(c->native);
    free(c->lua);
    free(c->node);
    memset(c, 0, sizeof *c);
}

const struct rec_node *stack_chain_record(const struct stack_chain *c, const struct chain_node *n)
{
    return rowset_at(&c->frames->process->nodes, (size_t)(n - c->node));
}

uint32_t stack_chain_frame(struct stack_chain *c, struct chain_node *n)
{
    const struct rec_node *r = stack_chain_record(c, n);
    if (!n->frame)
        n->frame =
            1 + (n->kind == NODE_LUA ? frames_of_lua(c->frames, r) : frames_of_c(c->frames, r));
    return n->frame - 1;
}

static uint32_t place_of(struct stack_chain *c, struct chain_node *n, int is_caller)
{
    if (!n->place[is_caller]) {
        uint64_t address = stack_chain_record(c, n)->value - (uint64_t)is_caller;
        const struct place *p = frames_place(c->frames, address);
        n->place[is_caller] = (uint32_t)number_in(&c->frames->by_place, p) + 1;
    }
    return n->place[is_caller];
}

uint32_t stack_chain_number(const struct stack_chain *c, uint64_t id)
{
    return node_number(&c->frames->process->nodes, id);
}

uint32_t *stack_chain_ranks(const struct stack_chain *c)
{
    const struct chain_node *node = c->node;
    size_t n = c->frames->process->nodes.n;
    uint32_t *rank = xcalloc(n + 1, sizeof *rank);
    uint32_t *first =
        xcalloc(n + 1, sizeof *first); /* callees, as numbers + 1; those of 0: outermost nodes */
    uint32_t *next = xcalloc(n + 1, sizeof *next);
    for (size_t i = n; i-- > 0;) {
        next[i] = first[node[i].parent];
        first[node[i].parent] = (uint32_t)i + 1;
    }
    uint32_t at = first[0], rank_n = 0;
    while (at) {
        rank[at - 1] = ++rank_n;
        if (first[at]) {
            at = first[at];
            continue;
        }
        while (at && !next[at - 1])
            at = node[at - 1].parent;
        at = at ? next[at - 1] : 0;
    }
    free(first);
    free(next);
    return rank;
}

/* Places move while new ones come: their numbers first. */
static void native_read(struct stack_chain *c, uint32_t number)
{
    const struct rowset *places = &c->frames->by_place;
    for (c->native_n = 0; number; number = c->node[number - 1].parent) {
        struct chain_node *n = &c->node[number - 1];
        if (n->kind != NODE_NATIVE)
            break;
        if (c->native_n == CHAIN_MAX) {
            c->is_cut = 1;
            break;
        }
        c->native = xgrow(c->native, c->native_n, &c->native_cap, sizeof *c->native);
        c->native[c->native_n].number = place_of(c, n, c->native_n > 0);
        c->native_n++;
    }
    for (size_t i = 0; i < c->native_n; i++) {
        uint32_t at = c->native[i].number - 1;
        c->native[i].place = rowset_at(places, at);
        c->native[i].address = places->ids[at];
    }
}

static void lua_read(struct stack_chain *c, uint32_t number)
{
    for (c->lua_n = 0; number && c->lua_n < CHAIN_MAX; number = c->node[number - 1].parent) {
        c->lua = xgrow(c->lua, c->lua_n, &c->lua_cap, sizeof *c->lua);
        c->lua[c->lua_n++] = &c->node[number - 1];
    }
    c->is_cut |= number != 0;
}

void stack_chain_read(struct stack_chain *c, uint64_t native, uint64_t lua)
{
    c->is_cut = 0;
    native_read(c, stack_chain_number(c, native));
    lua_read(c, stack_chain_number(c, lua));
}
