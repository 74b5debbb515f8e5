/* tick: takes one sample, in the signal handler.
 *
 * Context: signal handler on the sampled thread, at any instruction of the host: inside malloc, the
 * loader, Lua's own allocator, our hooks. Nothing here locks, allocates, or calls what does. */
#ifndef SHIM_SAMPLER_TICK_H
#define SHIM_SAMPLER_TICK_H

#include <signal.h>

#include "shim/sampler/running.h"
#include "shim/sampler/tick_nodes.h"
#include "shim/sampler/tick_pace.h"
#include "shim/sampler/tick_rest.h"
#include "shim/stack/lua_frames.h"
#include "shim/stack/native.h"

enum { TICK_RUNNING_MAX = 64, TICK_STACK_BYTES = 320 * 1024 };

/* What a thread needs to be sampled; in a mapping with the handler's stack. */
struct tick_thread {
    uint32_t source; /* tick_source.h */
    uint32_t tid;
    volatile uint32_t busy;
    volatile uint32_t was_kept_away; /* 1: the next tick came due in a handler (signal_guard.h) */
    uint32_t was_late;     /* 1: the last one was; what it waited is no part of a distance */
    uint64_t due_n;        /* of the source, at the last tick */
    char name[16];         /* as last seen */
    uint64_t samples_n;    /* taken */
    uint64_t units_n;      /* that ticks stand for, taken or left out: periods of arena->sampler */
    uint64_t finer_at;     /* units after which a finer source is tried; 0: never */
    uint64_t wall_ns;      /* waiting has been charged until this moment, */
    uint64_t cpu_ns;       /* when the thread had used so much CPU time, */
    uint64_t uncharged_ns; /* but for this rest of less than a period */
    struct native_stack stack, own_stack; /* the thread's, and the handler's (0, 0: none) */
    uint32_t signal_stack_tried;          /* 1: to get one, which may have failed */
    char *signal_stack; /* where its signals come to; NULL: where they find it (signal_stack.h) */
    struct native_window window; /* of a fiber's */
    struct native_frame frame, vm;
    uint64_t native[TICK_NATIVE_MAX];
    struct lua_frame lua[TICK_LUA_MAX];
    const struct running
        *running[TICK_RUNNING_MAX]; /* calls into Lua on the stack, innermost first */
    int running_n;
    int has_vm;           /* vm: the innermost frame of a VM, if it is the innermost call's, */
    uint32_t vm_copy;     /* and of which copy */
    struct running by_vm; /* a call that only that frame tells of */
    struct native_trail trail;
    struct tick_nodes native_nodes; /* of the thread's last sample */
    struct tick_nodes_lua lua_nodes;
    const struct arena_state *state; /* the last one's */
    struct tick_rest rest;
    struct tick_pace pace;
    uint32_t lost_n; /* events whose descriptor the host closed */
};

/* This thread's, or NULL: it is not sampled. */
extern SHIM_HIDDEN SHIM_TLS struct tick_thread *tick_now;
extern volatile int tick_stopped;

/* The handler: `tick`, on the thread's own stack for it. */
void tick_enter(int signal, siginfo_t *info, void *context);
void tick(int signal, siginfo_t *info, void *context);
/* Its top; 0: handlers run on the stack that they interrupt. */
extern SHIM_HIDDEN SHIM_TLS uintptr_t tick_stack;

/* A sample of UNITS in which the calling thread waited, at the caller's place on the stack.  Host thread, with
 * t->busy set. */
void tick_waited(struct tick_thread *t, uint64_t units);

/* Writes what the thread is called, if that is not known yet, and how many samples it has. */
void tick_name(struct tick_thread *t);

#endif
