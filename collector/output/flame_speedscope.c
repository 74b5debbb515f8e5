/* flame_speedscope: speedscope's file format.  See flame_export.h. */
#include "collector/output/flame_export.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/analyse/stack_metric.h"
#include "collector/util/escape.h"

void flame_json_text(FILE *out, const char *text)
{
    size_t n;
    char *clean = escape_utf8_only(text, strlen(text), &n);
    fputc('"', out);
    for (const char *z = clean; *z; z++) {
        if (*z == '"' || *z == '\\')
            fprintf(out, "\\%c", *z);
        else if ((unsigned char)*z < 0x20)
            fprintf(out, "\\u%04x", (unsigned char)*z);
        else
            fputc(*z, out);
    }
    fputc('"', out);
    free(clean);
}

static void put_frames(const struct stack_tree *t, FILE *out)
{
    for (size_t i = 0; i < t->frame_n; i++) {
        const struct frame *f = &t->frame[i];
        fprintf(out, "%s{\"name\":", i ? ",\n" : "");
        flame_json_text(out, f->label);
        if (*f->file) {
            fputs(",\"file\":", out);
            flame_json_text(out, f->file);
        }
        if (f->line)
            fprintf(out, ",\"line\":%" PRIu64, f->line);
        fputc('}', out);
    }
}

/* Outermost first. */
static void put_stack(const struct stack_tree *t, size_t node, FILE *out, int is_innermost)
{
    const struct stack_node *n = stack_tree_at(t, node);
    if (n->parent)
        put_stack(t, n->parent, out, 0);
    fprintf(out, "%" PRIu32 "%s", n->frame, is_innermost ? "" : ",");
}

static void put_stacks(const struct stack_tree *t, FILE *out)
{
    const char *comma = "";
    fputs("\"samples\":[", out);
    for (size_t i = 1; i < t->nodes.n; i++) {
        if (!stack_tree_at(t, i)->self)
            continue;
        fprintf(out, "%s[", comma);
        put_stack(t, i, out, 1);
        fputc(']', out);
        comma = ",\n";
    }
    comma = "";
    fputs("],\n\"weights\":[", out);
    for (size_t i = 1; i < t->nodes.n; i++) {
        if (!stack_tree_at(t, i)->self)
            continue;
        fprintf(out, "%s%" PRIu64, comma, stack_tree_at(t, i)->self);
        comma = ",";
    }
    fputs("]", out);
}

void flame_speedscope(const struct stack_tree *t, const struct export_about *about, FILE *out)
{
    static const char *const unit[] = {"nanoseconds", "none", "bytes"};
    fputs("{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\n"
          "\"exporter\":\"modprof\",\n\"name\":",
          out);
    flame_json_text(out, about->title);
    fputs(",\n\"activeProfileIndex\":0,\n\"shared\":{\"frames\":[", out);
    put_frames(t, out);
    fputs("]},\n\"profiles\":[{\"type\":\"sampled\",\"name\":", out);
    flame_json_text(out, about->title);
    fprintf(out, ",\"unit\":\"%s\",\"startValue\":0,\"endValue\":%" PRIu64 ",\n",
            unit[t->metric->unit], stack_tree_at(t, 0)->total);
    put_stacks(t, out);
    fputs("}]}\n", out);
}
