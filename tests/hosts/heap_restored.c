/* heap_restored: states whose memory the host puts back as it was some time ago. */
/* LINK: -llua5.4 */
/* One arena, in which a state lies; others come to lie where it was, and are thrown away or closed. Each state has an allocator's
 * data of its own, which knows whose it is; asked for another's block, or asked by another state, it says so. Prints what each
 * way had to do, and whether all states' counts were right.
 *
 * parked N     the state's memory is copied away, N others run in its place, one after the other; it is put back, runs on, and is closed
 * closed N     the same, but the others are closed
 * turns N      two states take turns in the arena, N times, each copied away for the other
 * template N   a state is made ready, copied, and runs N times from that copy on, without another in between
 * reborn N     the same, and it is closed each time */
#include <sys/mman.h>

#include "tests/hosts/host.h"

enum { ARENA_BYTES = 2 << 20, OTHERS_MAX = 1000 };

static char *base;

/* What of the arena is one state's. */
struct part {
    size_t used, live, calls;
    int foreign; /* asked for what is not its own */
    int begun;   /* it lies in the arena just now */
};

static size_t size_of(size_t n)
{
    return (n + 15) & ~(size_t)15;
}

static void *from_arena(void *ud, void *p, size_t osize, size_t nsize)
{
    struct part *a = ud;
    a->calls++;
    a->foreign += !a->begun || (p && ((char *)p < base || (char *)p + osize > base + a->used));
    if (p)
        a->live -= osize;
    if (nsize == 0)
        return NULL;
    if (size_of(nsize) > ARENA_BYTES - a->used) {
        a->live += p ? osize : 0;
        return NULL;
    }
    char *q = base + a->used;
    a->used += size_of(nsize);
    a->live += nsize;
    if (p)
        memcpy(q, p, osize < nsize ? osize : nsize);
    return q;
}

static const char prelude[] =
    "kept, n = {}, 0 for i = 1, 400 do kept[i] = { i, ('x'):rep(i % 60) } end";
static const char work[] =
    "for i = 1, 60 do kept[i % 40 + 1] = { n, tostring(i), function() return kept end } end "
    "n = n + 1 local co = coroutine.wrap(function(a) coroutine.yield(a + 1) end) "
    "collectgarbage('step') return co(n)";

/* ---- one state ---- */

struct one {
    struct part part, saved_part;
    lua_State *L;
    char *saved;
    lua_Integer ran;
};

static int wrong;

static void make(struct one *o)
{
    memset(o, 0, sizeof *o);
    o->part.begun = 1;
    o->L = lua_newstate(from_arena, &o->part);
    if (!o->L)
        exit(4);
    luaL_openlibs(o->L);
    lua_gc(o->L, LUA_GCGEN, 0, 0);
    host_run(o->L, prelude);
}

static void check(struct one *o)
{
    size_t count = (size_t)lua_gc(o->L, LUA_GCCOUNT) * 1024 + (size_t)lua_gc(o->L, LUA_GCCOUNTB);
    void *ud;
    wrong += count != o->part.live || o->part.foreign != 0;
    wrong += lua_getallocf(o->L, &ud) != from_arena || ud != &o->part;
}

static void run(struct one *o)
{
    wrong += host_run(o->L, work) != ++o->ran + 1;
    check(o);
}

static void save(struct one *o)
{
    o->saved = realloc(o->saved, o->part.used);
    memcpy(o->saved, base, o->part.used);
    o->saved_part = o->part;
    o->part.begun = 0;
    memset(base, 0x5a, o->part.used);
}

static void restore(struct one *o)
{
    int foreign = o->part.foreign;
    o->part = o->saved_part;
    o->part.foreign += foreign;
    memcpy(base, o->saved, o->part.used);
}

static void end(struct one *o)
{
    lua_close(o->L);
    wrong += o->part.live != 0 || o->part.foreign != 0;
    o->part.begun = 0;
}

/* ---- the ways ---- */

static struct one first, other[OTHERS_MAX];

static void parked(int n, int closes)
{
    make(&first);
    run(&first);
    for (int i = 0; i < n; i++) {
        if (i % 100 == 0)
            save(&first);
        make(&other[i]);
        run(&other[i]);
        if (closes)
            end(&other[i]);
        other[i].part.begun = 0;
        if (i % 100 == 99 || i == n - 1) {
            restore(&first);
            run(&first);
        }
    }
    end(&first);
}

static void turns(int n)
{
    struct one *o[2] = {&first, &other[0]};
    for (int i = 0; i < 2; i++) {
        make(o[i]);
        save(o[i]);
    }
    for (int i = 0; i < n; i++) {
        restore(o[i % 2]);
        run(o[i % 2]);
        if (i < n - 2)
            save(o[i % 2]);
        else
            end(o[i % 2]);
    }
}

static void template(int n, int closes)
{
    make(&first);
    run(&first);
    save(&first);
    for (int i = 0; i < n; i++) {
        restore(&first);
        run(&first);
        first.ran--;
        if (closes)
            end(&first);
    }
    restore(&first);
    end(&first);
}

int main(int argc, char **argv)
{
    if (argc < 3 || atoi(argv[2]) > OTHERS_MAX)
        return 2;
    const char *way = argv[1];
    int n = atoi(argv[2]);
    size_t calls = 0;
    base = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
        return 3;
    if (!strcmp(way, "turns"))
        turns(n);
    else if (!strcmp(way, "template") || !strcmp(way, "reborn"))
        template(n, *way == 'r');
    else
        parked(n, *way == 'c');
    for (int i = 0; i < n; i++)
        wrong += other[i].part.foreign;
    calls = first.part.calls;
    printf("%s: %d wrong, %d\n", way, wrong, calls > 0);
    return wrong != 0;
}
