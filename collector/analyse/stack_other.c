/* stack_other: see stack_other.h. */
#include "collector/analyse/stack_other.h"

#include <stdlib.h>

#include "collector/analyse/crossing_rows.h"
#include "collector/analyse/span_tree.h"
#include "collector/util/xalloc.h"

static uint32_t child(struct stack_tree *t, uint32_t parent, enum frame_kind kind,
                      const char *label, const char *file)
{
    struct frame f = {kind, *label ? label : "?", file, "", 0, NULL, "", 0};
    return stack_tree_child(t, parent, stack_tree_frame(t, &f));
}

static enum frame_kind kind_of(const struct span *s)
{
    return s->end.load == LOAD_C_LIBRARY || s->end.load == LOAD_BUILTIN ? FRAME_C : FRAME_LUA;
}

void stack_add_loads(struct stack_tree *t, uint32_t under, struct process *p)
{
    struct span_tree spans;
    span_tree_build(&spans, p);
    uint32_t *number = xcalloc(spans.n, sizeof *number);
    for (size_t i = 0; i < spans.n; i++) { /* parents stand before children */
        const struct span_node *n = &spans.node[i];
        uint32_t parent = n->parent == SPAN_NO_PARENT ? under : number[n->parent];
        number[i] =
            child(t, parent, kind_of(n->span), n->name, process_display(p, n->span->end.file));
        stack_tree_add(t, number[i], n->self_ns);
    }
    free(number);
    span_tree_release(&spans);
}

void stack_add_crossings(struct stack_tree *t, uint32_t under, struct process *p,
                         struct symbols *symbols)
{
    struct crossing_rows rows;
    crossing_rows_build(&rows, p, symbols);
    for (size_t i = 0; i < rows.n; i++) {
        const struct crossing_row *r = &rows.row[i];
        uint32_t module = child(t, under, FRAME_NATIVE, r->module, r->object);
        uint32_t function = child(t, module, FRAME_C, r->label, r->object);
        stack_tree_add(t, function, r->down.n);
        if (r->up.n)
            stack_tree_add(t, child(t, function, FRAME_LUA, "[into Lua]", ""), r->up.n);
    }
    crossing_rows_release(&rows);
}
