/* ffi: calls through libffi's ffi_call, counted and timed by the function they go to.
 *
 * attach redirects the entry of ffi_call in the first object that exports it to hook_ffi_call, after
 * it has stored the way to the original in ffi_call_original.  All calls of the process count, also
 * those that Lua has no part in.
 *
 * Context: host threads. */
#ifndef SHIM_HOOKS_FFI_H
#define SHIM_HOOKS_FFI_H

typedef void ffi_call_fn(void *cif, void (*fn)(void), void *rvalue, void **avalue);

extern ffi_call_fn *ffi_call_original;
ffi_call_fn hook_ffi_call;

#endif
