/* diff_json: a comparison for programs; docs/diff.schema.json describes it.  See diff_output.h. */
#include "collector/output/diff_output.h"

#include <string.h>

#include "collector/output/json_value.h"

const char *diff_by_name(enum frame_by by)
{
    return by == BY_LINE ? "line" : by == BY_MODULE ? "module" : "function";
}

int diff_shows(const struct diff_report *r, const struct diff_section *s)
{
    return !r->only || !strcmp(r->only, s->name);
}

static const char *nature_name(enum diff_nature n)
{
    return n == DIFF_SAMPLED ? "sampled" : n == DIFF_TIMED ? "timed" : "counted";
}

static json_t *side(const struct diff_side *s)
{
    json_t *v = json_object(), *runs = json_array();
    for (size_t i = 0; i < s->n; i++) {
        json_t *run = json_object(), *list = json_array();
        json_put_text(run, "path", s->run[i].path);
        for (size_t k = 0; k < s->run[i].n; k++) {
            const struct digest *d = s->run[i].digest[k];
            json_t *p = json_object();
            json_put_u64(p, "pid", d->process->pid);
            json_put_text(p, "command", digest_command(d));
            json_put_u64(p, "duration_ns",
                         process_since_start(d->process, process_end_ns(d->process)));
            double queued_ns = process_queued_ns(d->process);
            json_put(p, "queued_ns",
                     queued_ns < 0 ? json_null() : json_integer((json_int_t)queued_ns));
            json_array_append_new(list, p);
        }
        json_put(run, "processes", list);
        json_array_append_new(runs, run);
    }
    json_put(v, "runs", runs);
    return v;
}

static json_t *settings(const struct diff_options *o)
{
    json_t *v = json_object();
    json_put_text(v, "by", diff_by_name(o->choice.by));
    json_put_text(v, "value", o->total ? "total" : "self");
    json_put_text(v, "compare", o->shares ? "share" : "time");
    json_put_real(v, "level", o->level);
    return v;
}

static json_t *known_or_null(int known, double v)
{
    return known ? json_real(v) : json_null();
}

static json_t *row_side(const struct diff_section *s, const struct diff_row *r, int side_number)
{
    const struct diff_value *value = &r->side[side_number];
    json_t *v = json_object();
    json_put(v, "value", known_or_null(!diff_is_untold(s, r, side_number), value->mean));
    if (s->nature == DIFF_SAMPLED) {
        json_put_real(v, "share", value->share);
        json_put_u64(v, "samples", value->samples);
    }
    return v;
}

static json_t *real_or_null(double v)
{
    return v < 0 ? json_null() : json_real(v);
}

static json_t *row(const struct diff_section *s, const struct diff_row *r)
{
    json_t *v = json_object();
    json_put_text(v, "label", r->label);
    if (s->nature == DIFF_SAMPLED) {
        json_put_text(v, "kind", r->kind);
        json_put_text(v, "file", r->place);
        json_put_u64(v, "line", r->line);
        json_put_bool(v, "paired_by_lines", r->is_paired);
    }
    json_put_text(v, "verdict", diff_verdict_name(r->verdict, QUANTITY_COUNT));
    json_put(v, "a", row_side(s, r, SIDE_A));
    json_put(v, "b", row_side(s, r, SIDE_B));
    json_put(
        v, "change",
        known_or_null(!diff_is_untold(s, r, SIDE_A) && !diff_is_untold(s, r, SIDE_B), r->change));
    json_put(v, "error", real_or_null(r->error));
    json_put(v, "p", real_or_null(r->p));
    return v;
}

static json_t *section_side(const struct diff_section *s, int side_number)
{
    json_t *v = json_object();
    int known = !s->doubtful[side_number] || s->whole[side_number] != 0;
    json_put(v, "value", known_or_null(known, s->whole[side_number]));
    if (s->nature == DIFF_SAMPLED) {
        json_put_u64(v, "samples", s->samples[side_number]);
        json_put_real(v, "period_ns", s->period_ns[side_number]);
    }
    return v;
}

static json_t *section(const struct diff_report *r, const struct diff_section *s)
{
    json_t *v = json_object(), *rows = json_array();
    json_put_text(v, "name", s->name);
    json_put_text(v, "title", s->title);
    json_put_text(v, "unit", quantity_unit(s->quantity));
    json_put_text(v, "nature", nature_name(s->nature));
    json_put(v, "a", section_side(s, SIDE_A));
    json_put(v, "b", section_side(s, SIDE_B));
    json_put_real(v, "margin", s->nature == DIFF_SAMPLED ? diff_margin(s, r->options) : 0);
    json_put_u64(v, "tested", s->tested_n);
    if (s->nature == DIFF_SAMPLED)
        json_put(
            v, "pace",
            known_or_null(diff_is_of_pace(s, r->options), s->whole[SIDE_B] / s->whole[SIDE_A]));
    json_put(v, "doubt", s->doubt ? json_bytes(s->doubt, strlen(s->doubt)) : json_null());
    for (size_t i = 0; i < s->n && i < r->top; i++)
        json_array_append_new(rows, row(s, &s->row[i]));
    json_put(v, "rows", rows);
    return v;
}

void diff_json(const struct diff_report *r, FILE *out)
{
    json_t *v = json_object(), *sections = json_array();
    json_put_text(v, "schema", "modprof-diff");
    json_put_u64(v, "version", DIFF_JSON_VERSION);
    json_put(v, "a", side(&r->side[SIDE_A]));
    json_put(v, "b", side(&r->side[SIDE_B]));
    json_put(v, "options", settings(r->options));
    json_put(v, "no_samples",
             r->diff->clock_doubt ? json_string(r->diff->clock_doubt) : json_null());
    for (size_t i = 0; i < r->diff->n; i++)
        if (diff_shows(r, &r->diff->section[i]))
            json_array_append_new(sections, section(r, &r->diff->section[i]));
    json_put(v, "sections", sections);
    json_dumpf(v, out, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    fputc('\n', out);
    json_decref(v);
}
