/* module_size: see module_size.h. */
#include "collector/analyse/module_size.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "collector/analyse/lua_compile.h"
#include "collector/util/xalloc.h"

enum { FILE_MAX = 16 << 20, GZIP_LEVEL = 6, GZIP_WINDOW = 15 + 16 };

/* What luaL_loadfilex gives to the parser. */
struct loaded_text {
    char *all; /* the file, with room for one byte in front */
    const char *at;
    size_t n;
};

static uint64_t gzip_bytes(const void *at, size_t n)
{
    z_stream z = {0};
    uint8_t out[8192];
    if (deflateInit2(&z, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return 0;
    z.next_in = (uint8_t *)(uintptr_t)at;
    z.avail_in = (unsigned)n;
    uint64_t sum = 0;
    int status = Z_OK;
    while (status == Z_OK) {
        z.next_out = out;
        z.avail_out = sizeof out;
        status = deflate(&z, Z_FINISH);
        sum += sizeof out - z.avail_out;
    }
    deflateEnd(&z);
    return sum;
}

/* ---- the file ---- */

/* Leaves out what the parser never sees: a byte order mark, and a first line with #, whose end stays so
 * that lines keep their numbers (not before bytecode). */
static void comment_skip(struct loaded_text *t)
{
    if (t->n >= 3 && !memcmp(t->at, "\xef\xbb\xbf", 3)) {
        t->at += 3;
        t->n -= 3;
    }
    if (!t->n || *t->at != '#')
        return;
    const char *line_end = memchr(t->at, '\n', t->n), *end = t->at + t->n;
    const char *rest = line_end ? line_end + 1 : end;
    if (lua_chunk_is(rest, (size_t)(end - rest))) {
        t->at = rest;
    } else {
        t->at = rest - 1;
        *(char *)(uintptr_t)t->at = '\n';
    }
    t->n = (size_t)(end - t->at);
}

/* Reads the file into T.  Returns NULL or why not. */
static const char *text_read(struct loaded_text *t, struct process *p, const char *path)
{
    struct stat st;
    char *full = process_absolute(p, path);
    int fd = open(full, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    free(full);
    if (fd < 0)
        return pool_format(&p->pool, "%s can not be read: %s", path, strerror(errno));
    const char *why = NULL;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode))
        why = pool_format(&p->pool, "%s is no regular file", path);
    else if (st.st_size > FILE_MAX)
        why = pool_format(&p->pool, "%s is larger than %d MiB", path, FILE_MAX >> 20);
    size_t room = why ? 0 : (size_t)st.st_size;
    ssize_t got = 0;
    t->all = xmalloc(room + 1);
    while (t->n < room && (got = read(fd, t->all + 1 + t->n, room - t->n)) > 0)
        t->n += (size_t)got;
    close(fd);
    t->at = t->all + 1;
    comment_skip(t);
    return why;
}

/* The parser reads bytecode only as far as it needs it. */
static const char *same_check(struct loaded_text *t, struct process *p, const struct span *s,
                              const char *path)
{
    if (s->end.source_bytes <= t->n && s->end.source_bytes &&
        (s->end.precompiled || s->end.source_bytes == t->n) &&
        XXH64(t->at, s->end.source_bytes, 0) == s->end.text_hash)
        return NULL;
    return pool_format(&p->pool, "%s has changed since", path);
}

/* ---- one module ---- */

static void bytecode_look(struct module_size *m, const void *at, size_t n)
{
    m->bytecode_bytes = n;
    m->bytecode_gzip = gzip_bytes(at, n);
    m->invalid = lua_chunk_read(&m->chunk, at, n);
    m->chunk.source = NULL;
}

static void text_look(struct module_size *m, struct process *p, const struct loaded_text *t,
                      const char *path)
{
    struct lua_compiled c;
    struct err err = {""};
    char *name = xformat("@%s", path);
    m->source_bytes = t->n;
    m->source_gzip = gzip_bytes(t->at, t->n);
    if (lua_compile(&c, name, t->at, t->n, &err)) {
        m->unknown = pool_format(&p->pool, "it does not compile: %s", err.text);
    } else {
        bytecode_look(m, c.bytecode, c.bytecode_n);
        m->stripped_bytes = c.stripped_n;
        double share = c.compile_ns > 0 ? c.undump_ns / c.compile_ns : 1;
        m->saving_ns = share < 1 ? m->compile_ns * (1 - share) : 0;
        lua_compiled_release(&c);
    }
    free(name);
}

static void module_look(struct module_size *m, struct process *p)
{
    const struct span *s = m->node->span;
    const char *path = process_display(p, s->end.file);
    struct loaded_text t = {0};
    m->precompiled = s->end.precompiled != 0;
    m->source_bytes = m->precompiled ? 0 : s->end.source_bytes;
    m->compile_ns = (double)s->end.phase_ns[PHASE_COMPILE];
    m->unknown = *path ? text_read(&t, p, path) : "it came from no file";
    if (!m->unknown)
        m->unknown = same_check(&t, p, s, path);
    if (!m->unknown && m->precompiled)
        bytecode_look(m, t.at, t.n);
    else if (!m->unknown)
        text_look(m, p, &t, path);
    free(t.all);
}

void module_sizes_build(struct module_sizes *m, struct process *p, const struct span_tree *t)
{
    memset(m, 0, sizeof *m);
    for (size_t i = 0; i < t->n; i++) {
        const struct span_node *n = &t->node[i];
        if (!span_is_module(n->span) || n->open || !n->span->end.source_bytes)
            continue;
        m->at = xgrow(m->at, m->n, &m->cap, sizeof *m->at);
        memset(&m->at[m->n], 0, sizeof *m->at);
        m->at[m->n].node = n;
        module_look(&m->at[m->n++], p);
    }
}

void module_sizes_release(struct module_sizes *m)
{
    free(m->at);
    memset(m, 0, sizeof *m);
}
