/* heap_arenas: states that are never closed, whose memory the host takes back by itself. */
/* LINK: -llua5.4 -lpthread */
/* Each request has a state in an arena of its own, with an allocator that keeps books; then the arena is emptied. One more
 * state, on malloc, lives all the while, makes garbage in between, and is closed. Prints, in the words of the report's
 * JSON, what all asked for, and what was dropped.
 *
 * same N       one arena, emptied by setting it back to its begin
 * shifted N    the same, but the host itself takes some of it first, each time another amount, and writes over it
 * mapped N     each arena is mapped anew, elsewhere, before the old one is removed
 * threads N    N requests on each of 8 threads, an arena each
 * mixed N      as same; every second state is closed properly
 * parked N     each has an arena of its own, which nobody may read until all are taken up again, and closed: none is dropped */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "tests/hosts/heap_books.h"
#include "tests/hosts/host.h"

enum { ARENA_BYTES = 4 << 20, THREADS = 8 };

struct arena {
    char *base;
    size_t used;
    struct books books;
};

static pthread_mutex_t adding = PTHREAD_MUTEX_INITIALIZER;
static struct books sum;
static size_t dropped_n, dropped_bytes;
static _Atomic int wrong;

/* ---- an arena that frees nothing ---- */

static char *map(void)
{
    void *p = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        exit(3);
    return p;
}

static void *take(struct arena *a, size_t n)
{
    char *p = a->base + a->used;
    if (n > ARENA_BYTES - a->used - 16)
        return NULL;
    a->used += (n + 15) & ~(size_t)15;
    return p;
}

static void *from_arena(void *ud, void *p, size_t osize, size_t nsize)
{
    struct arena *a = ud;
    struct books *b = &a->books;
    if (nsize == 0) {
        b->freed += p ? osize : 0;
        b->live -= p ? osize : 0;
        return NULL;
    }
    void *q = p && nsize <= osize ? p : take(a, nsize);
    if (!q)
        return NULL;
    if (p) {
        memmove(q, p, osize < nsize ? osize : nsize);
        book_resize(b, osize, nsize);
    } else {
        book_new(b, osize, nsize);
    }
    book_level(b, p ? osize : 0, nsize);
    return q;
}

static void add(const struct books *b, size_t dropped)
{
    pthread_mutex_lock(&adding);
    books_add(&sum, b);
    sum.freed += dropped;
    dropped_n += dropped != 0;
    dropped_bytes += dropped;
    pthread_mutex_unlock(&adding);
}

/* ---- a request ---- */

static const char work[] =
    "local kept = {} "
    "for i = 1, 300 do kept[i % 50] = { i, ('x'):rep(i % 60), function() return kept end } end "
    "local co = coroutine.wrap(function() for i = 1, 20 do coroutine.yield({ i }) end end) "
    "for i = 1, 10 do kept[i] = co() end "
    "kept.f = io.tmpfile and io.stdout "
    "setmetatable(kept, { __gc = function() end }) collectgarbage('step') return #kept[1]";

static void request(struct arena *a, int closes)
{
    memset(&a->books, 0, sizeof a->books);
    lua_State *L = lua_newstate(from_arena, a);
    if (!L)
        exit(4);
    luaL_openlibs(L);
    wrong += host_run(L, work) < 0;
    wrong +=
        (size_t)lua_gc(L, LUA_GCCOUNT) * 1024 + (size_t)lua_gc(L, LUA_GCCOUNTB) != a->books.live;
    if (closes)
        lua_close(L);
    add(&a->books, a->books.live);
}

static void clear(struct arena *a, size_t first)
{
    a->used = first & ~(size_t)15;
    memset(a->base, 0x5a, a->used);
}

static void requests(const char *way, int n, lua_State *long_lived)
{
    struct arena a = {.base = map()};
    for (int i = 0; i < n; i++) {
        request(&a, !strcmp(way, "mixed") && i % 2);
        if (long_lived)
            wrong += host_run(long_lived, "local t = {} for i = 1, 200 do t[i] = { i } end "
                                          "return #t") != 200;
        if (!strcmp(way, "mapped")) {
            char *next = map();
            munmap(a.base, ARENA_BYTES);
            a.base = next;
        }
        clear(&a, strcmp(way, "shifted") ? 0 : (size_t)(i * 7919) % 65536 + 4096);
    }
    munmap(a.base, ARENA_BYTES);
}

static void parked(int n)
{
    struct arena *a = calloc((size_t)n, sizeof *a);
    lua_State **L = calloc((size_t)n, sizeof *L);
    for (int i = 0; i < n; i++) {
        a[i].base = map();
        L[i] = lua_newstate(from_arena, &a[i]);
        luaL_openlibs(L[i]);
        wrong += host_run(L[i], work) < 0;
        wrong += mprotect(a[i].base, ARENA_BYTES, PROT_NONE) != 0;
    }
    for (int i = 0; i < n; i++) {
        wrong += mprotect(a[i].base, ARENA_BYTES, PROT_READ | PROT_WRITE) != 0;
        wrong += host_run(L[i], work) < 0;
        lua_close(L[i]);
        add(&a[i].books, 0);
        munmap(a[i].base, ARENA_BYTES);
    }
    free(L);
    free(a);
}

static void *on_thread(void *n)
{
    requests("same", *(int *)n, NULL);
    return NULL;
}

static void on_threads(int n)
{
    pthread_t thread[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&thread[i], NULL, on_thread, &n);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
}

/* ---- what is said ---- */

static void show(void)
{
    books_show(&sum);
    printf("dropped %zu %zu\n", dropped_n, dropped_bytes);
}

int main(int argc, char **argv)
{
    struct books books = {.limit = SIZE_MAX};
    if (argc < 3)
        return 2;
    lua_State *L = lua_newstate(counting, &books);
    luaL_openlibs(L);
    if (!strcmp(argv[1], "threads"))
        on_threads(atoi(argv[2]));
    else if (!strcmp(argv[1], "parked"))
        parked(atoi(argv[2]));
    else
        requests(argv[1], atoi(argv[2]), L);
    lua_close(L);
    add(&books, 0);
    show();
    return wrong != 0;
}
