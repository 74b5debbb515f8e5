/* doctor_show: a diagnosis for people and for programs. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/cli/doctor_look.h"
#include "collector/output/json_value.h"
#include "collector/util/escape.h"

enum { DOCTOR_JSON_VERSION = 1 };

static const char *const verdict_word[] = {"covered", "partly", "not", "no-lua"};
static const char *const shim_word[] = {"unknown", "absent", "dormant", "active"};

const char *doctor_verdict_word(enum doctor_verdict v)
{
    return verdict_word[v];
}

/* ---- for people ---- */

/* INDENT, then TEXT with whatever a terminal must not see made harmless. */
static void say(const char *indent, const char *text)
{
    char *harmless = escape_text(text, strlen(text));
    printf("%s%s\n", indent, harmless);
    free(harmless);
}

static void say_lines(const char *indent, const struct doctor_lines *lines)
{
    for (size_t i = 0; i < lines->n; i++)
        say(indent, lines->at[i]);
}

static void say_entries(const struct lua_file *f)
{
    for (size_t i = 0; i < LUA_FILE_HOOK_N; i++) {
        const struct lua_file_entry *e = &f->entry[i];
        if (e->name != NULL && e->verdict != ENTRY_OK)
            printf("    not %s: %s\n", e->name, entry_verdict_text(e->verdict));
    }
}

static const char *collector_reason(enum entry_verdict v)
{
    return v == ENTRY_ABSENT ? "where that begins can not be told in this build"
                             : entry_verdict_text(v);
}

static void say_collector(const struct lua_file *f)
{
    int steps = f->collector_step == ENTRY_OK, finalizers = f->collector_finalize == ENTRY_OK;
    if (steps && finalizers)
        say("    ", "the collector's own steps and its finalizers can be seen");
    else if (steps)
        printf("    the collector's own steps can be seen, finalizers not: %s\n",
               collector_reason(f->collector_finalize));
    else
        printf("    not the collector's own steps and finalizers: %s; collections that the program "
               "asks for are timed all the same\n",
               collector_reason(f->collector_step));
}

static int may_be_covered(const struct lua_file *f)
{
    return f->version.flavour == LUA_FLAVOUR_54 && f->missing == NULL && !f->nameless;
}

static void say_lua(const struct lua_file *f)
{
    char *coverage = doctor_coverage(f), *path = escape_text(f->path, strlen(f->path));
    printf("  %s in %s%s: %s\n", f->version.name[0] != '\0' ? f->version.name : "Lua", path,
           f->lua_exported ? "" : " (linked in, not exported)", coverage);
    if (may_be_covered(f)) {
        say_entries(f);
        say_collector(f);
    }
    free(coverage);
    free(path);
}

static const char *shim_sentence(enum doctor_shim s)
{
    switch (s) {
    case SHIM_ACTIVE:
        return "the shim is in it, and active";
    case SHIM_DORMANT:
        return "the shim is in it, and dormant";
    default:
        return "the shim is not in it";
    }
}

static const char *verdict_sentence(enum doctor_verdict v)
{
    switch (v) {
    case DOCTOR_COVERED:
        return "Can be covered.";
    case DOCTOR_PARTLY:
        return "Can be covered in part; the report names what is not.";
    case DOCTOR_NOT:
        return "Can not be covered.";
    default:
        return "No Lua found.";
    }
}

void doctor_show_text(const struct doctor *d)
{
    if (d->pid != 0)
        printf("process %d: ", (int)d->pid);
    say("", d->program.executable);
    for (size_t i = 0; i < d->program.step_n; i++)
        say("  ", d->program.step[i]);
    if (d->pid != 0)
        say("  ", shim_sentence(d->shim));
    for (size_t i = 0; i < d->object_n; i++)
        if (d->object[i].lua)
            say_lua(&d->object[i]);
    say_lines("  ", &d->obstacle);
    say_lines("  ", &d->remark);
    printf("%s\n", verdict_sentence(d->verdict));
    say_lines("  ", &d->advice);
}

/* ---- for programs ---- */

static json_t *texts(char *const *at, size_t n)
{
    json_t *array = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(array, json_bytes(at[i], strlen(at[i])));
    return array;
}

static json_t *entries(const struct lua_file *f)
{
    json_t *array = json_array();
    for (size_t i = 0; i < LUA_FILE_HOOK_N; i++) {
        const struct lua_file_entry *e = &f->entry[i];
        if (e->name == NULL || e->verdict == ENTRY_OK)
            continue;
        json_t *o = json_object();
        json_put_text(o, "name", e->name);
        json_put_text(o, "group", e->group);
        json_put_text(o, "reason", entry_verdict_text(e->verdict));
        json_array_append_new(array, o);
    }
    return array;
}

/* A reason where something can not be seen. */
static json_t *collector(const struct lua_file *f)
{
    json_t *o = json_object();
    enum entry_verdict steps = f->collector_step;
    enum entry_verdict finalizers = steps == ENTRY_OK ? f->collector_finalize : steps;
    json_put_bool(o, "steps", steps == ENTRY_OK);
    json_put_bool(o, "finalizers", finalizers == ENTRY_OK);
    if (finalizers != ENTRY_OK)
        json_put_text(o, "reason", collector_reason(finalizers));
    return o;
}

static json_t *lua_object(const struct lua_file *f)
{
    json_t *o = json_object();
    char *coverage = doctor_coverage(f);
    json_put_text(o, "version", f->version.name);
    json_put_bool(o, "exported", f->lua_exported);
    json_put_u64(o, "functions", LUA_FILE_HOOK_N);
    json_put_u64(o, "coverable", lua_file_movable_n(f));
    json_put_text(o, "coverage", coverage);
    json_put(o, "not_coverable", entries(f));
    if (may_be_covered(f))
        json_put(o, "collector", collector(f));
    free(coverage);
    return o;
}

static json_t *object_of(const struct lua_file *f)
{
    json_t *o = json_object();
    json_put(o, "path", json_bytes(f->path, strlen(f->path)));
    json_put(o, "lua", f->lua ? lua_object(f) : json_null());
    json_put_bool(o, "libffi", f->defines_ffi_call);
    json_put_bool(o, "malloc", f->defines_malloc);
    json_put_bool(o, "opens_libraries", f->imports_dlopen);
    return o;
}

void doctor_show_json(const struct doctor *d)
{
    json_t *o = json_object(), *objects = json_array();
    json_put_u64(o, "schema_version", DOCTOR_JSON_VERSION);
    json_put(o, "asked", json_bytes(d->asked, strlen(d->asked)));
    json_put_text(o, "verdict", doctor_verdict_word(d->verdict));
    if (d->pid != 0) {
        json_put_u64(o, "pid", (uint64_t)d->pid);
        json_put_text(o, "shim", shim_word[d->shim]);
    }
    json_put(o, "executable", json_bytes(d->program.executable, strlen(d->program.executable)));
    json_put(o, "steps", texts(d->program.step, d->program.step_n));
    for (size_t i = 0; i < d->object_n; i++)
        json_array_append_new(objects, object_of(&d->object[i]));
    json_put(o, "objects", objects);
    json_put(o, "obstacles", texts(d->obstacle.at, d->obstacle.n));
    json_put(o, "remarks", texts(d->remark.at, d->remark.n));
    json_put(o, "advice", texts(d->advice.at, d->advice.n));
    json_dumpf(o, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(o);
}
