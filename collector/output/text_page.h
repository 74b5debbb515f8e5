/* text_page: the parts of a report for people that are not tables: headings, labelled lines,
 * notes.  Lines are wrapped at the canvas's width. */
#ifndef COLLECTOR_OUTPUT_TEXT_PAGE_H
#define COLLECTOR_OUTPUT_TEXT_PAGE_H

#include "collector/output/table.h"

enum page_tone { TONE_PLAIN, TONE_WARNING, TONE_ERROR };

/* An empty line and a title, with remarks behind it (may be ""). */
void page_heading(const struct canvas *c, const char *title, const char *remarks);
/* "label        text", further lines indented to the text.  An empty label continues. */
void page_field(const struct canvas *c, enum page_tone tone, const char *label, const char *text);
/* A paragraph. */
void page_note(const struct canvas *c, enum page_tone tone, const char *text);
/* "and 43 more (--top all shows them)"; nothing for 0. */
void page_more(const struct canvas *c, size_t left_out, const char *what);

#endif
