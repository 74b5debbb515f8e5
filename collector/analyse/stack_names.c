/* stack_names: see stack_names.h; stack_definition.c reads the line. */
#include "collector/analyse/stack_names.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/util/escape.h"

enum { CHUNK_SHOWN_MAX = 40 };

struct module_file {
    const char *module;
};

static uint64_t hash(const char *z)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (; *z; z++)
        h = (h ^ (unsigned char)*z) * UINT64_C(0x100000001b3);
    return h;
}

/* The innermost require of a file wins: each file is one module. */
static void modules_learn(struct stack_names *n)
{
    struct process *p = n->process;
    for (size_t i = 0; i < p->spans.n; i++) {
        const struct span *s = rowset_at(&p->spans, i);
        struct text file = process_text(p, s->end.file);
        if (s->begin.kind != SPAN_REQUIRE || !file.n)
            continue;
        struct module_file *m = rowset_put(&n->modules, hash(file.at + (*file.at == '@')));
        if (!m->module)
            m->module = process_display(p, s->begin.name);
    }
}

void stack_names_init(struct stack_names *n, struct process *p)
{
    memset(n, 0, sizeof *n);
    n->process = p;
    rowset_init(&n->modules, sizeof(struct module_file));
    modules_learn(n);
}

void stack_names_release(struct stack_names *n)
{
    stack_sources_release(&n->sources);
    rowset_release(&n->modules);
}

/* As Lua shows a chunk that is no file: its first line. */
static const char *text_chunk(struct process *p, struct text t)
{
    size_t n = 0;
    while (n < t.n && n < CHUNK_SHOWN_MAX && t.at[n] && t.at[n] != '\n')
        n++;
    char *escaped = escape_text(t.at, n);
    const char *shown = pool_format(&p->pool, "[string \"%s%s\"]", escaped, n < t.n ? "..." : "");
    free(escaped);
    return shown;
}

const char *stack_file(struct stack_names *n, const struct rec_proto *r)
{
    struct text t = process_text(n->process, r->source);
    if (!t.n)
        return "?";
    size_t begin = *t.at == '@' || *t.at == '=' ? 1 : 0;
    if (!begin && !stack_source_path(t.at))
        return text_chunk(n->process, t);
    char *escaped = escape_text(t.at + begin, t.n - begin);
    const char *shown = pool_copy(&n->process->pool, escaped, strlen(escaped));
    free(escaped);
    return shown;
}

const char *stack_file_short(const char *file)
{
    const char *slash = *file == '[' ? NULL : strrchr(file, '/');
    return slash && slash[1] ? slash + 1 : file;
}

/* NULL where the file is nobody's module. */
static const char *module_of(const struct stack_names *n, const struct rec_proto *r)
{
    struct text t = process_text(n->process, r->source);
    if (t.n < 2 || *t.at != '@')
        return NULL;
    const struct module_file *m = rowset_find(&n->modules, hash(t.at + 1));
    return m ? m->module : NULL;
}

const char *stack_module(struct stack_names *n, const struct rec_proto *r)
{
    const char *module = module_of(n, r);
    return module ? module : stack_file_short(stack_file(n, r));
}

/* 1 where the file ends with `return WORD`: that table is the module. */
static int is_returned(const struct stack_source *s, const char *word, size_t word_n)
{
    for (uint64_t i = s->line_n; i > 0; i--) {
        size_t n;
        const char *line = stack_source_line(s, i, &n);
        while (n && isspace((unsigned char)*line))
            line++, n--;
        if (n < 7 || memcmp(line, "return", 6))
            continue;
        for (line += 6, n -= 6; n && isspace((unsigned char)*line); line++)
            n--;
        return n >= word_n && !memcmp(line, word, word_n) &&
               (n == word_n || !(isalnum((unsigned char)line[word_n]) || line[word_n] == '_' ||
                                 line[word_n] == '.' || line[word_n] == '('));
    }
    return 0;
}

static const char *last_part(const char *module)
{
    const char *dot = strrchr(module, '.');
    return dot ? dot + 1 : module;
}

/* NAME as the line has it, with the module's local table replaced by the module. */
static const char *qualified(struct stack_names *n, const struct rec_proto *r,
                             const struct stack_source *s, const char *name)
{
    struct pool *pool = &n->process->pool;
    const char *module = module_of(n, r);
    size_t first = strcspn(name, ".:");
    if (!name[first]) /* a local or global function, or a field of a table being made */
        return pool_format(pool, "%s (%s)", name, stack_module(n, r));
    if (module &&
        ((first == strlen(last_part(module)) && !memcmp(last_part(module), name, first)) ||
         is_returned(s, name, first)))
        return pool_format(pool, "%s%s", module, name + first);
    return pool_copy(pool, name, strlen(name));
}

/* Line NUMBER of a chunk that is its own name.  Its last line may have been cut. */
static const char *text_line(struct text t, uint64_t number, size_t *line_n)
{
    const char *at = t.at, *end = t.at + t.n, *next;
    while (number-- > 1) {
        next = memchr(at, '\n', (size_t)(end - at));
        if (!next)
            return NULL;
        at = next + 1;
    }
    next = memchr(at, '\n', (size_t)(end - at));
    *line_n = (size_t)((next ? next : end) - at);
    return next || t.n < PROTO_SOURCE_MAX ? at : NULL;
}

static const char *line_of(const struct rec_proto *r, struct text source,
                           const struct stack_source *s, size_t *line_n)
{
    if (s)
        return stack_source_line(s, r->line_defined, line_n);
    return source.n && *source.at != '@' && *source.at != '='
               ? text_line(source, r->line_defined, line_n)
               : NULL;
}

const char *stack_name(struct stack_names *n, const struct rec_proto *r)
{
    struct process *p = n->process;
    struct text source = process_text(p, r->source);
    char name[STACK_NAME_MAX];
    int is_local;
    size_t line_n;
    const char *module = module_of(n, r), *file = stack_file(n, r);
    if (!r->line_defined)
        return pool_format(&p->pool, "%s (main chunk)", module ? module : stack_file_short(file));
    const struct stack_source *s = stack_source_of(&n->sources, p, source);
    const char *line = line_of(r, source, s, &line_n);
    if (line && stack_name_in_line(line, line_n, name, &is_local) == 0)
        return qualified(n, r, s, name);
    return pool_format(&p->pool, "%s:%" PRIu64, stack_file_short(file), r->line_defined);
}
