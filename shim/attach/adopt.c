/* adopt: recognises Lua in a loaded object, redirects its entries, and records what could not be.
 * See adopt.h. */
#include "shim/attach/adopt.h"

#include <string.h>

#include "shim/attach/collector_entries.h"
#include "shim/attach/copy_table.h"
#include "shim/attach/hooks.h"
#include "shim/attach/lua_symbols.h"
#include "shim/attach/redirect.h"
#include "shim/hooks/cfunction.h"
#include "shim/hooks/ffi.h"
#include "shim/hooks/heap.h"
#include "shim/record/record_api.h"
#include "shim/record/region.h"
#include "shim/record/verbose.h"
#include "shim/stack/lua_learn.h"
#include "shim/stack/native.h"

enum { COPY_TEXT_MAX = 512, STEP = HOOK_N, FINALIZE, REDIRECT_N };

/* ---- lists from lua_api.def ---- */

static const struct {
    const char *group;
    enum lua_symbol symbol;
    const void *hook;
    size_t member; /* in struct lua_api */
} hooked[HOOK_N] = {
#define HOOK(g, name, ret, params) \
    {#g, LUA_SYMBOL_##name, (const void *)hook_##name, offsetof(struct lua_api, name)},
#include "probe/lua_api.def"
};

static const struct {
    enum lua_symbol symbol;
    size_t member;
} used[] = {
#define USE(name, ret, params) {LUA_SYMBOL_##name, offsetof(struct lua_api, name)},
#include "probe/lua_api.def"
};

enum { USED_N = sizeof used / sizeof *used };

/* Indexed by copy id; a page outlives the unloading of its object, for when that comes back. */
static struct redirect_page pages[ARENA_COPIES_MAX];
static uint64_t copy_key[ARENA_COPIES_MAX]; /* hash of the object's path */

/* ---- text ---- */

/* The name under which people know the object. */
static const char *path_of(const struct image *im)
{
    if (im->path[0] != '\0')
        return im->path;
    return arena->process.exe[0] != '\0' ? arena->process.exe : "the executable";
}

static void join(char out[COPY_TEXT_MAX], const char *a, const char *b, const char *c)
{
    const char *parts[3] = {a, b, c};
    size_t n = 0;
    for (int i = 0; i < 3; i++)
        for (const char *p = parts[i]; *p != '\0' && n < COPY_TEXT_MAX - 1; p++)
            out[n++] = *p;
    out[n] = '\0';
}

static void note(const struct image *im, const char *what, const char *reason, uint32_t copy_plus_1)
{
    char text[COPY_TEXT_MAX];
    join(text, what, " in ", path_of(im));
    uncovered_note(text, reason, copy_plus_1);
}

/* ---- copies ---- */

static uint64_t key_of(const struct image *im)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ (im->hi - im->lo);
    for (const char *p = im->path; *p != '\0'; p++)
        h = (h ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
    return h;
}

/* A library that is opened and closed again and again stays one copy. */
static struct lua_copy *copy_for(const struct image *im)
{
    uint64_t key = key_of(im);
    for (uint32_t i = 0; i < copy_count(); i++)
        if (!copy_at(i)->live && copy_key[i] == key)
            return copy_at(i);
    uint32_t id = copy_count();
    if (id >= ARENA_COPIES_MAX || region_reserve(&arena->copies[id], sizeof *arena->copies) != 0)
        return NULL;
    struct lua_copy *c = copy_new();
    if (c != NULL)
        copy_key[c->id] = key;
    return c;
}

static void set_member(struct lua_api *api, size_t member, const void *function)
{
    memcpy((char *)api + member, &function, sizeof function);
}

/* What is not exported goes by itself: without it something is not known, but nothing is visible to the host. */
static void plan_collector(struct redirect r[REDIRECT_N], const struct image *im,
                           const struct symbol found[LUA_SYMBOL_N], const struct lua_copy *c)
{
    struct collector_entries e;
    collector_entries_find(im, found, &e);
    r[STEP] = (struct redirect){.name = "the collector's steps",
                                .group = "STEP",
                                .entry = e.step,
                                .copy = c,
                                .hook = collector_step_entry};
    r[FINALIZE] = (struct redirect){.name = "the collector's finalizers",
                                    .group = "FINALIZE",
                                    .entry = e.finalize,
                                    .copy = c,
                                    .hook = collector_finalize_entry};
}

static void plan_redirects(struct redirect r[REDIRECT_N], const struct symbol found[LUA_SYMBOL_N],
                           const struct lua_copy *c)
{
    memset(r, 0, REDIRECT_N * sizeof *r);
    for (int i = 0; i < HOOK_N; i++) {
        r[i].name = lua_symbol_name[hooked[i].symbol];
        r[i].group = hooked[i].group;
        r[i].entry = found[hooked[i].symbol];
        r[i].copy = c;
        r[i].hook = hooked[i].hook;
    }
}

/* Hooks call these freely; without them nothing can be covered.  Returns 1, and the first that
 * lacks in TEXT, or 0. */
static int lacks_function(const struct symbol found[LUA_SYMBOL_N], char text[COPY_TEXT_MAX])
{
    for (int i = 0; i < USED_N; i++) {
        const struct symbol *s = &found[used[i].symbol];
        if (s->address != 0 || used[i].symbol == LUA_SYMBOL_luaL_loadbufferx ||
            used[i].symbol == LUA_SYMBOL_lua_resetthread)
            continue;
        join(text, lua_symbol_name[used[i].symbol],
             s->size == 0 ? " was not found" : " is there twice", "");
        return 1;
    }
    return 0;
}

static void fill_copy(struct lua_copy *c, const struct image *im,
                      const struct symbol found[LUA_SYMBOL_N])
{
    const ElfW(Phdr) *text = image_text(im, found[LUA_SYMBOL_lua_newstate].address);
    int object = object_of((const void *)(uintptr_t)found[LUA_SYMBOL_lua_newstate].address);
    c->object = object >= 0 ? (uint32_t)object : 0;
    c->groups = 0;
    memset(&c->layout, 0, sizeof c->layout);
    c->text_lo = text != NULL ? im->bias + text->p_vaddr : 0;
    c->text_hi = text != NULL ? c->text_lo + text->p_memsz : 0;
    for (int i = 0; i < USED_N; i++)
        set_member(&c->api, used[i].member, (const void *)(uintptr_t)found[used[i].symbol].address);
}

/* What the trace says of it. */
static void publish_record(const struct lua_copy *c, const char *version, const char *reason,
                           enum copy_status status, int late)
{
    struct arena_copy *a = &arena->copies[c->id];
    a->object = c->object;
    a->version_name = intern_z(version);
    a->status = status;
    a->layout = 2;
    a->reason = reason != NULL ? intern_z(reason) : 0;
    a->late = (uint32_t)late;
    a->attached_ns = now_ns();
    atomic_fetch_add(&a->version, 1);
    if (atomic_load(&arena->copies_n) <= c->id)
        atomic_store(&arena->copies_n, c->id + 1);
}

static const char *reason_of(const struct redirect *r, int i)
{
    static char text[COPY_TEXT_MAX];
    if (r[i].reason != NULL)
        return r[i].reason;
    for (int k = 0; k < REDIRECT_N; k++)
        if (strcmp(r[k].group, r[i].group) == 0 && r[k].reason != NULL) {
            join(text, "it goes together with ", r[k].name, "");
            return text;
        }
    return "?";
}

/* A program that has nothing to close coroutines with does not close any. */
static int is_needless(const struct redirect *r, int i)
{
    return hooked[i].symbol == LUA_SYMBOL_lua_closethread && r[i].entry.address == 0 &&
           r[i].entry.size == 0;
}

/* The reason against all entries, where it is the same for all; else NULL. */
static const char *common_reason(const struct redirect *r)
{
    for (int i = 0; i < HOOK_N; i++)
        if (r[i].done || (r[i].reason != r[0].reason && !is_needless(r, i)))
            return NULL;
    return r[0].reason;
}

/* Notes what was not redirected, and tells the trace about the copy. */
static void report(const struct image *im, const struct lua_copy *c, const struct redirect *r,
                   const char *version, int late)
{
    int not_done = 0, needed = 0;
    const char *reason = common_reason(r);
    if (reason != NULL)
        note(im, version, reason, c->id + 1);
    for (int i = 0; i < HOOK_N; i++) {
        if (is_needless(r, i))
            continue;
        needed++;
        not_done += !r[i].done;
        if (!r[i].done && reason == NULL)
            note(im, r[i].name, reason_of(r, i), c->id + 1);
    }
    for (int i = HOOK_N; i < REDIRECT_N && reason == NULL; i++)
        if (!r[i].done)
            note(im, r[i].name, reason_of(r, i), c->id + 1);
    if (reason == NULL && not_done != 0)
        reason = "not all of its functions could be redirected";
    publish_record(c, version, reason,
                   not_done == 0        ? COPY_COVERED
                   : not_done == needed ? COPY_NOT
                                        : COPY_PARTLY,
                   late);
    VERBOSE(version, " in ", path_of(im), not_done == 0 ? ": covered" : ": not all covered");
}

/* Before the first jump is written all must be in place: a host thread may run into it at once. */
static void install(const struct image *im, struct lua_copy *c, struct redirect r[REDIRECT_N])
{
    redirect_plan(im, r, REDIRECT_N, &pages[c->id]);
    c->collector =
        (struct lua_collector){.step = r[STEP].original, .finalize = r[FINALIZE].original};
    for (int i = 0; i < HOOK_N; i++)
        set_member(&c->api, hooked[i].member, r[i].original);
    c->live = 1;
    copy_publish(c);
    redirect_install(im, r, REDIRECT_N);
    if (!r[STEP].done)
        c->collector.step = NULL;
    if (!r[FINALIZE].done)
        c->collector.finalize = NULL;
    for (int i = 0; i < HOOK_N; i++) {
        if (r[i].done)
            c->groups |= UINT64_C(1) << i;
        else
            set_member(&c->api, hooked[i].member, (const void *)(uintptr_t)r[i].entry.address);
    }
}

/* Returns the copy, or NULL where it can not be one. */
static struct lua_copy *adopt_54(const struct image *im, const struct symbol found[LUA_SYMBOL_N],
                                 const struct lua_version *v, int late)
{
    struct redirect r[REDIRECT_N];
    char text[COPY_TEXT_MAX];
    struct lua_copy *c = NULL;
    if (lacks_function(found, text))
        note(im, v->name, text, 0);
    else if (late && im->text_relocations)
        note(im, v->name, "the loader is going to write to its code (text relocations)", 0);
    else if ((c = copy_for(im)) == NULL)
        note(im, v->name, "there are too many copies of Lua", 0);
    if (c == NULL)
        return NULL;
    fill_copy(c, im, found);
    plan_redirects(r, found, c);
    plan_collector(r, im, found, c);
    install(im, c, r);
    report(im, c, r, v->name, late);
    return c;
}

void adopt_lua(const struct image *im, int late)
{
    struct symbol found[LUA_SYMBOL_N];
    struct lua_version v;
    const struct lua_copy *c = NULL;
    lua_symbols_find(im, found);
    lua_symbols_version(im, found, &v);
    if (found[LUA_SYMBOL_lua_newstate].address != 0 &&
        copy_of_address((const void *)(uintptr_t)found[LUA_SYMBOL_lua_newstate].address) != NULL)
        return;
    if (v.flavour == LUA_FLAVOUR_54)
        c = adopt_54(im, found, &v, late);
    else if (v.flavour == LUA_FLAVOUR_UNKNOWN)
        note(im, "Lua", "its version can not be told", 0);
    else
        note(im, v.name, "only Lua 5.4 is supported", 0);
    if (c == NULL || !(c->groups & UINT64_C(1) << GROUP_OF_lua_newstate))
        writer_want(v.flavour == LUA_FLAVOUR_54);
}

void adopt_not(const struct image *im, const char *why)
{
    struct symbol found[LUA_SYMBOL_N];
    struct lua_version v;
    lua_symbols_find(im, found);
    lua_symbols_version(im, found, &v);
    note(im, v.flavour == LUA_FLAVOUR_UNKNOWN ? "Lua" : v.name, why, 0);
    writer_want(v.flavour == LUA_FLAVOUR_54);
}

/* ---- libffi ---- */

static uint64_t ffi_entry; /* of the ffi_call that is redirected; 0: none */

void adopt_ffi(const struct image *im, int late)
{
    static struct redirect_page page;
    struct redirect r = {.name = "ffi_call", .group = "FFI", .hook = (const void *)hook_ffi_call};
    if (im->hi == 0 || ffi_entry != 0 || !image_symbol(im, "ffi_call", 0, &r.entry) ||
        (late && im->text_relocations))
        return;
    redirect_plan(im, &r, 1, &page);
    if (r.reason == NULL) {
        ffi_call_original = (ffi_call_fn *)(uintptr_t)r.original;
        redirect_install(im, &r, 1);
    }
    if (r.done)
        ffi_entry = r.entry.address;
    else
        note(im, "ffi_call", r.reason, 0);
}

/* ---- unloading ---- */

void adopt_forget(uint64_t lo, uint64_t hi)
{
    if (ffi_entry >= lo && ffi_entry < hi)
        ffi_entry = 0;
    for (uint32_t i = 0; i < copy_count(); i++) {
        struct lua_copy *c = copy_at(i);
        if (!c->live || c->text_lo < lo || c->text_lo >= hi)
            continue;
        c->live = 0;
        lua_unlearn(i);
        if (arena->copies[i].status == COPY_COVERED) /* of others the shortfall is what counts */
            arena->copies[i].status = COPY_UNLOADED;
        atomic_fetch_add(&arena->copies[i].version, 1);
    }
    function_forget(lo, hi);
    cfunction_forget(lo, hi);
    heap_forget(lo, hi);
    native_forget();
}
