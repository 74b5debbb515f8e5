/* ffi: counts and times ffi_call. */
#include "shim/hooks/ffi.h"

#include "shim/hooks/sampling.h"
#include "shim/sampler/waiting.h"

ffi_call_fn *ffi_call_original;

void hook_ffi_call(void *cif, void (*fn)(void), void *rvalue, void **avalue)
{
    struct arena_thread *t = arena != NULL ? sampling_slot() : NULL;
    int is_new = 0;
    uint32_t index = FUNCTION_NONE;
    if (t != NULL && fn != NULL)
        index = function_index((const void *)fn, FUNCTION_FFI, 0, &is_new);
    if (index == FUNCTION_NONE || --t->calls[index].down_left > 0) {
        ffi_call_original(cif, fn, rvalue, avalue);
        return;
    }
    uint32_t weight_2 = sampling_next(t, index, ARENA_FIX_DOWN);
    if (unlikely(weight_2 == SAMPLING_UNTIMED)) {
        ffi_call_original(cif, fn, rvalue, avalue);
        waiting_look(now_ns());
        return;
    }
    uint64_t begin = sampling_begin(t, index, ARENA_FIX_DOWN, weight_2);
    ffi_call_original(cif, fn, rvalue, avalue);
    sampling_end(index, ARENA_FIX_DOWN, weight_2, begin, now_ns());
}
