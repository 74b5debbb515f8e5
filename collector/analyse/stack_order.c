/* stack_order: see stack_order.h. */
#include "collector/analyse/stack_order.h"

#include <stdlib.h>
#include <string.h>

#include "collector/analyse/stack_layout.h"
#include "collector/util/xalloc.h"

void stack_order_build(struct stack_order *o, const struct stack_tree *t)
{
    struct stack_layout l;
    uint32_t *waiting = xcalloc(t->nodes.n, sizeof *waiting);
    size_t waiting_n = 1; /* the root */
    stack_layout_build(&l, t);
    o->n = 0;
    o->node = xcalloc(t->nodes.n, sizeof *o->node);
    o->number = xcalloc(t->nodes.n, sizeof *o->number);
    while (waiting_n) {
        uint32_t node = waiting[--waiting_n];
        o->number[node] = (uint32_t)o->n;
        o->node[o->n++] = node;
        for (uint32_t i = l.from[node + 1]; i-- > l.from[node];) /* the first is taken first */
            waiting[waiting_n++] = l.child[i];
    }
    stack_layout_release(&l);
    free(waiting);
}

void stack_order_release(struct stack_order *o)
{
    free(o->node);
    free(o->number);
    memset(o, 0, sizeof *o);
}
