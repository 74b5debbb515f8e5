/* cross_ffi: calls through libffi, from Lua and from elsewhere. */
/* LINK: -llua5.4 -lffi */
#include <ffi.h>

#include "tests/hosts/host.h"

static int added;

int foreign_add(int a, int b)
{
    return a + b;
}

void foreign_nothing(void)
{
    added++;
}

static int add_by_ffi(void)
{
    ffi_cif cif;
    ffi_type *types[] = {&ffi_type_sint, &ffi_type_sint};
    int a = 20, b = 22;
    void *values[] = {&a, &b};
    ffi_arg result = 0;
    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 2, &ffi_type_sint, types) == FFI_OK)
        ffi_call(&cif, FFI_FN(foreign_add), &result, values);
    return (int)result;
}

static int from_lua(lua_State *L)
{
    lua_pushinteger(L, add_by_ffi());
    return 1;
}

static void nothing_by_ffi(void)
{
    ffi_cif cif;
    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 0, &ffi_type_void, NULL) == FFI_OK)
        ffi_call(&cif, FFI_FN(foreign_nothing), NULL, NULL);
}

int main(void)
{
    lua_State *L = luaL_newstate();
    lua_register(L, "from_lua", from_lua);
    lua_Integer sum = host_run(L, "local n = 0 for i = 1, 1000 do n = n + from_lua() end return n");
    for (int i = 0; i < 77; i++)
        nothing_by_ffi();
    printf("%lld %d\n", (long long)sum, added);
    lua_close(L);
    return 0;
}
