/* stack_other: see stack_other.h. */
#include "collector/analyse/stack_other.h"

#include <stdlib.h>

#include "collector/analyse/crossing_rows.h"
#include "collector/analyse/span_tree.h"
#include "collector/util/xalloc.h"

static uint32_t child(struct stack_tree *t, uint32_t parent, enum frame_kind kind,
                      const char *label, const char *file)
{
    struct frame f = {
        .kind = kind, .label = *label ? label : "?", .file = file, .source = "", .module = ""};
    return stack_tree_child(t, parent, stack_tree_frame(t, &f));
}

static enum frame_kind kind_of(const struct span *s)
{
    return s->end.load == LOAD_C_LIBRARY || s->end.load == LOAD_BUILTIN ? FRAME_C : FRAME_LUA;
}

static int is_chosen(const struct stack_part *p, struct stack_thread *t, const struct span *s)
{
    const struct stack_choice *c = p->choice;
    return stack_thread_is(t, s->begin.tid) && (!c->state || s->begin.state == c->state) &&
           sample_window_holds(&p->process->window,
                               process_since_start(p->process, s->begin.begin_ns));
}

/* A load that was not chosen stands in the tree only where one below it was. */
void stack_add_loads(const struct stack_part *p)
{
    struct span_tree spans;
    struct stack_thread thread;
    span_tree_build(&spans, p->process);
    stack_thread_choose(&thread, p->process, p->choice);
    uint32_t *number = xcalloc(spans.n, sizeof *number);
    for (size_t i = 0; i < spans.n; i++) { /* parents stand before children */
        const struct span_node *n = &spans.node[i];
        uint32_t parent = n->parent == SPAN_NO_PARENT ? p->under : number[n->parent];
        number[i] = child(p->tree, parent, kind_of(n->span), n->name,
                          process_display(p->process, n->span->end.file));
        if (is_chosen(p, &thread, n->span))
            stack_tree_add(p->tree, number[i], n->self_ns);
    }
    free(number);
    span_tree_release(&spans);
}

void stack_add_crossings(const struct stack_part *p)
{
    struct crossing_rows rows;
    int by_module = p->choice->by == BY_MODULE;
    crossing_rows_build(&rows, p->process, p->symbols);
    for (size_t i = 0; i < rows.n; i++) {
        const struct crossing_row *r = &rows.row[i];
        uint32_t at = child(p->tree, p->under, FRAME_NATIVE, r->module, r->object);
        if (!by_module)
            at = child(p->tree, at, FRAME_C, r->label, r->object);
        stack_tree_add(p->tree, at, r->down.n);
        if (r->up.n)
            stack_tree_add(p->tree, child(p->tree, at, FRAME_LUA, "[into Lua]", ""), r->up.n);
    }
    crossing_rows_release(&rows);
}
