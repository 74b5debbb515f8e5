/* stack_rows: where in a tree each different sample of a process belongs. */
#ifndef COLLECTOR_ANALYSE_STACK_ROWS_H
#define COLLECTOR_ANALYSE_STACK_ROWS_H

#include "collector/analyse/stack_union.h"

struct stack_row {
    uint32_t node;
    uint8_t what;   /* enum stack_state */
    uint8_t metric; /* number in the union */
    uint32_t
        coroutine; /* number + 1 of a frame of the union's tree: of the function that it runs; 0: none */
};

/* Adds the CPU and wall time of P, by line, to U.  Returns a row for each of P's sample rows, in that
 * order, for the caller to free. */
struct stack_row *stack_rows_add(struct stack_union *u, struct process *p, struct symbols *symbols);

#endif
