/* heap_books: a lua_Alloc that keeps books of what it is asked for, block by block and byte by byte. */
#ifndef TESTS_HOSTS_HEAP_BOOKS_H
#define TESTS_HOSTS_HEAP_BOOKS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct books {
    size_t limit, live, peak, live_at_close;
    size_t kind_n[16], kind_bytes[16], class_n[64], class_gone[64];
    size_t resized, grown, shrunk, freed, refused, calls;
};

static const char *const kind_name[16] = {"other",  "?",       "?",        "?",
                                          "string", "table",   "function", "userdata",
                                          "thread", "upvalue", "prototype"};

/* Limits of the classes: 16, 32 ... 128, 256, 512 ... */
static size_t class_limit(int i)
{
    return i <= 8 ? 16u * (unsigned)i : (size_t)128 << (i - 8);
}

static int class_of(size_t n)
{
    int i = 1;
    while (class_limit(i) < n)
        i++;
    return i;
}

static void book_new(struct books *b, size_t tag, size_t n)
{
    unsigned kind = tag >= 4 && tag <= 10 ? (unsigned)tag : 0;
    b->kind_n[kind]++;
    b->kind_bytes[kind] += n;
    b->class_n[class_of(n)]++;
}

static void book_resize(struct books *b, size_t from, size_t to)
{
    b->resized++;
    b->grown += to > from ? to - from : 0;
    b->shrunk += to < from ? from - to : 0;
    if (class_of(from) != class_of(to)) {
        b->class_gone[class_of(from)]++;
        b->class_n[class_of(to)]++;
    }
}

static void book_level(struct books *b, size_t from, size_t to)
{
    b->live += to - from;
    if (b->live > b->peak)
        b->peak = b->live;
}

static void *give_back(struct books *b, void *p, size_t n)
{
    if (p) {
        b->class_gone[class_of(n)]++;
        b->freed += n;
        b->live -= n;
        b->calls++;
    }
    free(p);
    return NULL;
}

static void *counting(void *ud, void *p, size_t osize, size_t nsize)
{
    struct books *b = ud;
    if (nsize == 0)
        return give_back(b, p, osize);
    size_t from = p ? osize : 0;
    void *q = b->live - from + nsize > b->limit ? NULL : realloc(p, nsize);
    b->calls += q != NULL;
    if (!q) {
        b->refused++;
        return NULL;
    }
    if (p)
        book_resize(b, osize, nsize);
    else
        book_new(b, osize, nsize);
    book_level(b, from, nsize);
    return q;
}

/* What was asked for and freed, of several. */
static inline void books_add(struct books *sum, const struct books *b)
{
    sum->resized += b->resized;
    sum->grown += b->grown;
    sum->shrunk += b->shrunk;
    sum->freed += b->freed;
    for (int k = 0; k < 16; k++) {
        sum->kind_n[k] += b->kind_n[k];
        sum->kind_bytes[k] += b->kind_bytes[k];
    }
}

/* In the words of the report's JSON. */
static inline void books_show(const struct books *b)
{
    size_t blocks = 0, bytes = 0;
    for (int k = 0; k < 16; k++) {
        blocks += b->kind_n[k];
        bytes += b->kind_bytes[k];
        if (b->kind_n[k])
            printf("kind %s %zu %zu\n", kind_name[k], b->kind_n[k], b->kind_bytes[k]);
    }
    printf("blocks %zu\nbytes %zu\nresized %zu\n", blocks, bytes, b->resized);
    printf("grown_bytes %zu\nshrunk_bytes %zu\nfreed_bytes %zu\n", b->grown, b->shrunk, b->freed);
}

#endif
