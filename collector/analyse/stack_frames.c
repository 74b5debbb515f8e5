/* stack_frames: see stack_frames.h; stack_place.c knows native addresses. */
#include "collector/analyse/stack_frames.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/analyse/crossing_rows.h"
#include "collector/util/xalloc.h"

/* Whose name a name is. */
struct owner {
    const char *label, *source;
    uint64_t line;
};

struct proto_name {
    const char *label, *module, *file, *source; /* label NULL: not looked up yet */
};

static int by_value(const void *pa, const void *pb)
{
    uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;
    return a < b ? -1 : a > b;
}

static void c_addresses_learn(struct frames *f)
{
    struct process *p = f->process;
    f->c_address = xcalloc(p->functions.n, sizeof *f->c_address);
    f->c_address_n = p->functions.n;
    for (size_t i = 0; i < p->functions.n; i++)
        f->c_address[i] = ((const struct rec_function *)rowset_at(&p->functions, i))->address;
    if (f->c_address_n)
        qsort(f->c_address, f->c_address_n, sizeof *f->c_address, by_value);
}

void frames_init(struct frames *f, struct process *p, struct symbols *symbols, enum frame_by by)
{
    memset(f, 0, sizeof *f);
    f->process = p;
    f->symbols = symbols;
    f->by = by;
    rowset_init(&f->by_text, sizeof(uint32_t));
    rowset_init(&f->by_name, sizeof(struct owner));
    rowset_init(&f->by_place, sizeof(struct place));
    rowset_init(&f->by_lua, sizeof(uint32_t));
    rowset_init(&f->by_c, sizeof(uint32_t));
    rowset_init(&f->protos, sizeof(struct proto_name));
    rowset_init(&f->lua_objects, 1);
    stack_names_init(&f->names, p);
    c_addresses_learn(f);
    f->step = xcalloc(p->copies.n, sizeof *f->step);
    for (size_t i = 0; i < p->copies.n; i++) {
        uint64_t id = ((const struct rec_copy *)rowset_at(&p->copies, i))->object;
        const struct rec_object *o = rowset_find(&p->objects, id);
        rowset_put(&f->lua_objects, id);
        if (o)
            frames_learn_step(f, o);
    }
    for (size_t i = 0; i < p->roles.n; i++)
        f->gc_known |= ((const struct rec_code_role *)rowset_at(&p->roles, i))->role == ROLE_GC;
}

void frames_release(struct frames *f)
{
    rowset_release(&f->by_text);
    rowset_release(&f->by_name);
    rowset_release(&f->by_place);
    rowset_release(&f->by_lua);
    rowset_release(&f->by_c);
    rowset_release(&f->protos);
    rowset_release(&f->lua_objects);
    stack_names_release(&f->names);
    free(f->c_address);
    free(f->step);
    free(f->at);
    free(f->inlined);
    memset(f, 0, sizeof *f);
}

static uint64_t text_key(enum frame_kind kind, const char *label)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)kind;
    for (; *label; label++)
        h = (h ^ (unsigned char)*label) * UINT64_C(0x100000001b3);
    return h;
}

int frame_is_of_same(const struct frame *a, const struct frame *b)
{
    return a->function && b->function ? !strcmp(a->function, b->function)
                                      : a->function == b->function;
}

int frame_is_vm(const struct frame *f)
{
    return f->kind == FRAME_VM && !strcmp(f->label, FRAME_VM_LABEL);
}

uint32_t frames_put(struct frames *f, const struct frame *wanted)
{
    uint64_t key = text_key(wanted->kind, wanted->label);
    uint32_t *number;
    while (*(number = rowset_put(&f->by_text, key))) {
        const struct frame *there = &f->at[*number - 1];
        if (there->kind == wanted->kind && !strcmp(there->label, wanted->label) &&
            frame_is_of_same(there, wanted))
            return *number - 1;
        key++;
    }
    f->at = xgrow(f->at, f->n, &f->cap, sizeof *f->at);
    f->at[f->n] = *wanted;
    *number = (uint32_t)++f->n;
    return *number - 1;
}

uint32_t frames_named_in(struct frames *f, enum frame_kind kind, const char *label,
                         const char *module)
{
    return frames_put(
        f,
        &(struct frame){.kind = kind, .label = label, .file = "", .source = "", .module = module});
}

uint32_t frames_named(struct frames *f, enum frame_kind kind, const char *label)
{
    return frames_named_in(f, kind, label, "");
}

static const struct proto_name *proto_name(struct frames *f, uint64_t id, const struct rec_proto *r)
{
    struct proto_name *n = rowset_put(&f->protos, id);
    if (n->label)
        return n;
    n->label = r ? stack_name(&f->names, r) : "<lost function>";
    n->module = r ? stack_module(&f->names, r) : "<lost>";
    n->file = r ? stack_file(&f->names, r) : "";
    n->source = r ? process_text(f->process, r->source).at : "";
    return n;
}

/* The first function of a name has it to itself; others of that name get their place added.  In the
 * order in which they are met, so that it is the same for functions and for lines. */
static const char *function_label(struct frames *f, const struct proto_name *n,
                                  const struct rec_proto *r)
{
    struct owner *o = rowset_put(&f->by_name, text_key(FRAME_LUA, n->label));
    uint64_t line = r ? r->line_defined : 0;
    if (!o->label)
        *o = (struct owner){n->label, n->source, line};
    if (strcmp(o->label, n->label) || (o->line == line && !strcmp(o->source, n->source)))
        return n->label;
    return pool_format(&f->process->pool, "%s [%s:%" PRIu64 "]", n->label, n->file, line);
}

/* 1 where a name is no more than "file.lua:12". */
static int is_place(const char *name, const char *file)
{
    size_t n = strlen(file);
    return !strncmp(name, file, n) && name[n] == ':' && !strchr(name + n, '[');
}

/* "name file.lua:12"; "file.lua:12 (main chunk)"; only the place where the name is no more than that. */
static const char *line_label(struct frames *f, const char *name, const char *path, uint64_t line)
{
    const char *file = stack_file_short(path);
    size_t file_n = strlen(file);
    int only = is_place(name, file);
    if (!strncmp(name, file, file_n) && !strcmp(name + file_n, " (main chunk)"))
        return pool_format(&f->process->pool, "%s:%" PRIu64 " (main chunk)", file, line);
    return pool_format(&f->process->pool, "%s%s%s:%" PRIu64, only ? "" : name, only ? "" : " ",
                       file, line);
}

static uint32_t lua_frame(struct frames *f, const struct rec_node *node)
{
    const struct rec_proto *r = rowset_find(&f->process->protos, node->value);
    const struct proto_name *n = proto_name(f, node->value, r);
    uint64_t defined = r ? r->line_defined : 0;
    struct frame wanted = {.kind = FRAME_LUA,
                           .label = n->module,
                           .file = n->file,
                           .source = n->source,
                           .module = n->module,
                           .defined = defined,
                           .last = r ? r->last_line : 0};
    if (f->by == BY_MODULE)
        return frames_put(f, &wanted);
    wanted.label = function_label(f, n, r);
    wanted.is_place = is_place(n->label, stack_file_short(n->file));
    wanted.line = defined;
    if (f->by == BY_LINE && node->line) {
        wanted.function = wanted.label;
        wanted.label = line_label(f, wanted.label, n->file, node->line);
        wanted.line = node->line;
    }
    return frames_put(f, &wanted);
}

uint32_t frames_of_lua(struct frames *f, const struct rec_node *node)
{
    uint64_t line = f->by == BY_LINE ? node->line : 0;
    uint32_t *number = rowset_put(&f->by_lua, node->value << 24 ^ line);
    if (!*number)
        *number = lua_frame(f, node) + 1;
    return *number - 1;
}

uint32_t frames_of_c(struct frames *f, const struct rec_node *node)
{
    uint32_t *number = rowset_put(&f->by_c, node->value);
    const char *label = "<C function>", *module = "<C function>";
    if (*number)
        return *number - 1;
    if (node->value)
        label = crossing_label(f->process, node->value - 1, f->symbols, &module);
    *number = frames_named_in(f, FRAME_C, f->by == BY_MODULE ? module : label, module) + 1;
    return *number - 1;
}

const char *frame_kind_name(enum frame_kind k)
{
    static const char *const name[] = {"Lua", "C", "VM", "native", "note"};
    return name[k];
}
