/* lua_kinds: see lua_kinds.h. */
#include "shim/stack/lua_kinds.h"

#include <string.h>

#include "shim/record/record_api.h"
#include "shim/stack/lua_chain.h"

enum {
    FUNCTIONS_MAX = 32,
    DEPTH = 4, /* of the functions between the allocator and who asked */
    CHAINS_MAX = 48,
    TAG_MAX = 10, /* old sizes of new blocks up to here are kinds of Lua's own */
    PASSED_OVER = 0
};

struct function {
    uint64_t lo, hi;
    uint8_t kind; /* PASSED_OVER: asks for others */
};

/* Of a copy: written while `n` is 0, which is when nobody reads. */
static SHIM_TABLE struct known {
    struct function f[FUNCTIONS_MAX];
    _Atomic uint32_t n;
} known[ARENA_COPIES_MAX];

/* ---- learning ---- */

struct request {
    struct cfi_range by[DEPTH]; /* innermost first */
    int n;
    enum alloc_kind kind;
};

static SHIM_TABLE struct {
    const struct lua_api *api;
    struct lua_chain functions;
    enum alloc_kind kind; /* of what is made just now; ALLOC_OTHER: it is not looked at */
    const void *buffer;   /* the lexer's; NULL: not there yet */
    struct request request[CHAINS_MAX];
    int request_n;
    struct known *out;
} now;

static int same_request(const struct request *a, const struct request *b)
{
    return a->n == b->n && a->kind == b->kind && memcmp(a->by, b->by, sizeof a->by) == 0;
}

static void note_request(enum alloc_kind kind)
{
    struct request *r = &now.request[now.request_n];
    if (now.request_n == CHAINS_MAX)
        return;
    memset(r, 0, sizeof *r);
    r->n = lua_chain_look(&now.functions, r->by, DEPTH);
    r->kind = kind;
    for (int i = 0; i < now.request_n; i++)
        if (same_request(r, &now.request[i]))
            return;
    now.request_n += r->n > 0;
}

/* The lexer's buffer is the first block without a kind that reading a text asks for. */
static enum alloc_kind kind_of_request(const void *ptr)
{
    if (now.kind != ALLOC_BUFFER)
        return now.kind;
    return now.buffer == NULL || ptr == now.buffer ? ALLOC_BUFFER : ALLOC_CODE;
}

static void *alloc(void *ud, void *ptr, size_t osize, size_t nsize)
{
    int is_object = ptr == NULL && osize >= ALLOC_STRING && osize <= TAG_MAX;
    int looks = now.kind != ALLOC_OTHER && !is_object && nsize > (ptr != NULL ? osize : 0);
    enum alloc_kind kind = looks ? kind_of_request(ptr) : ALLOC_OTHER;
    if (looks)
        note_request(kind);
    void *p = scratch_alloc(ud, ptr, osize, nsize);
    if (kind == ALLOC_BUFFER)
        now.buffer = p;
    return p;
}

/* ---- what is made on the scratch state ---- */

struct text {
    const char *at;
    size_t n;
};

static const char *read_text(lua_State *L, void *ud, size_t *n)
{
    struct text *t = ud;
    const char *at = t->at;
    (void)L;
    *n = at != NULL ? t->n : 0;
    t->at = NULL;
    return at;
}

static int load(lua_State *L, const char *at, size_t n)
{
    struct text t = {at, n};
    return now.api->lua_load(L, read_text, &t, "=modprof", "bt") == LUA_OK;
}

#define TEN(s) s s s s s s s s s s

/* Each of name, number, string and long string is twice as long as what was read before, so each has the buffer grow. */
static const char code[] = "local a" TEN("bcde") "\nlocal n = 0." TEN(
    "12345678") "\n"
                "local s = '" TEN("012345678901234567890") "', [[" TEN(
                    TEN("01234")) "]]\n"
                                  "for i = 1, 3 do n = function(a, ...) if a then return a, s, i * "
                                  "2 .. 'x', n end goto e ::e:: end end\n";

static const char grows[] = "local t = {} for i = 1, 40 do t[i] = i t[-i] = i end\n";
static const char recurses[] =
    "local function f(n) if n > 0 then local r = f(n - 1) return r end end f(150)\n";

/* local function f(...) local t = {x = 1} return t, ... end return f; precompiled by any Lua 5.4 */
static const char compiled[] = "\x1b\x4c\x75\x61\x54\x00\x19\x93\x0d\x0a\x1a\x0a\x04\x08\x08\x78"
                               "\x56\x00\x00\x00\x00\x00\x00\x00"
                               "\x00\x00\x00\x00\x28\x77\x40\x01\x80\x80\x80\x00\x01\x02\x84\x51"
                               "\x00\x00\x00\x4f\x00\x00\x00\x46"
                               "\x00\x02\x01\xc6\x00\x01\x01\x80\x81\x01\x00\x00\x81\x80\x81\x81"
                               "\x00\x01\x03\x88\x51\x00\x00\x00"
                               "\x13\x00\x01\x00\x52\x00\x00\x00\x12\x80\x00\x01\x80\x00\x00\x00"
                               "\x50\x01\x00\x00\xc6\x00\x00\x01"
                               "\xc6\x00\x01\x01\x82\x04\x82\x78\x03\x01\x00\x00\x00\x00\x00\x00"
                               "\x00\x80\x80\x80\x80\x80\x80\x80"
                               "\x80\x80\x80";

static void run(lua_State *L, const char *text, size_t n, enum alloc_kind kind)
{
    if (!load(L, text, n))
        return;
    now.kind = kind;
    now.api->lua_callk(L, 0, 0, 0, NULL);
    now.kind = ALLOC_OTHER;
}

/* Stacks first: then there are call infos, and room, for what follows. */
static int make_all(lua_State *L)
{
    now.api->lua_gc(L, LUA_GCSTOP);
    now.kind = ALLOC_STACK;
    now.api->lua_newthread(L);
    now.api->lua_checkstack(L, 200);
    now.kind = ALLOC_OTHER;
    run(L, recurses, sizeof recurses - 1, ALLOC_STACK);
    now.kind = ALLOC_TABLE_PART;
    now.api->lua_createtable(L, 5, 5);
    now.kind = ALLOC_OTHER;
    run(L, grows, sizeof grows - 1, ALLOC_TABLE_PART);
    now.kind = ALLOC_BUFFER;
    load(L, code, sizeof code - 1);
    now.kind = ALLOC_CODE;
    load(L, compiled, sizeof compiled - 1);
    now.kind = ALLOC_OTHER;
    return 0;
}

/* ---- what that says ---- */

static const struct function *find(const struct known *k, uint32_t n, uint64_t pc)
{
    for (uint32_t i = 0; i < n; i++)
        if (pc - k->f[i].lo < k->f[i].hi - k->f[i].lo)
            return &k->f[i];
    return NULL;
}

static void add(uint32_t *n, const struct cfi_range *r, uint8_t kind)
{
    if (*n < FUNCTIONS_MAX && find(now.out, *n, r->lo) == NULL)
        now.out->f[(*n)++] = (struct function){r->lo, r->hi, kind};
}

static int is_by(const struct request *r, const struct cfi_range *f)
{
    for (int i = 0; i < r->n; i++)
        if (r->by[i].lo == f->lo)
            return 1;
    return 0;
}

/* Is F among the functions by which something of another kind, of these two, was asked for? */
static int serves(const struct cfi_range *f, enum alloc_kind a, enum alloc_kind b)
{
    int has_a = 0, has_b = 0;
    for (int i = 0; i < now.request_n; i++) {
        const struct request *r = &now.request[i];
        has_a |= r->kind == a && is_by(r, f);
        has_b |= r->kind == b && is_by(r, f);
    }
    return has_a && has_b;
}

/* The innermost function of R that is not passed over decides, where it is not known already: reading a text makes
 * tables, too. */
static void decide(uint32_t *n, const struct request *r, enum alloc_kind a, enum alloc_kind b)
{
    for (int i = 0; i < r->n; i++) {
        const struct function *f = find(now.out, *n, r->by[i].lo);
        int passed = f != NULL ? f->kind == PASSED_OVER : serves(&r->by[i], a, b);
        if (f == NULL)
            add(n, &r->by[i], passed ? PASSED_OVER : (uint8_t)r->kind);
        if (!passed)
            return;
    }
}

/* Two kinds that are told from each other. */
static void decide_pair(uint32_t *n, enum alloc_kind a, enum alloc_kind b)
{
    for (int i = 0; i < now.request_n; i++)
        if (now.request[i].kind == a || now.request[i].kind == b)
            decide(n, &now.request[i], a, b);
}

void lua_kinds_learn(const struct lua_copy *c, const struct native_stack *stack,
                     struct scratch *memory)
{
    uint32_t n = 0;
    memset(&now, 0, sizeof now);
    now.api = &c->api;
    now.functions.copy = c;
    now.functions.stack = stack;
    now.out = &known[c->id];
    if (c->api.lua_gc == NULL || c->api.lua_newstate == NULL)
        return;
    lua_State *L = c->api.lua_newstate(alloc, memory);
    if (L == NULL)
        return;
    c->api.lua_pushcclosure(L, make_all, 0);
    if (c->api.lua_pcallk(L, 0, 0, 0, 0, NULL) != LUA_OK)
        return;
    decide_pair(&n, ALLOC_TABLE_PART, ALLOC_STACK);
    decide_pair(&n, ALLOC_BUFFER, ALLOC_CODE);
    atomic_store_explicit(&known[c->id].n, n, memory_order_release);
}

void lua_kinds_forget(uint32_t id)
{
    atomic_store_explicit(&known[id].n, 0, memory_order_relaxed);
}

/* ---- in an allocator ---- */

/* The shim's frames lie before Lua's. */
void lua_kind_look(struct lua_kind_look *k, uint64_t return_address)
{
    const void *at = (const void *)(uintptr_t)return_address;
    const struct lua_copy *c = k->done ? NULL : copy_of_address(at);
    if (c == NULL)
        return;
    const struct known *of = &known[c->id];
    const struct function *f =
        find(of, atomic_load_explicit(&of->n, memory_order_acquire), return_address - 1);
    k->done = f == NULL || f->kind != PASSED_OVER;
    k->kind = f != NULL ? f->kind : ALLOC_OTHER;
}
