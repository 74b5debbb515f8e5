/* chunks: every chunk that is compiled: lua_load with its reader wrapped, and luaL_loadfilex.
 *
 * Time in the reader is read, the rest of lua_load is compile, without spans nested in either.
 * What luaL_loadfilex does outside of lua_load (open, first block, close) is read.  The figures go to
 * the chunk's counters, and to the span for which it is loaded.
 *
 * Context: host threads.  lua_load is protected, so its frame here always ends; a reader may leave
 * the reader's frame by an error. */
#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>

#include "shim/attach/hooks.h"
#include "shim/hooks/chunk_name.h"
#include "shim/hooks/chunk_origin.h"
#include "shim/hooks/chunk_runs.h"
#include "shim/hooks/observe.h"
#include "shim/hooks/span_trace.h"

/* The file that luaL_loadfilex is about to hand to lua_load. */
struct file_load {
    uint64_t name_hash; /* 0: none */
    uint64_t begin_ns;
};
static SHIM_TLS struct file_load file_load;

/* One lua_load on its way. */
struct loading {
    lua_Reader reader;
    void *data;
    struct span *span; /* innermost when it began; NULL: none */
    uint64_t serial;
    uint64_t enter_ns; /* 0: not in the reader */
    uint64_t enter_child_ns;
    uint64_t read_ns, bytes;
    int precompiled;
    XXH64_state_t hash;
};

static uint64_t child_ns(const struct loading *l)
{
    return l->span && l->span->touched && span_live(l->span, l->serial) ? l->span->d.child_ns : 0;
}

/* Ends a stay in the reader, also one that an error ended. */
static void reader_left(struct loading *l)
{
    if (!l->enter_ns)
        return;
    uint64_t stay = now_ns() - l->enter_ns, nested = child_ns(l) - l->enter_child_ns;
    l->read_ns += stay > nested ? stay - nested : 0;
    l->enter_ns = 0;
}

static const char *read_on(lua_State *L, void *data, size_t *size)
{
    struct loading *l = data;
    l->enter_child_ns = child_ns(l);
    l->enter_ns = now_ns();
    const char *piece = l->reader(L, l->data, size);
    reader_left(l);
    if (!piece || !*size)
        return piece;
    if (!l->bytes)
        l->precompiled = *piece == LUA_SIGNATURE[0];
    l->bytes += *size;
    XXH64_update(&l->hash, piece, *size);
    return piece;
}

/* ---- what is told ---- */

struct loaded {
    uint64_t read_ns, compile_ns, text_hash;
    uint32_t name;
    int status, is_file;
    enum chunk_origin origin;
};

#define ADD(field, value) atomic_fetch_add_explicit(&chunk->field, (value), memory_order_relaxed)

static void count_chunk(struct arena_chunk *chunk, const struct loading *l, const struct loaded *d)
{
    if (!chunk)
        return;
    ADD(load_n, 1);
    ADD(fail_n, d->status != LUA_OK);
    ADD(repeat_n, l->bytes && chunk_text_seen(d->text_hash));
    ADD(bytes, l->bytes);
    ADD(read_ns, d->read_ns);
    ADD(compile_ns, d->compile_ns);
    ADD(precompiled_n, (uint64_t)l->precompiled);
}

static void tell_span(const struct loading *l, const struct loaded *d, uint64_t file_ns)
{
    struct span *s = l->span;
    if (!span_loads(s) || !span_live(s, l->serial))
        return;
    span_touch(s);
    s->d.phase_ns[PHASE_READ] += d->read_ns - file_ns; /* hook_luaL_loadfilex adds the file's */
    s->d.phase_ns[PHASE_COMPILE] += d->compile_ns;
    s->d.source_bytes += l->bytes;
    s->d.precompiled = (uint8_t)l->precompiled;
    s->d.text_hash = d->text_hash;
    if (d->status != LUA_OK)
        s->d.error = span_error_text(s);
}

static uint64_t chunk_key(const char *name, size_t n, enum chunk_origin origin)
{
    return XXH64(name, n, (XXH64_hash_t)origin);
}

static struct arena_chunk *find_chunk(struct loaded *d, const char *source)
{
    char name[CHUNK_NAME];
    size_t n = chunk_name(name, source);
    struct arena_chunk *chunk = chunk_entry(chunk_key(name, n, d->origin), name, n, d->origin);
    d->name = chunk != NULL ? chunk->name : 0;
    return chunk;
}

static uint64_t file_hash(const char *name)
{
    return span_hash(name, strlen(name));
}

/* Takes the file's load over where SOURCE is its chunk name ("@file", "=stdin"); returns how long it
 * was read before. */
static uint64_t take_file(const char *source, uint64_t begin, int *is_file)
{
    struct file_load f = file_load;
    file_load.name_hash = 0;
    *is_file = f.name_hash && source && *source && f.name_hash == file_hash(source + 1);
    return *is_file ? begin - f.begin_ns : 0;
}

static void loading_begin(struct loading *l, lua_Reader reader, void *data, struct span *s)
{
    l->reader = reader;
    l->data = data;
    l->span = s;
    l->serial = s ? s->serial : 0;
    l->enter_ns = l->read_ns = l->bytes = 0;
    l->precompiled = 0;
    XXH64_reset(&l->hash, 0);
}

static COLD void loading_end(struct lua_copy *c, lua_State *L, const char *source,
                             struct loading *l, struct loaded *d, uint64_t file_ns)
{
    d->text_hash = l->bytes ? XXH64_digest(&l->hash) : 0;
    d->origin = chunk_origin_of(c, L, l->span, d->is_file);
    struct arena_chunk *chunk = find_chunk(d, source);
    count_chunk(chunk, l, d);
    tell_span(l, d, file_ns);
    if (d->status != LUA_OK)
        return;
    chunk_runs_add(c, L, chunk, d->name, d->origin);
}

/* Where the whole program was optimised when it was linked, Lua's functions call copies of each other that are no entries. */
static COLD void note_strange_state(const struct lua_copy *c)
{
    uncovered_note("Lua states, their allocation, and calls of C functions",
                   "the states were not made by lua_newstate (linked with -flto?)", c->id + 1);
}

int hook_lua_load(lua_State *L, lua_Reader reader, void *dt, const char *chunkname,
                  const char *mode)
{
    struct lua_copy *c = copy_current();
    if (!arena)
        return c->api.lua_load(L, reader, dt, chunkname, mode);
    struct loading l;
    struct loaded d;
    if (unlikely(!c->has_states))
        note_strange_state(c);
    spans_switch(c, L, SPAN_FRAME());
    loading_begin(&l, reader, dt, span_top(SPAN_FRAME()));
    uint64_t nested = child_ns(&l), begin = now_ns();
    uint64_t file_ns = take_file(chunkname, begin, &d.is_file);
    d.status = c->api.lua_load(L, read_on, &l, chunkname, mode);
    uint64_t all = now_ns() - begin;
    reader_left(&l);
    nested = child_ns(&l) - nested;
    d.compile_ns = all > l.read_ns + nested ? all - l.read_ns - nested : 0;
    d.read_ns = l.read_ns + file_ns;
    loading_end(c, L, chunkname, &l, &d, file_ns);
    return d.status;
}

/* ---- files ---- */

static void file_load_begin(const char *filename)
{
    file_load.name_hash = file_hash(filename ? filename : "stdin");
    file_load.begin_ns = now_ns();
}

static uint64_t told_ns(const struct span *s)
{
    return s->d.phase_ns[PHASE_READ] + s->d.phase_ns[PHASE_COMPILE] + s->d.child_ns;
}

/* Loads a file for S, whose time outside of lua_load becomes read. */
static int load_for(struct span *s, struct lua_copy *c, const char *filename, const char *mode)
{
    lua_State *L = s->L;
    uint64_t serial = s->serial;
    span_note(s);
    file_load_begin(filename);
    uint64_t begin = file_load.begin_ns, told = told_ns(s);
    int status = c->api.luaL_loadfilex(L, filename, mode);
    file_load.name_hash = 0;
    if (!span_live(s, serial))
        return status;
    uint64_t all = now_ns() - begin, within = told_ns(s) - told;
    s->d.phase_ns[PHASE_READ] += all > within ? all - within : 0;
    if (status != LUA_ERRFILE)
        s->d.file = intern_z(filename ? filename : "=stdin");
    if (status != LUA_OK && !s->d.error)
        s->d.error = span_error_text(s);
    return status;
}

static int load_in_span(struct lua_copy *c, lua_State *L, const char *filename, const char *mode)
{
    struct span *s = span_push(SPAN_LOADFILE, c, L, SPAN_FRAME());
    if (!s)
        return c->api.luaL_loadfilex(L, filename, mode);
    uint64_t serial = s->serial;
    s->asked = filename ? filename : "=stdin";
    s->asked_n = strlen(s->asked);
    s->step = SPAN_LOADING;
    s->begin_ns = now_ns();
    int status = load_for(s, c, filename, mode);
    span_close(s, serial, status == LUA_OK ? SPAN_OK : SPAN_FAILED, now_ns());
    return status;
}

int hook_luaL_loadfilex(lua_State *L, const char *filename, const char *mode)
{
    struct lua_copy *c = copy_current();
    if (!arena)
        return c->api.luaL_loadfilex(L, filename, mode);
    spans_switch(c, L, SPAN_FRAME());
    struct span *s = span_top(SPAN_FRAME());
    if (span_loads(s) && s->L == L)
        return load_for(s, c, filename, mode);
    return load_in_span(c, L, filename, mode);
}
