/* stack_frames: the frames that stacks are made of, each once, with a name for people.
 *
 * A frame is known by its kind and label: functions of one name in different places get their place
 * added to the label, and code that is loaded again is the same function. */
#ifndef COLLECTOR_ANALYSE_STACK_FRAMES_H
#define COLLECTOR_ANALYSE_STACK_FRAMES_H

#include "collector/analyse/stack_names.h"
#include "collector/model/model.h"
#include "collector/symbol/symbol.h"

enum frame_kind {
    FRAME_LUA,    /* a Lua function */
    FRAME_C,      /* a C function that Lua called */
    FRAME_VM,     /* Lua itself: [gc], [parse], [alloc], [vm] */
    FRAME_NATIVE, /* other machine code: by symbol, or [object] */
    FRAME_NOTE    /* about the stack: cut, or more than one process */
};

enum frame_by { BY_FUNCTION, BY_LINE, BY_MODULE };

struct frame {
    enum frame_kind kind;
    const char *label;    /* never empty; in the process's pool */
    const char *file;     /* Lua: its source; native: its object; "" unknown */
    const char *source;   /* Lua: the chunk name as Lua has it; else "" */
    uint64_t line;        /* Lua: where it is defined, or the line itself (BY_LINE); else 0 */
    const char *function; /* BY_LINE: the label of its function; else NULL: the label is it */
    const char *module;   /* what it is BY_MODULE; "" of notes and others that are of none */
    uint64_t defined;     /* Lua: where its function is defined; 0: main chunk, or unknown */
    uint64_t last;        /* Lua: where that definition ends */
    int is_place;         /* Lua: the label is a place only: no name is known */
};

/* 1 where A and B, of one label, are lines of the same function, or both no lines. */
int frame_is_of_same(const struct frame *a, const struct frame *b);

/* 1 for [vm]: Lua at work for the function it runs, in none of its other roles. */
#define FRAME_VM_LABEL "[vm]"
int frame_is_vm(const struct frame *f);

/* What is known of a native address. */
struct place {
    uint32_t frame;              /* number in `frames` */
    uint32_t inlined, inlined_n; /* functions inlined there, innermost first: in `frames.inlined` */
    uint32_t role;               /* enum code_role; 0 */
    uint64_t object;             /* id + 1; 0: no object */
    uint64_t from;               /* where its function begins (run time); 0: no symbol */
    uint8_t known;               /* 1: filled in */
    uint8_t in_lua;              /* in an object that holds a copy of Lua */
    uint8_t in_shim;
    uint8_t in_vdso;     /* the kernel's code that tells the time */
    uint8_t is_internal; /* Lua's own, by its symbol: luaX_y */
    uint8_t is_api;      /* lua_x, luaL_x */
    uint8_t is_resume;   /* lua_resume, or what closes coroutines */
};

struct frames {
    struct process *process;
    struct symbols *symbols;
    enum frame_by by;
    struct frame *at;
    size_t n, cap;
    uint32_t *inlined; /* numbers of frames */
    size_t inlined_n, inlined_cap;
    struct rowset by_text;     /* uint32_t frame + 1, by hash of kind and label */
    struct rowset by_name;     /* struct owner, by hash of the name */
    struct rowset by_place;    /* struct place, by address */
    struct rowset by_lua;      /* uint32_t frame + 1, by proto and line */
    struct rowset by_c;        /* uint32_t frame + 1, by function */
    struct rowset protos;      /* struct proto_name, by proto */
    struct rowset lua_objects; /* ids of objects that hold Lua */
    struct stack_names names;
    int gc_known;               /* 1: the collector can be told from the rest of Lua */
    struct rec_code_role *step; /* the collector's step function of each copy without symbols */
    size_t step_n;
    uint64_t *c_address; /* addresses of all C functions, in order */
    size_t c_address_n;
};

void frames_init(struct frames *f, struct process *p, struct symbols *symbols, enum frame_by by);
void frames_release(struct frames *f);

/* Learns from the file of a copy's object where its collector is (stack_place.c). */
void frames_learn_step(struct frames *f, const struct rec_object *o);

/* The frame of this kind and label, of no module. */
uint32_t frames_named(struct frames *f, enum frame_kind kind, const char *label);
/* The frame of this kind and label; of a new one the module is MODULE. */
uint32_t frames_named_in(struct frames *f, enum frame_kind kind, const char *label,
                         const char *module);
/* Same, with all that F tells; its texts must live as long as the process's pool. */
uint32_t frames_put(struct frames *f, const struct frame *wanted);
uint32_t frames_of_lua(struct frames *f, const struct rec_node *node);
uint32_t frames_of_c(struct frames *f, const struct rec_node *node);
/* ADDRESS within the instruction: of a return address, one less.  Valid until the next call. */
const struct place *frames_place(struct frames *f, uint64_t address);
/* 1 where PLACE, at ADDRESS, is code of the C function of NODE. */
int frames_is_own(struct frames *f, const struct place *place, uint64_t address,
                  const struct rec_node *node);

const char *frame_kind_name(enum frame_kind k); /* "Lua", "C", "VM", "native", "note" */

#endif
