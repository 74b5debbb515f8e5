/* cross_reload: opens and closes states again and again, each of which loads the same C modules. */
/* LINK: -llua5.4 */
/* Lua unloads a state's C modules when the state is closed. */
#include "tests/hosts/host.h"

int main(void)
{
    lua_Integer sum = 0;
    for (int i = 0; i < 300; i++)
        sum += host_state("local cjson, lpeg = require 'cjson', require 'lpeg' "
                          "cjson.encode({1}) return lpeg.match(lpeg.P(1), 'a')");
    printf("%lld\n", (long long)sum);
    return 0;
}
