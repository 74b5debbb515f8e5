/* known_tables: tables of which we know what is put into them: metatables of named types, the
 * globals, and the table that was filled last and whose part in the program will show.
 *
 * Kept per thread, since a library registers itself on one thread; bounded, the newest wins.
 *
 * Context: host threads. */
#ifndef SHIM_HOOKS_KNOWN_TABLES_H
#define SHIM_HOOKS_KNOWN_TABLES_H

#include <stddef.h>
#include <stdint.h>

/* A table for all time: its address and the number of its state.  0: not known (no state, no
 * table).  Two agree by chance only where state numbers differ by a multiple of 65,536. */
typedef uint64_t table_key;

static inline table_key table_key_of(uint32_t state_id, const void *table)
{
    return state_id == 0 || table == NULL ? 0 : (uint64_t)state_id << 48 ^ (uintptr_t)table;
}

enum { TABLE_GLOBALS = UINT32_MAX };

/* Remembers that the table is the metatable of the type with this (string id) name, or
 * TABLE_GLOBALS.  Key 0 is ignored. */
void known_table_note(table_key key, uint32_t what);

/* What the table is, 0 where that is not known. */
uint32_t known_table(table_key key);

/* The table that functions were put into last, with the indexes of those functions. */
enum { FILLED_MAX = 100 };
struct filled_table {
    table_key key; /* 0: none */
    uint32_t n;
    uint16_t function[FILLED_MAX];
};

/* A function was put into the table and got its name by that. */
void filled_table_add(table_key key, uint32_t index);

/* The table with that key, if it is the one that was filled last, else NULL. */
struct filled_table *filled_table(table_key key);

/* Too long ago: its address may have become another table's. */
void filled_table_forget(void);

#endif
