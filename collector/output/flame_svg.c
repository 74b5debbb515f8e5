/* flame_svg: see flame_svg.h; flame_script.c has style and script. */
#include "collector/output/flame_svg.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/analyse/stack_layout.h"
#include "collector/analyse/stack_metric.h"
#include "collector/output/flame_delta.h"
#include "collector/util/escape.h"
#include "collector/util/human.h"

enum { WIDTH = 1200, LEFT = 10, INNER = WIDTH - 2 * LEFT, ROW = 18, TOP = 92, BOTTOM = 46 };
enum { WHOLE = 1000000 };  /* places are given in millionths */
enum { NARROWEST = 400 };  /* of those: half a pixel */
enum { DEPTH_MAX = 1000 }; /* frames below are not drawn */
static const double char_width = 7.3;

struct drawing {
    const struct stack_tree *tree;
    const struct stack_delta *delta; /* NULL: of one set of traces */
    struct stack_layout layout;
    FILE *out;
    uint64_t whole;
    uint64_t left_out_n, left_out_weight; /* frames too narrow or too deep */
    unsigned depth_n;
};

/* Text in XML; U+FFFE and U+FFFF have no place there. */
static void put_text(FILE *out, const char *z, size_t n)
{
    for (size_t i = 0; i < n && z[i]; i++) {
        if (z[i] == '<')
            fputs("&lt;", out);
        else if (z[i] == '>')
            fputs("&gt;", out);
        else if (z[i] == '&')
            fputs("&amp;", out);
        else if (z[i] == '"')
            fputs("&quot;", out);
        else if (!strncmp(z + i, "\xef\xbf\xbe", 3) || !strncmp(z + i, "\xef\xbf\xbf", 3))
            fputs("\\u{fffe}", out), i += 2;
        else
            fputc(z[i], out);
    }
}

/* Bytes of the first N characters of Z. */
static size_t chars_bytes(const char *z, size_t n)
{
    size_t i = 0;
    while (z[i] && (n || ((unsigned char)z[i] & 0xc0) == 0x80))
        n -= ((unsigned char)z[i++] & 0xc0) != 0x80;
    return i;
}

static size_t chars_n(const char *z)
{
    size_t n = 0;
    for (; *z; z++)
        n += ((unsigned char)*z & 0xc0) != 0x80;
    return n;
}

/* As much of the name as fits: the same rule as in the script. */
static void put_fitting(FILE *out, const char *label, double width)
{
    size_t room = width > 6 ? (size_t)((width - 6) / char_width) : 0, n = chars_n(label);
    if (room < 3)
        return;
    if (n <= room) {
        put_text(out, label, strlen(label));
        return;
    }
    put_text(out, label, chars_bytes(label, room - 2));
    fputs("..", out);
}

static char *weight_text(const struct drawing *d, char out[HUMAN_MAX], uint64_t weight)
{
    return stack_weight_text(d->tree->metric, out, (double)weight);
}

static void put_amount(const struct drawing *d, const char *what, uint64_t weight)
{
    char amount[HUMAN_MAX], samples[HUMAN_NOUN_MAX];
    double share = (double)weight / (double)d->whole;
    fprintf(d->out, "\n%s %.2f%%, %s", what, 100 * share, weight_text(d, amount, weight));
    if (d->tree->samples_n)
        fprintf(d->out, ", %s",
                human_nouns(samples, (uint64_t)(share * (double)d->tree->samples_n + 0.5), "sample",
                            "samples"));
}

static void put_amounts(const struct drawing *d, uint32_t number)
{
    const struct stack_node *n = stack_tree_at(d->tree, number);
    if (d->delta) {
        flame_delta_amounts(d->delta, number, d->out);
        return;
    }
    put_amount(d, "total", n->total);
    put_amount(d, "self", n->self);
}

static void put_title(const struct drawing *d, uint32_t number, const struct frame *f)
{
    static const char *const kind[] = {"Lua function", "C function called by Lua", "Lua itself",
                                       "machine code", "note"};
    fputs("<title>", d->out);
    put_text(d->out, f->label, strlen(f->label));
    fprintf(d->out, "\n%s", kind[f->kind]);
    if (*f->file) {
        fputs(" in ", d->out);
        put_text(d->out, f->file, strlen(f->file));
        if (f->line)
            fprintf(d->out, ":%" PRIu64, f->line);
    }
    put_amounts(d, number);
    fputs("</title>", d->out);
}

static const struct frame all = {
    .kind = FRAME_NOTE, .label = "all", .file = "", .source = "", .module = ""};

/* Neighbours of one colour are told apart by its two shades. */
static void put_class(const struct drawing *d, uint32_t number, const struct frame *f)
{
    if (d->delta)
        fputs(flame_delta_class(d->delta, number), d->out);
    else
        fprintf(d->out, "k%d%s", (int)f->kind,
                number && stack_tree_at(d->tree, number)->frame % 2 ? " o" : "");
}

static void put_frame(struct drawing *d, uint32_t number, unsigned depth, uint64_t before)
{
    const struct stack_node *n = stack_tree_at(d->tree, number);
    const struct frame *f = number ? &d->tree->frame[n->frame] : &all;
    double at = (double)before / (double)d->whole, share = (double)n->total / (double)d->whole;
    double x = LEFT + at * INNER, w = share * INNER;
    unsigned y = TOP + depth * ROW;
    fputs("<g class=\"f ", d->out);
    put_class(d, number, f);
    fprintf(d->out, "\" data-x=\"%.3f\" data-w=\"%.3f\" data-d=\"%u\" tabindex=\"%d\">", at * WHOLE,
            share * WHOLE, depth, number ? -1 : 0);
    put_title(d, number, f);
    fprintf(d->out, "<rect x=\"%.2f\" y=\"%u\" width=\"%.2f\" height=\"%d\"/>", x, y, w, ROW - 1);
    fprintf(d->out, "<text x=\"%.2f\" y=\"%u\">", x + 3, y + 13);
    put_fitting(d->out, f->label, w);
    fputs("</text></g>\n", d->out);
}

static void put_below(struct drawing *d, uint32_t number, unsigned depth, uint64_t before);

static int is_drawn(const struct drawing *d, uint32_t number, unsigned depth)
{
    double share = (double)stack_tree_at(d->tree, number)->total / (double)d->whole;
    return share * WHOLE >= NARROWEST && depth < DEPTH_MAX;
}

static void put_node(struct drawing *d, uint32_t number, unsigned depth, uint64_t before)
{
    if (!is_drawn(d, number, depth)) {
        d->left_out_n++;
        d->left_out_weight += stack_tree_at(d->tree, number)->total;
        return;
    }
    put_frame(d, number, depth, before);
    put_below(d, number, depth + 1, before);
}

static void put_below(struct drawing *d, uint32_t number, unsigned depth, uint64_t before)
{
    for (uint32_t i = d->layout.from[number]; i < d->layout.from[number + 1]; i++) {
        put_node(d, d->layout.child[i], depth, before);
        before += stack_tree_at(d->tree, d->layout.child[i])->total;
    }
}

static unsigned depth_of(const struct drawing *d, uint32_t number, unsigned depth)
{
    unsigned deepest = depth;
    for (uint32_t i = d->layout.from[number]; i < d->layout.from[number + 1]; i++) {
        uint32_t child = d->layout.child[i];
        unsigned n = is_drawn(d, child, depth + 1) ? depth_of(d, child, depth + 1) : depth;
        deepest = n > deepest ? n : deepest;
    }
    return deepest;
}

static void put_legend(const struct drawing *d)
{
    static const char *const name[] = {"Lua", "C called by Lua", "Lua itself", "machine code"};
    unsigned x = LEFT;
    if (d->delta) {
        flame_delta_legend(x, d->out);
        return;
    }
    for (int i = 0; i < 4; i++) {
        fprintf(d->out,
                "<g class=\"k%d\"><rect x=\"%u\" y=\"52\" width=\"12\" height=\"12\"/></g>"
                "<text class=\"dim\" x=\"%u\" y=\"62\">%s</text>\n",
                i, x, x + 17, name[i]);
        x += 40 + (unsigned)(strlen(name[i]) * 7.3);
    }
}

static void put_escaped(FILE *out, const char *z)
{
    char *escaped = escape_text(z, strlen(z));
    put_text(out, escaped, strlen(escaped));
    free(escaped);
}

/* The title up to the search box; whole where the pointer rests on it. */
static void put_heading_title(FILE *out, const char *title)
{
    enum { CHARS = 94 };
    char *escaped = escape_text(title, strlen(title));
    size_t n = 0, chars = 0;
    for (; escaped[n] && chars < CHARS; chars++)
        do
            n++;
        while ((escaped[n] & 0xc0) == 0x80);
    fprintf(out, "<text class=\"h\" x=\"%d\" y=\"24\">", LEFT);
    if (escaped[n]) {
        fputs("<title>", out);
        put_text(out, escaped, strlen(escaped));
        fputs("</title>", out);
    }
    put_text(out, escaped, n);
    fputs(escaped[n] ? "\xe2\x80\xa6</text>\n" : "</text>\n", out);
    free(escaped);
}

/* How much is drawn. */
static void put_whole(const struct drawing *d)
{
    char amount[HUMAN_MAX], n[HUMAN_MAX];
    if (d->delta) {
        flame_delta_heading(d->delta, d->out);
        return;
    }
    fprintf(d->out, "%s %s", weight_text(d, amount, d->whole), d->tree->metric->title);
    if (d->tree->samples_n)
        fprintf(d->out, " in %s", human_nouns(n, d->tree->samples_n, "sample", "samples"));
}

static void put_heading(const struct drawing *d, const struct flame_page *page)
{
    put_heading_title(d->out, page->title);
    fprintf(d->out, "<text class=\"dim\" x=\"%d\" y=\"42\">", LEFT);
    put_whole(d);
    fprintf(d->out, "%s%s", d->tree->inverted ? ", callers below" : "", *page->note ? "; " : "");
    put_escaped(d->out, page->note);
    fputs("</text>\n", d->out);
    put_legend(d);
    fprintf(
        d->out,
        "<foreignObject x=\"%d\" y=\"10\" width=\"240\" height=\"28\">"
        "<input xmlns=\"http://www.w3.org/1999/xhtml\" type=\"search\" "
        "placeholder=\"search (Ctrl-F or /)\" aria-label=\"search in frame names\"/>"
        "</foreignObject>\n<text class=\"found\" x=\"%d\" y=\"56\" text-anchor=\"end\"></text>\n",
        WIDTH - LEFT - 240, WIDTH - LEFT);
    fprintf(d->out,
            "<text class=\"info dim\" x=\"%d\" y=\"84\">click: zoom; Esc: back; arrow keys and "
            "Enter: walk and zoom</text>\n",
            LEFT);
}

static void put_footer(const struct drawing *d, unsigned height)
{
    char n[HUMAN_MAX];
    fprintf(d->out, "<text class=\"dim\" x=\"%d\" y=\"%u\">", LEFT, height - 14);
    if (d->left_out_n)
        fprintf(d->out, "%s narrow frames (under %.2f%% each, %.2f%% together) are not drawn",
                human_count(n, d->left_out_n), 100.0 * NARROWEST / WHOLE,
                100.0 * (double)d->left_out_weight / (double)d->whole);
    else
        fputs("every frame is drawn", d->out);
    fputs("</text>\n", d->out);
}

void flame_svg(const struct stack_tree *t, const struct flame_page *page, FILE *out)
{
    struct drawing d = {
        .tree = t, .delta = page->delta, .out = out, .whole = stack_tree_at(t, 0)->total};
    if (!d.whole)
        d.whole = 1;
    stack_layout_build(&d.layout, t);
    d.depth_n = depth_of(&d, 0, 0) + 1;
    unsigned height = TOP + d.depth_n * ROW + BOTTOM;
    if (page->html) {
        fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>", out);
        put_escaped(out, page->title);
        fputs("</title><style>body{margin:0;background:#fff}svg{width:100%;height:auto}"
              "@media (prefers-color-scheme:dark){body{background:#16191d}}</style></head><body>\n",
              out);
    } else {
        fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
    }
    fprintf(out,
            "<svg class=\"p\" xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%u\" "
            "viewBox=\"0 0 %d %u\">\n<style>%s</style>\n"
            "<rect class=\"bg\" width=\"%d\" height=\"%u\"/>\n",
            WIDTH, height, WIDTH, height, flame_style, WIDTH, height);
    put_heading(&d, page);
    put_node(&d, 0, 0, 0);
    put_footer(&d, height);
    fprintf(out, "<script><![CDATA[\n%s]]></script>\n</svg>\n%s", flame_script,
            page->html ? "</body></html>\n" : "");
    stack_layout_release(&d.layout);
}
