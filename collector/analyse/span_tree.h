/* span_tree: the spans of a process as a forest, with what each cost by itself.
 *
 * In: the process's spans.  Out: nodes in order of begin (a parent always stands before its
 * children).  A span whose parent was lost is a root. */
#ifndef COLLECTOR_ANALYSE_SPAN_TREE_H
#define COLLECTOR_ANALYSE_SPAN_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "collector/model/model.h"

enum { SPAN_NO_PARENT = UINT32_MAX };

struct span_node {
    const struct span *span;
    const char *name; /* for people; in the process's pool */
    uint32_t name_id; /* the same for the same name; below name_n of the tree */
    uint32_t parent;  /* number of a node, or SPAN_NO_PARENT */
    uint32_t depth;   /* 0: root */
    uint32_t child_n;
    uint32_t try_n; /* files tried */
    int open;       /* 1: still running when the trace ends */
    uint64_t total_ns, self_ns;
    uint64_t run_self_ns;     /* its body without nested spans */
    int64_t lua_self, c_self; /* bytes gained without nested spans; 0 while open */
};

struct span_tree {
    struct span_node *node;
    size_t n;
    uint32_t name_n; /* different names */
};

void span_tree_build(struct span_tree *t, struct process *p);
void span_tree_release(struct span_tree *t);

/* Loader time of a C library: mapping, relocation, constructors. */
uint64_t span_load_ns(const struct span *s);

/* 1 for spans that are somebody's module: require, and libraries opened by C code. */
int span_is_module(const struct span *s);

#endif
