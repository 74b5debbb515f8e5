/* bench_command: see bench_command.h. */
#include "collector/bench/bench_command.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <wordexp.h>

#include "collector/util/xalloc.h"

static void variable_add(struct bench_command *c, char *setting)
{
    c->variable = xgrow(c->variable, c->variable_n, &c->variable_cap, sizeof *c->variable);
    c->variable[c->variable_n++] = setting;
}

static void word_add(struct bench_command *c, char *word)
{
    c->argv = xgrow(c->argv, c->argc + 1, &c->argc_cap, sizeof *c->argv);
    c->argv[c->argc++] = word;
    c->argv[c->argc] = NULL;
}

static int is_setting(const char *word)
{
    if (!isalpha((unsigned char)*word) && *word != '_')
        return 0;
    while (isalnum((unsigned char)*word) || *word == '_')
        word++;
    return *word == '=';
}

/* ---- the text ---- */

static int is_plain(const char *word)
{
    static const char also[] = "%+,-./:=@_^{}";
    for (; *word; word++)
        if (!isalnum((unsigned char)*word) && !strchr(also, *word))
            return 0;
    return 1;
}

/* Appends WORD to TEXT (freed), quoted where a shell needs it. */
static char *quoted_add(char *text, const char *word)
{
    const char *gap = *text ? " " : "";
    char *out;
    if (*word && is_plain(word)) {
        out = xformat("%s%s%s", text, gap, word);
        free(text);
        return out;
    }
    out = xformat("%s%s'", text, gap);
    free(text);
    for (; *word; word++) {
        text = out;
        out = *word == '\'' ? xformat("%s'\\''", text) : xformat("%s%c", text, *word);
        free(text);
    }
    text = xformat("%s'", out);
    free(out);
    return text;
}

static void text_make(struct bench_command *c)
{
    free(c->text);
    c->text = xstrdup("");
    for (size_t i = 0; i < c->variable_n; i++)
        c->text = quoted_add(c->text, c->variable[i]);
    for (size_t i = 0; i < c->argc; i++)
        c->text = quoted_add(c->text, c->argv[i]);
}

/* ---- making ---- */

int bench_command_words(struct bench_command *c, char *const *words, struct err *err)
{
    memset(c, 0, sizeof *c);
    for (; *words && is_setting(*words); words++)
        variable_add(c, xstrdup(*words));
    for (; *words; words++)
        word_add(c, xstrdup(*words));
    text_make(c);
    return c->argc ? 0 : err_set(err, "there is no program in `%s`", c->text);
}

int bench_command_parse(struct bench_command *c, const char *text, struct err *err)
{
    wordexp_t w;
    memset(c, 0, sizeof *c);
    int bad = wordexp(text, &w, WRDE_NOCMD | WRDE_SHOWERR);
    if (bad == WRDE_BADCHAR || bad == WRDE_CMDSUB)
        return err_set(
            err,
            "`%s` needs a shell (|, &, ;, <, >, parentheses, braces or $(...) outside of "
            "quotes): quote them, or write sh -c '...'",
            text);
    if (bad)
        return err_set(err, "`%s` is no command line: a quote is not closed?", text);
    bad = bench_command_words(c, w.we_wordv, err);
    wordfree(&w);
    return bad;
}

/* TEXT with each WHAT replaced. */
static char *replaced(const char *text, const char *what, const char *by)
{
    char *out = xstrdup("");
    for (const char *at; (at = strstr(text, what)); text = at + strlen(what)) {
        char *longer = xformat("%s%.*s%s", out, (int)(at - text), text, by);
        free(out);
        out = longer;
    }
    char *whole = xformat("%s%s", out, text);
    free(out);
    return whole;
}

void bench_command_fill(struct bench_command *out, const struct bench_command *c, const char *name,
                        const char *value)
{
    char *what = xformat("{%s}", name ? name : "");
    memset(out, 0, sizeof *out);
    if (!name)
        value = what; /* nothing is replaced: {} stays {} */
    for (size_t i = 0; i < c->variable_n; i++)
        variable_add(out, replaced(c->variable[i], what, value));
    for (size_t i = 0; i < c->argc; i++)
        word_add(out, replaced(c->argv[i], what, value));
    text_make(out);
    if (name)
        variable_add(out, xformat("%s=%s", name, value));
    free(what);
}

int bench_command_uses(const struct bench_command *c, const char *name)
{
    char *what = xformat("{%s}", name);
    int found = 0;
    for (size_t i = 0; i < c->variable_n; i++)
        found |= strstr(c->variable[i], what) != NULL;
    for (size_t i = 0; i < c->argc; i++)
        found |= strstr(c->argv[i], what) != NULL;
    free(what);
    return found;
}

void bench_command_release(struct bench_command *c)
{
    for (size_t i = 0; i < c->variable_n; i++)
        free(c->variable[i]);
    for (size_t i = 0; i < c->argc; i++)
        free(c->argv[i]);
    free(c->variable);
    free(c->argv);
    free(c->text);
    memset(c, 0, sizeof *c);
}
