/* flame_folded: see flame_folded.h. */
#include "collector/output/flame_folded.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/analyse/stack_layout.h"
#include "collector/util/xalloc.h"

struct folded {
    const struct stack_tree *tree;
    const struct stack_layout *layout;
    const struct stack_delta *delta; /* NULL: one weight */
    FILE *out;
    char *path;
    size_t n, cap;
};

/* A semicolon separates frames: within a name it is written as an escape.  Names have no line ends
 * any more. */
static void name_add(struct folded *f, const char *label)
{
    if (f->n)
        f->path[f->n++] = ';';
    for (; *label; label++) {
        if (f->cap - f->n < 8)
            f->path = xrealloc(f->path, f->cap = f->cap * 2, 1);
        if (*label == ';')
            f->n += (size_t)sprintf(f->path + f->n, "\\x3b");
        else
            f->path[f->n++] = *label;
    }
}

static void node_print(struct folded *f, uint32_t number)
{
    const struct stack_node *n = stack_tree_at(f->tree, number);
    size_t before = f->n;
    if (number)
        name_add(f, f->tree->frame[n->frame].label);
    if (number && n->self && f->delta)
        fprintf(f->out, "%.*s %" PRIu64 " %" PRIu64 "\n", (int)f->n, f->path,
                f->delta->weight[number].self[DELTA_BEFORE],
                f->delta->weight[number].self[DELTA_AFTER]);
    else if (number && n->self)
        fprintf(f->out, "%.*s %" PRIu64 "\n", (int)f->n, f->path, n->self);
    for (uint32_t i = f->layout->from[number]; i < f->layout->from[number + 1]; i++)
        node_print(f, f->layout->child[i]);
    f->n = before;
}

static void print_all(struct folded *f)
{
    struct stack_layout layout;
    stack_layout_build(&layout, f->tree);
    f->layout = &layout;
    f->path = xmalloc(256);
    f->cap = 256;
    node_print(f, 0);
    free(f->path);
    stack_layout_release(&layout);
    f->layout = NULL;
}

void flame_folded(const struct stack_tree *t, FILE *out)
{
    struct folded f = {.tree = t, .out = out};
    print_all(&f);
}

void flame_folded_delta(const struct stack_delta *d, FILE *out)
{
    struct folded f = {.tree = &d->tree, .delta = d, .out = out};
    print_all(&f);
}
