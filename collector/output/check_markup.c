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
        else
            fputc(c, out);
    }
    free(clean);
}

static void junit_body(const struct finding *f, FILE *out)
{
    static const char *const element[VERDICT_N] = {[VERDICT_OFF] = "skipped",
                                                   [VERDICT_UNTESTED] = "skipped",
                                                   [VERDICT_INCOMPLETE] = "error",
                                                   [VERDICT_FAIL] = "failure"};
    const char *name = element[f->verdict];
    char *sentence = check_sentence(f);
    if (f->verdict == VERDICT_INCOMPLETE && f->rule->level == LEVEL_WARN)
        name = "skipped"; /* does not change the exit status either */
    if (name) {
        fprintf(out, "   <%s message=\"", name);
        xml_put(sentence, out);
        if (strcmp(name, "skipped"))
            fprintf(out, "\" type=\"%s", f->rule->metric->name);
        fputs("\">", out);
        xml_put(sentence, out);
        fprintf(out, "</%s>\n", name);
    } else {
        fputs("   <system-out>", out);
        xml_put(sentence, out);
        fputs("</system-out>\n", out);
    }
    free(sentence);
}

static size_t junit_errors(const struct findings *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++)
        n += f->at[i].verdict == VERDICT_INCOMPLETE && f->at[i].rule->level != LEVEL_WARN;
    return n;
}

void check_junit(const struct check_report *r, FILE *out)
{
    const struct findings *f = r->findings;
    size_t errors = junit_errors(f);
    size_t skipped =
        f->count[VERDICT_OFF] + f->count[VERDICT_UNTESTED] + f->count[VERDICT_INCOMPLETE] - errors;
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
            " <testsuite name=\"modprof check\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" "
            "skipped=\"%zu\" time=\"0\">\n",
            f->n, f->count[VERDICT_FAIL], errors, skipped);
    for (size_t i = 0; i < f->n; i++) {
        fputs("  <testcase classname=\"", out);
        xml_put(r->budget->path, out);
        fputs("\" name=\"", out);
        xml_put(f->at[i].rule->name, out);
        fputs("\" time=\"0\">\n", out);
        junit_body(&f->at[i], out);
        fputs("  </testcase>\n", out);
    }
    fputs(" </testsuite>\n</testsuites>\n", out);
}

/* ---- GitHub ---- */

enum { ANNOTATIONS_MAX = 10, SUMMARY_ROWS_MAX = 1000 }; /* GitHub's: 10 a kind and step, 1 MiB */

/* A workflow command ends with its line; in properties : and , have a meaning too. */
static void github_put(const char *text, int property, FILE *out)
{
    for (; *text; text++) {
        if (*text == '%' || *text == '\r' || *text == '\n' ||
            (property && (*text == ':' || *text == ',')))
            fprintf(out, "%%%02X", (unsigned char)*text);
        else
            fputc(*text, out);
    }
}

static const char *github_kind(const struct finding *f)
{
    if (f->verdict == VERDICT_FAIL)
        return "error";
    if (f->verdict == VERDICT_INCOMPLETE)
        return f->rule->level == LEVEL_WARN ? "warning" : "error";
    return f->verdict == VERDICT_WARN       ? "warning"
           : f->verdict == VERDICT_UNTESTED ? "notice"
                                            : NULL;
}

void check_github(const struct check_report *r, FILE *out)
{
    size_t *order = check_order(r->findings);
    size_t said[3] = {0};
    for (size_t i = 0; i < r->findings->n; i++) {
        const struct finding *f = &r->findings->at[order[i]];
        const char *kind = github_kind(f);
        if (!kind || said[*kind == 'e' ? 0 : *kind == 'w' ? 1 : 2]++ >= ANNOTATIONS_MAX)
            continue;
        fprintf(out, "::%s file=", kind);
        github_put(r->budget->path, 1, out);
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

/* A cell of a Markdown table. */
static void markdown_put(const char *text, FILE *out)
{
    for (; *text; text++) {
        if (strchr("|\\`*_<>[]", *text))
            fputc('\\', out);
        fputc(*text == '\n' || *text == '\r' ? ' ' : *text, out);
    }
}

void check_github_summary(const struct check_report *r, FILE *out)
{
    const struct findings *f = r->findings;
    size_t *order = check_order(f), n = f->n < SUMMARY_ROWS_MAX ? f->n : SUMMARY_ROWS_MAX;
    fprintf(out, "### modprof check: %s\n\n| verdict | what was found |\n|---|---|\n",
            check_word(r));
    for (size_t i = 0; i < n; i++) {
        const struct finding *one = &f->at[order[i]];
        char *sentence = check_sentence(one);
        fprintf(out, "| %s | ", verdict_name(one->verdict));
        markdown_put(sentence, out);
        fputs(" |\n", out);
        free(sentence);
    }
    if (n < f->n)
        fprintf(out, "\nand %zu more rules\n", f->n - n);
    fputc('\n', out);
    free(order);
}
