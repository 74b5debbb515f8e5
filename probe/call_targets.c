/* call_targets: see call_targets.h. */
#include "probe/call_targets.h"

#include <string.h>

int call_targets_has(const struct call_targets *t, uint64_t address)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->at[i] == address)
            return 1;
    return 0;
}

/* Bytes of the opcode where a branch with a distance of 32 bits may begin at P: call, jmp, jcc; 0: none does. */
static size_t opcode_bytes(const uint8_t *p)
{
    if (p[0] == 0xe8 || p[0] == 0xe9)
        return 1;
    return p[0] == 0x0f && (p[1] & 0xf0) == 0x80 ? 2 : 0;
}

void call_targets_add(struct call_targets *t, const struct code *c, uint64_t lo, uint64_t hi)
{
    for (uint64_t at = 0; at + 5 <= c->n; at++) {
        size_t opcode_n = opcode_bytes(c->bytes + at);
        int32_t distance;
        if (opcode_n == 0 || at + opcode_n + sizeof distance > c->n)
            continue;
        memcpy(&distance, c->bytes + at + opcode_n, sizeof distance);
        uint64_t to = c->address + at + opcode_n + sizeof distance + (uint64_t)(int64_t)distance;
        if (to >= lo && to < hi && to - c->address >= c->n && t->n < CALL_TARGETS_MAX &&
            !call_targets_has(t, to))
            t->at[t->n++] = to;
    }
}

uint64_t call_targets_common(const struct call_targets *t, size_t n)
{
    uint64_t found = 0;
    for (size_t i = 0; n != 0 && i < t[0].n; i++) {
        size_t in = 1;
        while (in < n && call_targets_has(&t[in], t[0].at[i]))
            in++;
        if (in < n)
            continue;
        if (found != 0)
            return 0;
        found = t[0].at[i];
    }
    return found;
}
