/* Which allocator functions are taken for nothing but realloc and free. */
/* SOURCES: shim/attach/arch/x86_64/plain_alloc.c */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <lua5.4/lauxlib.h>

#include "shim/attach/arch/x86_64/plain_alloc.h"

/* The code under test, and the two functions, at places whose distance is known. */
enum { AT_FREE = 0x100, AT_REALLOC = 0x110, AT_SLOT = 0x120, AT_PLT = 0x130, IMAGE = 0x200 };
static uint8_t image[IMAGE];

static int readable(const void *p)
{
    return (const uint8_t *)p >= image && (const uint8_t *)p + 16 <= image + IMAGE;
}

static const struct plain_alloc_targets targets = {image + AT_REALLOC, image + AT_FREE, readable};

static size_t code_n;

static void begin(void)
{
    memset(image, 0xcc, sizeof image);
    code_n = 0;
}

static void emit(const char *bytes, size_t n)
{
    memcpy(image + code_n, bytes, n);
    code_n += n;
}
#define EMIT(literal) emit(literal, sizeof(literal) - 1)

/* An instruction whose last four bytes are the distance to TO. */
static void emit_to(const char *op, size_t n, int to)
{
    emit(op, n);
    int32_t distance = to - (int)(code_n + 4);
    emit((const char *)&distance, sizeof distance);
}
#define CALL(to) emit_to("\xe8", 1, to)
#define JUMP(to) emit_to("\xe9", 1, to)

static int verdict(void)
{
    return plain_alloc_is(image, &targets);
}

/* What gcc -O2 makes of luaL_newstate's allocator, up to the call of free. */
static void stock_front(void)
{
    begin();
    EMIT("\x48\x89\xf7"); /* mov %rsi, %rdi */
    EMIT("\x48\x85\xc9"); /* test %rcx, %rcx */
    EMIT("\x74\x08");     /* je: behind the jump */
    EMIT("\x48\x89\xce"); /* mov %rcx, %rsi */
    JUMP(AT_REALLOC);
    EMIT("\x48\x83\xec\x08"); /* sub $8, %rsp */
}

static void stock_end(void)
{
    EMIT("\x31\xc0"); /* xor %eax, %eax */
    EMIT("\x48\x83\xc4\x08\xc3");
}

static void the_stock_allocator_is_plain(void **state)
{
    (void)state;
    stock_front();
    CALL(AT_FREE);
    stock_end();
    assert_true(verdict());
}

static int anything(const void *p)
{
    return p != NULL;
}

static void the_allocator_of_liblua_is_plain(void **state)
{
    (void)state;
    void *lib = dlopen("liblua5.4.so.0", RTLD_NOW | RTLD_LOCAL);
    assert_non_null(lib);
    lua_State *(*newstate)(void) = (lua_State * (*)(void)) dlsym(lib, "luaL_newstate");
    lua_Alloc (*getallocf)(lua_State *, void **) =
        (lua_Alloc(*)(lua_State *, void **))dlsym(lib, "lua_getallocf");
    void (*close)(lua_State *) = (void (*)(lua_State *))dlsym(lib, "lua_close");
    lua_State *L = newstate();
    lua_Alloc f = getallocf(L, NULL);
    close(L);
    struct plain_alloc_targets t = {dlsym(RTLD_DEFAULT, "realloc"), dlsym(RTLD_DEFAULT, "free"),
                                    anything};
    assert_true(plain_alloc_is((void *)f, &t));
    t.readable = readable; /* but not where its code can not be read */
    assert_false(plain_alloc_is((void *)f, &t));
    dlclose(lib);
}

static void plt_entries_and_slots_are_followed(void **state)
{
    (void)state;
    const void *free_at = image + AT_FREE;
    stock_front();
    CALL(AT_PLT);
    stock_end();
    memcpy(image + AT_SLOT, &free_at, sizeof free_at);
    code_n = AT_PLT;
    EMIT("\xf3\x0f\x1e\xfa\xf2"); /* endbr64, bnd */
    emit_to("\xff\x25", 2, AT_SLOT);
    assert_true(verdict());

    stock_front();
    emit_to("\xff\x15", 2, AT_SLOT); /* -fno-plt */
    stock_end();
    memcpy(image + AT_SLOT, &free_at, sizeof free_at);
    assert_true(verdict());

    stock_front();
    emit_to("\xff\x15", 2, AT_SLOT);
    stock_end();
    memset(image + AT_SLOT, 0, sizeof free_at); /* not bound yet */
    assert_false(verdict());
}

static void the_shape_of_clang_is_plain(void **state)
{
    (void)state;
    begin();
    EMIT("\x50");                     /* push %rax */
    EMIT("\x48\x89\xf7\x48\x85\xc9"); /* mov, test */
    EMIT("\x74\x0a");                 /* je */
    EMIT("\x48\x89\xce");
    CALL(AT_REALLOC);
    EMIT("\x59\xc3"); /* pop %rcx; ret */
    CALL(AT_FREE);
    EMIT("\x31\xc0\x59\xc3");
    assert_true(verdict());
}

/* Each of these differs from the stock allocator in one thing that the host could notice. */
static void anything_else_is_not(void **state)
{
    (void)state;
    stock_front(); /* returns what free leaves behind */
    CALL(AT_FREE);
    EMIT("\x48\x83\xc4\x08\xc3");
    assert_false(verdict());

    stock_front(); /* frees twice */
    CALL(AT_FREE);
    CALL(AT_FREE);
    stock_end();
    assert_false(verdict());

    stock_front(); /* frees nothing */
    stock_end();
    assert_false(verdict());

    stock_front(); /* calls something else */
    CALL(AT_FREE + 1);
    stock_end();
    assert_false(verdict());

    stock_front();
    EMIT("\x48\xff\x07"); /* counts: incq (%rdi) */
    CALL(AT_FREE);
    stock_end();
    assert_false(verdict());

    stock_front();
    EMIT("\x48\x89\xd7"); /* frees the size: mov %rdx, %rdi */
    CALL(AT_FREE);
    stock_end();
    assert_false(verdict());

    stock_front();
    CALL(AT_FREE);
    EMIT("\x31\xdb"); /* spoils %rbx */
    stock_end();
    assert_false(verdict());

    stock_front();
    CALL(AT_FREE);
    EMIT("\x31\xc0\x48\x83\xc4\x10\xc3"); /* returns with the stack displaced */
    assert_false(verdict());

    stock_front();
    EMIT("\xcc"); /* a breakpoint */
    CALL(AT_FREE);
    stock_end();
    assert_false(verdict());
}

static void the_branch_must_ask_for_the_new_size(void **state)
{
    (void)state;
    stock_front();
    CALL(AT_FREE);
    stock_end();
    memcpy(image + 3, "\x48\x85\xd2", 3); /* test %rdx, %rdx: the old size */
    assert_false(verdict());

    stock_front();
    CALL(AT_FREE);
    stock_end();
    memcpy(image + 6, "\x75", 1); /* jne: the wrong way round */
    assert_false(verdict());
}

static void an_endless_loop_ends(void **state)
{
    (void)state;
    begin();
    EMIT("\xeb\xfe");
    assert_false(verdict());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_stock_allocator_is_plain),
        cmocka_unit_test(the_allocator_of_liblua_is_plain),
        cmocka_unit_test(plt_entries_and_slots_are_followed),
        cmocka_unit_test(the_shape_of_clang_is_plain),
        cmocka_unit_test(anything_else_is_not),
        cmocka_unit_test(the_branch_must_ask_for_the_new_size),
        cmocka_unit_test(an_endless_loop_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
