/* text_page: see text_page.h. */
#include "collector/output/text_page.h"

#include <stdlib.h>
#include <string.h>

#include "collector/output/cells.h"
#include "collector/util/human.h"
#include "collector/util/xalloc.h"

enum { LABEL_WIDTH = 13, TEXT_MIN = 20 };

static void color_on(const struct canvas *c, const char *sgr)
{
    if (c->color)
        fprintf(c->out, "\033[%sm", sgr);
}

static const char *tone_sgr(enum page_tone tone)
{
    return tone == TONE_ERROR ? "1;31" : "33";
}

/* Bytes of TEXT for one line: up to the last space within WIDTH, or all of a longer word. */
static size_t line_bytes(const char *text, size_t width)
{
    size_t best = 0, at = 0;
    for (;;) {
        size_t word = strcspn(text + at, " ");
        char *line = xstrndup(text, at + word);
        int fits = cells_width(line) <= width;
        free(line);
        if (best && !fits)
            return best;
        best = at + word;
        if (!text[best] || !fits)
            return best;
        at = best + 1;
    }
}

static void wrapped(const struct canvas *c, const char *text, size_t indent)
{
    size_t width = c->width > indent + TEXT_MIN ? c->width - indent : TEXT_MIN;
    for (;;) {
        size_t n = c->cut ? line_bytes(text, width) : strlen(text);
        fprintf(c->out, "%.*s\n", (int)n, text);
        text += n;
        while (*text == ' ')
            text++;
        if (!*text)
            return;
        fprintf(c->out, "%*s", (int)indent, "");
    }
}

void page_heading(const struct canvas *c, const char *title, const char *remarks)
{
    fputc('\n', c->out);
    color_on(c, "1;36");
    fputs(title, c->out);
    color_on(c, "0");
    if (!*remarks) {
        fputc('\n', c->out);
        return;
    }
    fputs("  ", c->out);
    wrapped(c, remarks, cells_width(title) + 2);
}

void page_field(const struct canvas *c, enum page_tone tone, const char *label, const char *text)
{
    if (tone != TONE_PLAIN)
        color_on(c, tone_sgr(tone));
    fprintf(c->out, "  %-*s", LABEL_WIDTH, label);
    if (tone != TONE_PLAIN)
        color_on(c, "0");
    wrapped(c, text, LABEL_WIDTH + 2);
}

void page_note(const struct canvas *c, enum page_tone tone, const char *text)
{
    if (tone != TONE_PLAIN)
        color_on(c, tone_sgr(tone));
    wrapped(c, text, 0);
    if (tone != TONE_PLAIN)
        color_on(c, "0");
}

void page_more(const struct canvas *c, size_t left_out, const char *what)
{
    char n[HUMAN_MAX];
    if (left_out)
        fprintf(c->out, "... and %s more %.*s (--top all shows %s)\n", human_count(n, left_out),
                (int)(strlen(what) - (left_out == 1)), what, left_out == 1 ? "it" : "them");
}
