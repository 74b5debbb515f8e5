/* lua_chunk: what a precompiled chunk of Lua 5.4 is made of, and whether a stock Lua 5.4 takes it.
 *
 * Reads any bytes, also hostile ones, and never runs them. */
#ifndef COLLECTOR_ANALYSE_LUA_CHUNK_H
#define COLLECTOR_ANALYSE_LUA_CHUNK_H

#include <stddef.h>
#include <stdint.h>

enum chunk_part {
    PART_HEADER,    /* signature, version, format, sizes of types */
    PART_CODE,      /* instructions */
    PART_CONSTANTS, /* numbers and strings that the code uses */
    PART_DEBUG,     /* names, line numbers: what stripping takes away */
    PART_STRUCTURE, /* counts, parameters, upvalues */
    PART_N
};

struct lua_chunk {
    uint64_t part_bytes[PART_N];
    uint64_t function_n;
    const char *source; /* chunk name in it, in the bytes given, not terminated; NULL: stripped */
    size_t source_n;
};

/* 1 where the bytes begin as precompiled chunks do. */
int lua_chunk_is(const void *at, size_t n);

/* Takes the chunk at AT[N] apart.  Returns NULL, or why a stock 64-bit Lua 5.4 would refuse it
 * ("version 5.3, not 5.4"); what was read before is in C. */
const char *lua_chunk_read(struct lua_chunk *c, const void *at, size_t n);

const char *chunk_part_name(unsigned part);

#endif
