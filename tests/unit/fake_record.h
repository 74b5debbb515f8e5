/* fake_record: the recording side for tests of hooks: keeps every record that is pushed, as bytes,
 * in the order of pushing.  Included once by a test; everything is defined here. */
#ifndef TESTS_UNIT_FAKE_RECORD_H
#define TESTS_UNIT_FAKE_RECORD_H

#include <stdlib.h>
#include <string.h>

#include "shim/record/record_api.h"

enum { FAKE_STRINGS = 4096, FAKE_RECORDS = 1 << 22 };

struct arena *arena;
void *function_original[ARENA_FUNCTIONS_MAX];
static struct arena_thread fake_thread;
SHIM_TLS struct arena_thread *slot_now = &fake_thread;

static char *fake_string[FAKE_STRINGS];
static uint32_t fake_string_n = 1;
static uint8_t fake_bytes[FAKE_RECORDS];
static size_t fake_bytes_n;
static uint64_t fake_lost[LOSS_N];
static uint64_t fake_milestone[8];
static uint32_t fake_milestone_name[8];

static void fake_start(void)
{
    free(arena);
    arena = aligned_alloc(4096, sizeof *arena); /* the alignment that its type asks for */
    memset(arena, 0, sizeof *arena);
    fake_bytes_n = 0;
    memset(fake_lost, 0, sizeof fake_lost);
    memset(fake_milestone, 0, sizeof fake_milestone);
}

uint32_t intern(const char *bytes, size_t n)
{
    for (uint32_t i = 1; i < fake_string_n; i++)
        if (strlen(fake_string[i]) == n && memcmp(fake_string[i], bytes, n) == 0)
            return i;
    if (fake_string_n == FAKE_STRINGS)
        return 0;
    fake_string[fake_string_n] = strndup(bytes, n);
    return fake_string_n++;
}

uint32_t intern_z(const char *z)
{
    return z ? intern(z, strlen(z)) : 0;
}

struct arena_thread *slot_get(void)
{
    return slot_now;
}

int slot_is_dead(const struct arena_thread *t)
{
    (void)t;
    return 0;
}

void ring_push(const uint8_t *record, size_t n)
{
    if (fake_bytes_n + n > FAKE_RECORDS)
        abort();
    memcpy(fake_bytes + fake_bytes_n, record, n);
    fake_bytes_n += n;
}

void loss_count(enum loss what, uint64_t n)
{
    fake_lost[what] += n;
}

void milestone_note(enum milestone what, uint64_t at_ns, uint32_t name)
{
    if (fake_milestone[what])
        return;
    fake_milestone[what] = at_ns;
    fake_milestone_name[what] = name;
}

uint32_t span_id_new(void)
{
    return atomic_fetch_add(&arena->span_id, 1) + 1;
}

struct arena_hit *hit_entry(uint32_t name)
{
    arena->hits[name % ARENA_HITS_MAX].name = name;
    return &arena->hits[name % ARENA_HITS_MAX];
}

struct arena_chunk *chunk_entry(uint64_t key, const char *name, size_t length,
                                enum chunk_origin origin)
{
    for (int i = 0; i < ARENA_CHUNKS_MAX; i++) {
        struct arena_chunk *k = &arena->chunks[i];
        if (k->key && k->key != key)
            continue;
        k->key = key;
        k->name = intern(name, length);
        k->origin = origin;
        return k;
    }
    return NULL;
}

int chunk_text_seen(uint64_t text_hash)
{
    (void)text_hash;
    return 0;
}

void writer_tick(uint64_t now)
{
    (void)now;
}

#endif
