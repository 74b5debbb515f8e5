/* stack_place: native addresses: object, symbol, and what they are to Lua.  See stack_frames.h. */
#include <string.h>

#include <inttypes.h>

#include "collector/analyse/stack_frames.h"
#include "collector/analyse/stack_inline.h"
#include "collector/symbol/lua_step.h"
#include "collector/util/escape.h"

#include <ctype.h>
#include <stdlib.h>

/* Where no symbol tells where a C function of Lua's ends: no further than this. */
enum { FUNCTION_BYTES_MAX = 16 << 10 };

static const struct rec_object *object_at(const struct process *p, uint64_t address)
{
    const struct rec_object *gone = NULL;
    for (size_t i = 0; i < p->objects.n; i++) {
        const struct rec_object *o = rowset_at(&p->objects, i);
        if (address < o->lo || address >= o->hi)
            continue;
        if (!o->unloaded)
            return o;
        gone = o;
    }
    return gone;
}

void frames_learn_step(struct frames *f, const struct rec_object *o)
{
    struct text path = process_text(f->process, o->path);
    uint64_t lo, hi;
    if (lua_step_find(path.at, o->build_id.at, o->build_id.n, &lo, &hi))
        return;
    f->step[f->step_n++] =
        (struct rec_code_role){.lo = lo + o->bias, .hi = hi + o->bias, .role = ROLE_GC};
    f->gc_known = 1;
}

static uint32_t role_at(const struct frames *f, uint64_t address)
{
    const struct process *p = f->process;
    for (size_t i = 0; i < f->step_n; i++)
        if (address >= f->step[i].lo && address < f->step[i].hi)
            return ROLE_GC;
    for (size_t i = 0; i < p->roles.n; i++) {
        const struct rec_code_role *r = rowset_at(&p->roles, i);
        if (address >= r->lo && address < r->hi)
            return (uint32_t)r->role;
    }
    return 0;
}

/* Lua's sources name their functions lua_x, luaX_y. */
static int is_api_name(const char *name)
{
    return !strncmp(name, "lua_", 4) || !strncmp(name, "luaL_", 5);
}

static int is_internal_name(const char *name)
{
    return !strncmp(name, "lua", 3) && isupper((unsigned char)name[3]) && name[3] != 'L' &&
           name[3] != 'B' && name[4] == '_';
}

/* What an interpreter that kept its names says about the part of Lua that a function is of. */
static uint32_t role_of_name(const char *name)
{
    static const struct {
        const char *begins;
        uint32_t role;
    } known[] = {{"luaV_execute", ROLE_VM}, {"luaC_step", ROLE_GC}, {"luaC_fullgc", ROLE_GC},
                 {"luaC_free", ROLE_GC},    {"lua_gc", ROLE_GC},    {"luaY_", ROLE_PARSE},
                 {"luaX_", ROLE_PARSE},     {"luaK_", ROLE_PARSE},  {"lua_load", ROLE_PARSE},
                 {"luaU_", ROLE_PARSE},     {"luaM_", ROLE_ALLOC}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strncmp(name, known[i].begins, strlen(known[i].begins)))
            return known[i].role;
    return 0;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static const char *module_label(struct frames *f, const char *path)
{
    return pool_format(&f->process->pool, "[%s]", *path ? base_name(path) : "unknown");
}

/* Where no symbol covers the address: what is known instead, and why it is no more.  Addresses outside of
 * any object are told apart by page. */
static const char *unnamed_label(struct frames *f, const char *path, uint64_t address,
                                 enum symbol_file file)
{
    struct pool *pool = &f->process->pool;
    if (!*path)
        return pool_format(pool, "[unknown 0x%" PRIx64 "]", address & ~UINT64_C(0xfff));
    if (!strncmp(path, "linux-vdso", 10) || f->by == BY_MODULE)
        return module_label(f, path);
    return pool_format(pool, "[%s%s]", base_name(path),
                       file == SYMBOL_FILE_CHANGED   ? " changed since"
                       : file == SYMBOL_FILE_MISSING ? " not found"
                                                     : "");
}

static void symbol_apply(struct frames *f, const struct rec_object *o, const char *name,
                         struct place *place)
{
    place->from += o->bias;
    place->is_internal = place->in_lua && is_internal_name(name);
    f->gc_known |= place->is_internal;
    place->is_api = place->in_lua && is_api_name(name);
    place->is_resume |= place->in_lua && !strcmp(name, "lua_resume");
    if (!place->role && place->in_lua)
        place->role = role_of_name(name);
}

/* Fills in what the object's file says: WANTED's label, line, and what is inlined there. */
static void symbol_find(struct frames *f, const struct rec_object *o, uint64_t address,
                        struct place *place, struct frame *wanted)
{
    struct text path = process_text(f->process, o->path);
    struct symbol_query q = {path.at, o->build_id.at, o->build_id.n, address - o->bias,
                             process_attach_real_ns(f->process)};
    enum symbol_file file;
    const char *name = symbol_name_from(f->symbols, &q, &place->from, &file);
    wanted->label = unnamed_label(f, wanted->file, address, file);
    if (name)
        symbol_apply(f, o, name, place);
    if (name && f->by != BY_MODULE) {
        char *escaped = escape_text(name, strcspn(name, "@")); /* without the symbol's version */
        wanted->label = pool_copy(&f->process->pool, escaped, strlen(escaped));
        free(escaped);
    }
    if (!place->in_shim)
        frames_inline(f, &q, place, wanted);
}

static void place_fill(struct frames *f, uint64_t address, struct place *place)
{
    const struct rec_object *o = object_at(f->process, address);
    const char *path = o ? process_object_path(f->process, o->id) : "";
    struct frame wanted = {.kind = FRAME_NATIVE,
                           .label = unnamed_label(f, path, address, SYMBOL_FILE_READ),
                           .file = path,
                           .source = "",
                           .module = module_label(f, path)};
    place->known = 1;
    place->role = role_at(f, address);
    if (o) {
        place->object = o->id + 1;
        place->in_lua = rowset_find(&f->lua_objects, o->id) != NULL;
        place->in_shim = !strncmp(base_name(path), "libmodprof.so", 13);
        place->in_vdso = !strncmp(path, "linux-vdso", 10);
        place->is_resume = place->in_shim && place->role == ROLE_RESET;
    }
    if (place->role > ROLE_ALLOC) /* a border, or nothing that this version knows */
        place->role = 0;
    if (o)
        symbol_find(f, o, address, place, &wanted);
    /* A library of Lua's has nothing but Lua in it; an executable may be the host, too. */
    if (place->in_lua && !place->from && !strncmp(base_name(path), "liblua", 6))
        place->is_internal = 1;
    if (place->in_shim || (f->by == BY_MODULE && !o))
        wanted.label = place->in_shim ? "[modprof]" : wanted.module;
    place->frame = frames_put(f, &wanted);
}

const struct place *frames_place(struct frames *f, uint64_t address)
{
    struct place *place = rowset_put(&f->by_place, address);
    if (!place->known)
        place_fill(f, address, place);
    return place;
}

/* 1 where a known C function begins in (FROM, TO]. */
static int begins_between(const struct frames *f, uint64_t from, uint64_t to)
{
    size_t lo = 0, hi = f->c_address_n;
    while (lo < hi) { /* the first behind FROM */
        size_t mid = lo + (hi - lo) / 2;
        if (f->c_address[mid] <= from)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < f->c_address_n && f->c_address[lo] <= to;
}

int frames_is_own(struct frames *f, const struct place *place, uint64_t address,
                  const struct rec_node *node)
{
    const struct rec_function *r =
        node->value ? rowset_find(&f->process->functions, node->value - 1) : NULL;
    if (!r || !place->object || address < r->address)
        return 0;
    if (place->from)
        return place->from == r->address;
    return address - r->address < FUNCTION_BYTES_MAX && place->role == 0 && !place->in_shim &&
           place->object == r->object + 1 && !begins_between(f, r->address, address);
}
