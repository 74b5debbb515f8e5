/* decoder: the instruction decoder (Zydis), opened on first need.
 *
 * Context: decoder_open runs outside the loader's lock only (it calls dlopen); decoder_get anywhere. */
#ifndef SHIM_ATTACH_DECODER_H
#define SHIM_ATTACH_DECODER_H

#include "probe/entry_x86_64.h"

/* Opens it locally, so that none of its symbols are seen by the host.  Returns 0 or -1. */
int decoder_open(void);

/* NULL where it was not or can not be opened. */
const struct entry_decoder *decoder_get(void);

#endif
