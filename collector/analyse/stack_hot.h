/* stack_hot: the functions and lines of a process where its samples were taken. */
#ifndef COLLECTOR_ANALYSE_STACK_HOT_H
#define COLLECTOR_ANALYSE_STACK_HOT_H

#include "collector/analyse/stack_profile.h"

struct stack_hot {
    struct stack_tree tree; /* its frames are what the sums are of */
    struct stack_quality quality;
    struct frame_sums sums;
};

void stack_hot_build(struct stack_hot *h, struct process *p, struct symbols *symbols,
                     enum frame_by by);
void stack_hot_release(struct stack_hot *h);

/* Rows of SUMS whose label or file matches FILTER (NULL: all), and which have time of their own; for
 * lines only those of Lua functions.  Row numbers to *ROW (freed by the caller); returns how many. */
size_t stack_hot_pick(const struct stack_hot *h, const char *filter, int lua_only, size_t **row);

#endif
