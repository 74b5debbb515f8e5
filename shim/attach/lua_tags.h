/* lua_tags: Lua 5.4's structures as far as the shim reads them, on 64-bit machines: offsets, and the
 * marks of values.  True for a copy whose layout is `verified` (lua_layout_check.c tries these and
 * no others), and for no other.
 *
 * Context: shim/attach, and hot paths that have looked at `verified`. */
#ifndef SHIM_ATTACH_LUA_TAGS_H
#define SHIM_ATTACH_LUA_TAGS_H

#include <string.h>

#include "shim/attach/copy.h"

enum {
    TAG_LIGHT_USERDATA = 2,
    TAG_LIGHT_C = 22,     /* a C function without upvalues */
    TAG_LUA_CLOSURE = 70, /* collectable, so bit 6 is set */
    TAG_C_CLOSURE = 102
};

enum { CALL_IS_C = 2 }; /* in a call info's status */

enum {
    OFFSET_STATE_TOP = 16,
    OFFSET_STATE_CI = 32,
    OFFSET_CI_FUNC = 0,
    OFFSET_CI_PREVIOUS = 16,
    OFFSET_CI_SAVEDPC =
        32, /* this, and those of prototypes: where stacks can be read (lua_learn.h) */
    OFFSET_CI_STATUS = 62,
    OFFSET_TVALUE_TAG = 8,
    TVALUE_BYTES = 16,
    OFFSET_CCLOSURE_F = 24,
    OFFSET_LCLOSURE_PROTO = 24,
    OFFSET_PROTO_SIZECODE = 24,
    OFFSET_PROTO_CODE = 64,
    OFFSET_GLOBAL_STRINGS = 48,     /* of global_State: the table of short strings; only compared */
    OFFSET_USERDATA_METATABLE = 24, /* of a block of any userdata; only compared */
    OFFSET_PROTO_LINE =
        44 /* int linedefined, 0 for the main function of a chunk; int lastlinedefined */
};

#endif
