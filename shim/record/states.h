/* states: slots of Lua states (record_api.h has the calls for hooks).
 *
 * Context: host threads. */
#ifndef SHIM_RECORD_STATES_H
#define SHIM_RECORD_STATES_H

#include <stdint.h>

/* Lua's live bytes, all open states. */
uint64_t states_live_bytes(void);

#endif
