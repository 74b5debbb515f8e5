// heap_throw: a host whose allocator leaves by an exception, and which allocates on afterwards.
/* LINK: -llua5.4 */
// It prints how many C blocks the report should count for it; they must not pass for Lua's, since
// the allocator that was left is no longer running.
#include <cstdio>
#include <cstdlib>
#include <new>

#include <lua5.4/lua.hpp>

static bool refuse;

static void *throwing(void *, void *p, size_t, size_t n)
{
    if (n == 0) {
        std::free(p);
        return nullptr;
    }
    if (refuse)
        throw std::bad_alloc();
    return std::realloc(p, n);
}

static void *(*volatile allocate)(size_t) = std::malloc;

// Deeper on the stack than the allocator was.
static int __attribute__((noinline)) allocate_below(int depth)
{
    volatile char room[512] = {0};
    if (depth > 0)
        return allocate_below(depth - 1) + room[0];
    std::free(allocate(100));
    return 1;
}

int main()
{
    lua_State *L = lua_newstate(throwing, nullptr);
    int blocks = 0, caught = 0;
    for (int i = 0; i < 10; i++) {
        refuse = true;
        try {
            lua_newuserdatauv(L, 100, 0);
        } catch (const std::bad_alloc &) {
            caught++;
        }
        refuse = false;
        std::free(allocate(10));
        blocks += 1 + allocate_below(20);
    }
    std::printf("blocks %d\n", blocks);
    lua_close(L);
    return caught == 10 ? 0 : 1;
}
