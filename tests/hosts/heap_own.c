/* heap_own: a host that brings its own malloc, as programs with a built-in jemalloc do. */
/* LINK: -llua5.4 */
#include "tests/hosts/heap_strict.h"

#include "tests/hosts/host.h"

int main(void)
{
    lua_Integer result = host_state(host_work);
    char *text = strdup("own");
    printf("%lld %s\n", (long long)result, text);
    free(text);
    return 0;
}
