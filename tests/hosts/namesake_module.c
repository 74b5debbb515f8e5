/* namesake: a library in front of libc whose own function has the name of one of libc's, and is quite another; it has modprof_mark, too. */
/* LINK: */
#include <lauxlib.h>

struct shape {
    double side[4];
};

/* With a result in memory, a number in a vector register, and more arguments than fit into registers. */
struct shape clone(const struct shape *from, double grow, long a, long b, long c, long d, long e);

struct shape clone(const struct shape *from, double grow, long a, long b, long c, long d, long e)
{
    struct shape s = *from;
    for (int i = 0; i < 4; i++)
        s.side[i] = s.side[i] * grow + (double)(a + b + c + d + e);
    return s;
}

/* As a program does that wants to be found by other profilers, too. */
void modprof_mark(const char *name);

void modprof_mark(const char *name)
{
    (void)name;
}

int luaopen_namesake_module(lua_State *L)
{
    struct shape s = {{1, 2, 3, 4}};
    for (int i = 0; i < 3; i++)
        s = clone(&s, 1.5, 1, 20, 300, 4000, 50000);
    modprof_mark("shape");
    lua_pushnumber(L, s.side[0] + s.side[1] + s.side[2] + s.side[3]);
    return 1;
}
