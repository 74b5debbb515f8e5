/* instruction_x86_64: how long an x86-64 instruction is, where its parts are, and whether it works at its own place only.
 *
 * What an instruction does is not told, so a few bits for each opcode suffice, where a whole decoder (Zydis, which the tests
 * hold this against) is 600 KiB to be mapped and relocated in every program that has Lua in it.  What is not known here
 * for sure is refused.
 *
 * Context: any; pure, no allocation. */
#ifndef PROBE_INSTRUCTION_X86_64_H
#define PROBE_INSTRUCTION_X86_64_H

#include <stddef.h>
#include <stdint.h>

enum instruction_kind {
    INSTRUCTION_PLAIN = 0,
    INSTRUCTION_BREAKPOINT, /* int3 */
    INSTRUCTION_NOP,
    INSTRUCTION_RETURN,
    INSTRUCTION_BRANCH,        /* to a distance: jmp, call, jcc, loop, jrcxz */
    INSTRUCTION_INDIRECT_CALL, /* near or far */
    INSTRUCTION_INDIRECT_JUMP
};

enum instruction_map { MAP_ONE_BYTE = 0, MAP_0F, MAP_0F38, MAP_0F3A };

struct instruction {
    uint8_t length;
    uint8_t kind;      /* enum instruction_kind */
    uint8_t map;       /* enum instruction_map; of VEX and EVEX: the one they stand for */
    uint8_t opcode;    /* its last byte */
    uint8_t opcode_at; /* of its first byte (0f, c4, c5, 62); prefixes stand before it */
    uint8_t modrm;     /* 0 where there is none */
    uint8_t has_modrm;
    uint8_t rip_relative; /* 1: the displacement is a distance from the instruction's end */
    uint8_t eip_relative; /* 1: so it is, and what comes out is cut off to 32 bits */
    uint8_t displacement_at, displacement_n; /* n 0: there is none */
    uint8_t immediate_at, immediate_n;
};

/* Reads the instruction at BYTES, of which there are N.  Returns 0, or -1 where it is none that is known or is cut off. */
int instruction_read(const uint8_t *bytes, size_t n, struct instruction *out);

/* The little-endian signed number of N bytes (1, 2, 4) at P. */
int64_t instruction_number(const uint8_t *p, size_t n);

#endif
