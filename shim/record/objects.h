/* objects: which loaded object an address belongs to (record_api.h has the calls for hooks).
 *
 * Context: look-ups anywhere, lock-free. */
#ifndef SHIM_RECORD_OBJECTS_H
#define SHIM_RECORD_OBJECTS_H

#include <stddef.h>
#include <stdint.h>

enum { BUILD_ID_MAX = 32 };

/* Reads the GNU build-id from the notes at [AT, AT + N) into OUT; returns its size, 0: none. */
uint8_t object_build_id(const uint8_t *at, size_t n, uint8_t out[BUILD_ID_MAX]);

/* The sorted list that look-ups go by: replaced whole.  Tests only use these directly. */
struct object_range {
    uint64_t lo, hi;
    uint32_t id;
};
void object_map_replace(const struct object_range *sorted, uint32_t n);

#endif
