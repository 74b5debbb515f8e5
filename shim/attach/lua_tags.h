/* lua_tags: the marks of values in Lua 5.4's stack that the shim reads; verified together with the
 * offsets (lua_layout_check.c).
 *
 * Context: shim/attach only. */
#ifndef SHIM_ATTACH_LUA_TAGS_H
#define SHIM_ATTACH_LUA_TAGS_H

#include <string.h>

#include "shim/attach/copy.h"

enum {
    TAG_LIGHT_USERDATA = 2,
    TAG_LIGHT_C = 22,      /* a C function without upvalues */
    TAG_LUA_CLOSURE = 70,  /* collectable, so bit 6 is set */
    TAG_C_CLOSURE = 102
};

enum { CALL_IS_C = 2 }; /* in a call info's status */

#endif
