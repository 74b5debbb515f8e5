/* text_annotate: a Lua source file with the share of the sampled time that each line has. */
#ifndef COLLECTOR_OUTPUT_TEXT_ANNOTATE_H
#define COLLECTOR_OUTPUT_TEXT_ANNOTATE_H

#include "collector/analyse/digest.h"
#include "collector/output/table.h"

/* FILE is the path of a chunk, or the end of it ("work.lua").  Says so where there is no such chunk, no
 * sample, or no text to be had. */
void text_annotate(struct digest *d, const char *file, const struct canvas *c);

#endif
