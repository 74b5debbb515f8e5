/* flame_svg: a stack tree as a picture: SVG that a browser can zoom and search in, without network,
 * and that any other viewer shows as it is.
 *
 * Of two sets of traces frames are as wide as both together, and coloured by what changed.
 * Callers stand above their callees. Frames too narrow to see are left out, and the picture says how
 * many. All texts are escaped; the script reads them as text only. */
#ifndef COLLECTOR_OUTPUT_FLAME_SVG_H
#define COLLECTOR_OUTPUT_FLAME_SVG_H

#include <stdio.h>

#include "collector/analyse/stack_delta.h"

struct flame_page {
    const char *title;               /* any bytes */
    const char *note;                /* what the reader must know before believing it, "" nothing */
    int html;                        /* 1: within a page */
    const struct stack_delta *delta; /* NULL, or that of which the tree is: shows what changed */
};

void flame_svg(const struct stack_tree *t, const struct flame_page *page, FILE *out);

/* flame_script.c */
extern const char flame_style[], flame_script[];

#endif
