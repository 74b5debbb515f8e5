/* chunk_name: chunk names as the trace keeps them.
 *
 * "@file" and "=name" stay as they are (cut); any other name is the text of the chunk itself and
 * becomes [string "its first line..."], as in Lua's own messages.
 *
 * Context: any; no allocation. */
#ifndef SHIM_HOOKS_CHUNK_NAME_H
#define SHIM_HOOKS_CHUNK_NAME_H

#include <stddef.h>

enum { CHUNK_NAME = 512, CHUNK_TEXT = 60 };

/* Writes it to OUT (CHUNK_NAME bytes, not NUL-terminated) and returns its length.  NULL gives "?",
 * as lua_load does. */
size_t chunk_name(char *out, const char *source);

#endif
