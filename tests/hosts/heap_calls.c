/* heap_calls: a host that calls every function of the C allocator a known number of times. */
/* LINK: -llua5.4 -lpthread */
/* It prints what the report should say of this program, in the words of its JSON.  With an argument
 * the same work is done by that many threads; with a second one only what every malloc library has. */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>

#include "tests/hosts/host.h"

static int ordinary;
static _Atomic size_t blocks, requested, resized, freed, refused, usable, returned;

/* The compiler must not see through these. */
static void *(*volatile malloc_)(size_t) = malloc;
static void *(*volatile calloc_)(size_t, size_t) = calloc;
static void *(*volatile realloc_)(void *, size_t) = realloc;
static void *(*volatile reallocarray_)(void *, size_t, size_t) = reallocarray;
static void (*volatile free_)(void *) = free;

static void *got(void *p, size_t n)
{
    blocks++;
    requested += n;
    usable += malloc_usable_size(p);
    return p;
}

static void *resize(void *p, size_t n, int by_array)
{
    size_t before = malloc_usable_size(p);
    p = by_array && !ordinary ? reallocarray_(p, n, 2) : realloc_(p, by_array ? 2 * n : n);
    size_t after = malloc_usable_size(p);
    resized++;
    usable += after > before ? after - before : 0;
    returned += after < before ? before - after : 0;
    return p;
}

static void give(void *p)
{
    freed += p != NULL;
    returned += p ? malloc_usable_size(p) : 0;
    free_(p);
}

static void refuse(void *p)
{
    if (p || errno != ENOMEM)
        abort();
    refused++;
    errno = 0;
}

static void round_of_calls(size_t i)
{
    void *p = got(malloc_(i), i), *q = got(calloc_(i, 3), 3 * i), *r = NULL;
    p = resize(p, 10 * i + 1, 0);
    p = resize(p, i + 1, 1);
    r = got(realloc_(NULL, i + 1), i + 1);
    give(p);
    give(q);
    give(r);
    give(NULL);
}

static void aligned(void)
{
    void *p = NULL;
    if (posix_memalign(&p, 64, 100))
        abort();
    give(got(p, 100));
    give(got(aligned_alloc(64, 128), 128));
    give(got(memalign(256, 10), 10));
    give(got(valloc(10), 10));
    if (!ordinary)
        give(got(pvalloc(10), 10));
}

static void impossible(void)
{
    errno = 0;
    refuse(malloc_(SIZE_MAX / 2));
    refuse(calloc_(SIZE_MAX / 2, 4));
    refuse(realloc_(NULL, SIZE_MAX / 2));
    refuse(reallocarray_(NULL, SIZE_MAX / 2, 4));
    void *p = got(malloc_(10), 10);
    refuse(realloc_(p, SIZE_MAX / 2));
    give(p);
}

static void *work(void *arg)
{
    for (size_t i = 0; i < 1000; i++)
        round_of_calls(i);
    aligned();
    if (!ordinary)
        impossible();
    return arg;
}

static void in_threads(int n)
{
    pthread_t thread[64];
    for (int i = 0; i < n; i++)
        pthread_create(&thread[i], NULL, work, NULL);
    for (int i = 0; i < n; i++)
        pthread_join(thread[i], NULL);
}

int main(int argc, char **argv)
{
    lua_State *L = luaL_newstate();
    ordinary = argc > 2;
    if (argc > 1)
        in_threads(atoi(argv[1]));
    else
        work(NULL);
    lua_close(L);
    printf("blocks %zu\nrequested_bytes %zu\nusable_bytes %zu\n", blocks, requested, usable);
    printf("resized %zu\nfreed %zu\nfreed_bytes %zu\nrefused %zu\n", resized, freed, returned,
           refused);
    return 0;
}
