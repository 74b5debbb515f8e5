/* function_notes: see function_notes.h. */
#include "shim/hooks/function_notes.h"

SHIM_TABLE struct function_notes function_notes[ARENA_FUNCTIONS_MAX];
