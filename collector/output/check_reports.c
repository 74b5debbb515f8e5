/* check_reports: the verdicts as SARIF, GitLab code quality and OpenMetrics. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/output/check_output.h"
#include "collector/output/json_value.h"
#include "collector/util/escape.h"
#include "collector/util/xalloc.h"
#include "wire/version.h"

/* Rules that somebody has to look at. */
static int is_result(const struct check_report *r, const struct finding *f)
{
    return check_weight(r, f) >= WEIGHT_WARNING;
}

static int is_error(const struct check_report *r, const struct finding *f)
{
    return check_weight(r, f) == WEIGHT_ERROR;
}

static json_int_t line_of(const struct finding *f)
{
    return f->rule->line ? f->rule->line : 1;
}

static void put_sentence(json_t *v, const char *key, const struct finding *f)
{
    char *sentence = check_sentence(f);
    json_put_text(v, key, sentence);
    free(sentence);
}

/* FNV-1a. */
static uint64_t hash(uint64_t h, const char *text)
{
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return h;
}

/* The same for the same rule in every run and wherever it stands in the file, so that it is known again.  SEEN
 * counts the rules of one name, which may be several. */
static json_t *fingerprint(const struct check_report *r, const struct finding *f,
                           struct rowset *seen)
{
    char hex[17];
    uint64_t h = hash(hash(UINT64_C(0xcbf29ce484222325), r->file), f->rule->name);
    uint64_t nth = ++*(uint64_t *)rowset_put(seen, h);
    snprintf(hex, sizeof hex, "%016" PRIx64, h + nth - 1);
    return json_string(hex);
}

/* ---- SARIF ---- */

/* A relative reference: what may not stand in a URI is written as %XX. */
static char *uri(const char *path)
{
    char *out = xmalloc(strlen(path) * 3 + 10), *at = out;
    if (*path == '/')
        at = stpcpy(at, "file://");
    for (; *path; path++) {
        unsigned char c = (unsigned char)*path;
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            strchr("/._-~", c))
            *at++ = (char)c;
        else
            at += sprintf(at, "%%%02X", c);
    }
    *at = 0;
    return out;
}

static json_t *sarif_location(const struct check_report *r, const struct finding *f)
{
    char *path = uri(r->file);
    json_t *v = json_pack("{s:{s:{s:s},s:{s:I}}}", "physicalLocation", "artifactLocation", "uri",
                          path, "region", "startLine", line_of(f));
    free(path);
    return v;
}

static json_t *sarif_result(const struct check_report *r, const struct finding *f, int rule,
                            struct rowset *seen)
{
    json_t *v = json_object(), *message = json_object(), *locations = json_array();
    json_put_text(v, "ruleId", f->rule->metric->name);
    json_put_u64(v, "ruleIndex", (uint64_t)rule);
    json_put(v, "partialFingerprints",
             json_pack("{s:o}", "modprofRule/v1", fingerprint(r, f, seen)));
    json_put_text(v, "level", is_error(r, f) ? "error" : "warning");
    put_sentence(message, "text", f);
    json_put(v, "message", message);
    json_array_append_new(locations, sarif_location(r, f));
    json_put(v, "locations", locations);
    return v;
}

/* NUMBER[METRIC_N] tells where a metric stands in the list. */
static json_t *sarif_rules(const struct check_report *r, int *number)
{
    const struct findings *f = r->findings;
    json_t *list = json_array();
    int said[METRIC_N] = {0};
    for (size_t i = 0; i < f->n; i++) {
        const struct metric *m = f->at[i].rule->metric;
        if (!is_result(r, &f->at[i]) || said[metric_number(m)]++)
            continue;
        number[metric_number(m)] = (int)json_array_size(list);
        json_array_append_new(list, json_pack("{s:s,s:{s:s}}", "id", m->name, "shortDescription",
                                              "text", m->summary));
    }
    return list;
}

void check_sarif(const struct check_report *r, FILE *out)
{
    int number[METRIC_N] = {0};
    struct rowset seen;
    json_t *results = json_array(), *rules = sarif_rules(r, number);
    rowset_init(&seen, sizeof(uint64_t));
    for (size_t i = 0; i < r->findings->n; i++) {
        const struct finding *f = &r->findings->at[i];
        if (is_result(r, f))
            json_array_append_new(
                results, sarif_result(r, f, number[metric_number(f->rule->metric)], &seen));
    }
    rowset_release(&seen);
    json_t *v = json_pack("{s:s,s:s,s:[{s:{s:{s:s,s:s,s:o}},s:o}]}", "$schema",
                          "https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0",
                          "runs", "tool", "driver", "name", "modprof", "version", MODPROF_VERSION,
                          "rules", rules, "results", results);
    json_dumpf(v, out, JSON_INDENT(1));
    fputc('\n', out);
    json_decref(v);
}

/* ---- GitLab ---- */

void check_gitlab(const struct check_report *r, FILE *out)
{
    json_t *list = json_array();
    struct rowset seen;
    rowset_init(&seen, sizeof(uint64_t));
    for (size_t i = 0; i < r->findings->n; i++) {
        const struct finding *f = &r->findings->at[i];
        if (!is_result(r, f))
            continue;
        json_t *v = json_object();
        put_sentence(v, "description", f);
        json_put_text(v, "check_name", f->rule->metric->name);
        json_put(v, "fingerprint", fingerprint(r, f, &seen));
        json_put_text(v, "severity", is_error(r, f) ? "major" : "minor");
        json_put(v, "location",
                 json_pack("{s:o,s:{s:I}}", "path", json_bytes(r->file, strlen(r->file)), "lines",
                           "begin", line_of(f)));
        json_array_append_new(list, v);
    }
    rowset_release(&seen);
    json_dumpf(list, out, JSON_INDENT(1));
    fputc('\n', out);
    json_decref(list);
}

/* ---- OpenMetrics ---- */

static void label_put(const char *text, FILE *out)
{
    size_t n;
    char *clean = escape_utf8_only(text, strlen(text), &n);
    for (size_t i = 0; i < n; i++) {
        if (clean[i] == '\\' || clean[i] == '"')
            fputc('\\', out);
        if (clean[i] == '\n')
            fputs("\\n", out);
        else
            fputc(clean[i], out);
    }
    free(clean);
}

/* Rules may share a name; their number tells them apart. */
static void sample_head(const char *family, const struct finding *f, size_t number, FILE *out)
{
    fprintf(out, "%s{number=\"%zu\",rule=\"", family, number + 1);
    label_put(f->rule->name, out);
    fprintf(out, "\",metric=\"%s\",unit=\"%s\"", f->rule->metric->name, rule_unit(f->rule));
}

void check_openmetrics(const struct check_report *r, FILE *out)
{
    const struct findings *f = r->findings;
    fputs("# TYPE modprof_budget_measured gauge\n"
          "# HELP modprof_budget_measured What was measured for a rule, in its unit.\n",
          out);
    for (size_t i = 0; i < f->n; i++) {
        if (!f->at[i].digest || !f->at[i].m.n)
            continue;
        sample_head("modprof_budget_measured", &f->at[i], i, out);
        fprintf(out, "} %.15g\n", f->at[i].value);
    }
    fputs("# TYPE modprof_budget_limit gauge\n"
          "# HELP modprof_budget_limit The bound that it was held against.\n",
          out);
    for (size_t i = 0; i < f->n; i++) {
        if (!f->at[i].bound)
            continue;
        sample_head("modprof_budget_limit", &f->at[i], i, out);
        fprintf(out, "} %.15g\n", f->at[i].bound->value);
    }
    fputs("# TYPE modprof_budget_verdict stateset\n"
          "# HELP modprof_budget_verdict The verdict on a rule.\n",
          out);
    for (size_t i = 0; i < f->n; i++)
        for (int v = 0; v < VERDICT_N; v++) {
            sample_head("modprof_budget_verdict", &f->at[i], i, out);
            fprintf(out, ",modprof_budget_verdict=\"%s\"} %d\n", verdict_name((enum verdict)v),
                    (int)f->at[i].verdict == v);
        }
    fputs("# EOF\n", out);
}
