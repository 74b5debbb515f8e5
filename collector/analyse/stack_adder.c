/* stack_adder: see stack_adder.h. */
#include "collector/analyse/stack_adder.h"

#include <stdlib.h>
#include <string.h>

#include "collector/util/xalloc.h"

void stack_adder_release(struct stack_adder *a)
{
    free(a->number);
    free(a->way);
    memset(a, 0, sizeof *a);
}

uint32_t stack_adder_frame(struct stack_adder *a, uint32_t frame)
{
    if (frame >= a->number_n) {
        size_t n = a->frames->n + a->frames->n / 2;
        a->number = xrealloc(a->number, n, sizeof *a->number);
        memset(a->number + a->number_n, 0, (n - a->number_n) * sizeof *a->number);
        a->number_n = n;
    }
    if (!a->number[frame])
        a->number[frame] = stack_tree_frame(a->tree, &a->frames->at[frame]) + 1;
    return a->number[frame] - 1;
}

uint32_t stack_adder_node(struct stack_adder *a, const struct merged *s)
{
    size_t n = 0;
    while (n < a->way_n && n < s->n && a->way[n].frame == s->frame[s->n - 1 - n])
        n++;
    uint32_t node = n ? a->way[n - 1].node : a->under;
    for (; n < s->n; n++) {
        uint32_t frame = s->frame[s->n - 1 - n];
        node = stack_tree_child(a->tree, node, stack_adder_frame(a, frame));
        a->way = xgrow(a->way, n, &a->way_cap, sizeof *a->way);
        a->way[n] = (struct adder_step){frame, node};
    }
    a->way_n = n;
    return node;
}
