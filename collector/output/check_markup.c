/* check_markup: the verdicts as JUnit XML and as GitHub annotations and summary. */
#include <stdlib.h>
#include <string.h>

#include "collector/output/check_output.h"
#include "collector/util/escape.h"
#include "collector/util/xalloc.h"

/* ---- JUnit ---- */

/* Text that XML 1.0 allows. */
static void xml_put(const char *text, FILE *out)
{
    size_t n;
    char *clean = escape_utf8_only(text, strlen(text), &n);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)clean[i];
        if (c == '&')
            fputs("&amp;", out);
        else if (c == '<')
            fputs("&lt;", out);
        else if (c == '>')
            fputs("&gt;", out);
        else if (c == '"')
            fputs("&quot;", out);
        else if (c < 0x20)
            fputc(' ', out);
        else if (c == 0xef && i + 2 < n && !memcmp(clean + i, "\xef\xbf", 2) &&
                 (unsigned char)clean[i + 2] >= 0xbe) /* U+FFFE, U+FFFF */
            i += 2;
        else
            fputc(c, out);
    }
    free(clean);
}

/* The element of a finding: NULL where it is fine, or only warns. */
static const char *junit_element(const struct check_report *r, const struct finding *f)
{
    if (f->verdict == VERDICT_FAIL)
        return "failure";
    if (f->verdict == VERDICT_WARN || f->verdict == VERDICT_PASS)
        return NULL;
    return check_weight(r, f) == WEIGHT_ERROR ? "error" : "skipped";
}

static void junit_body(const struct check_report *r, const struct finding *f, FILE *out)
{
    const char *name = junit_element(r, f);
    char *sentence = check_sentence(f);
    if (name) {
        fprintf(out, "   <%s message=\"", name);
        xml_put(sentence, out);
        if (strcmp(name, "skipped") != 0)
            fprintf(out, "\" type=\"%s", f->rule->metric->name);
        fputs("\">", out);
        xml_put(sentence, out);
        fprintf(out, "</%s>\n", name);
    } else {
        fprintf(out, "   <system-out>%s: ", verdict_name(f->verdict)); /* JUnit knows no warnings */
        xml_put(sentence, out);
        fputs("</system-out>\n", out);
    }
    free(sentence);
}

static size_t junit_count(const struct check_report *r, const char *element)
{
    size_t n = 0;
    for (size_t i = 0; i < r->findings->n; i++) {
        const char *name = junit_element(r, &r->findings->at[i]);
        n += name && !strcmp(name, element);
    }
    return n;
}

void check_junit(const struct check_report *r, FILE *out)
{
    const struct findings *f = r->findings;
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
            " <testsuite name=\"modprof check\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" "
            "skipped=\"%zu\" time=\"0\">\n",
            f->n, junit_count(r, "failure"), junit_count(r, "error"), junit_count(r, "skipped"));
    for (size_t i = 0; i < f->n; i++) {
        fputs("  <testcase classname=\"", out);
        xml_put(r->budget->path, out);
        fputs("\" name=\"", out);
        xml_put(f->at[i].rule->name, out);
        fputs("\" time=\"0\">\n", out);
        junit_body(r, &f->at[i], out);
        fputs("  </testcase>\n", out);
    }
    fputs(" </testsuite>\n</testsuites>\n", out);
}

/* ---- GitHub ---- */

enum { ANNOTATIONS_MAX = 10, SUMMARY_ROWS_MAX = 1000 }; /* GitHub's: 10 a kind and step, 1 MiB */

/* A workflow command ends with its line; in properties : and , have a meaning too. */
static void github_put(const char *text, int property, FILE *out)
{
    size_t n;
    char *clean = escape_utf8_only(text, strlen(text), &n);
    for (const char *at = clean; *at; at++) {
        if (*at == '%' || *at == '\r' || *at == '\n' || (property && (*at == ':' || *at == ',')))
            fprintf(out, "%%%02X", (unsigned char)*at);
        else
            fputc(*at, out);
    }
    free(clean);
}

void check_github(const struct check_report *r, FILE *out)
{
    size_t *order = check_order(r->findings);
    static const char *const kinds[] = {NULL, "notice", "warning", "error"};
    size_t said[WEIGHT_ERROR + 1] = {0};
    for (size_t i = 0; i < r->findings->n; i++) {
        const struct finding *f = &r->findings->at[order[i]];
        enum check_weight weight = check_weight(r, f);
        if (weight == WEIGHT_NONE || said[weight]++ >= ANNOTATIONS_MAX)
            continue;
        fprintf(out, "::%s file=", kinds[weight]);
        github_put(r->file, 1, out);
        fprintf(out, ",line=%u,title=", f->rule->line ? f->rule->line : 1);
        char *title = xformat("modprof: %s", verdict_name(f->verdict));
        github_put(title, 1, out);
        free(title);
        fputs("::", out);
        char *sentence = check_sentence(f);
        github_put(sentence, 0, out);
        free(sentence);
        fputc('\n', out);
    }
    free(order);
}

/* A cell of a Markdown table; returns its bytes. */
static size_t markdown_put(const char *text, FILE *out)
{
    size_t bytes = 0, n;
    char *clean = escape_utf8_only(text, strlen(text), &n);
    for (const char *at = clean; *at; at++, bytes++) {
        if (strchr("|\\`*_<>[]#", *at))
            bytes += fputc('\\', out) != EOF;
        fputc(*at == '\n' || *at == '\r' ? ' ' : *at, out);
    }
    free(clean);
    return bytes;
}

/* A row; returns its bytes, escapes included. */
static size_t summary_row(const struct finding *f, FILE *out)
{
    char *sentence = check_sentence(f);
    size_t n = (size_t)fprintf(out, "| %s | ", verdict_name(f->verdict));
    n += markdown_put(sentence, out);
    n += (size_t)fprintf(out, " |\n");
    free(sentence);
    return n;
}

/* Bytes that a row may take at most, before it is written. */
static size_t row_most(const struct finding *f)
{
    char *sentence = check_sentence(f);
    size_t n = 3 * strlen(sentence) + 40; /* a byte that is no text becomes three */
    free(sentence);
    return n;
}

void check_github_summary(const struct check_report *r, FILE *out, size_t room)
{
    enum { HEAD = 100, FOOT = 100 };
    const struct findings *f = r->findings;
    size_t *order = check_order(f), n = 0, used = HEAD + FOOT;
    if (room > HEAD + FOOT)
        fprintf(out, "### modprof check: %s\n\n| verdict | what was found |\n|---|---|\n",
                check_word(r));
    for (; n < f->n && n < SUMMARY_ROWS_MAX; n++) {
        const struct finding *one = &f->at[order[n]];
        if (used + row_most(one) > room)
            break;
        used += summary_row(one, out);
    }
    if (n < f->n && room > HEAD + FOOT)
        fprintf(out, "\nand %zu more %s\n", f->n - n, f->n - n == 1 ? "rule" : "rules");
    if (room > HEAD + FOOT)
        fputc('\n', out);
    free(order);
}
