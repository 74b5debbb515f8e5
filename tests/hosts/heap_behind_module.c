/* heap_behind: an allocator to be preloaded in front of or behind the shim (it is no Lua module; the
 * name makes it a shared library). */
/* LINK: */
#include "tests/hosts/heap_strict.h"
