/* budget_file: see budget_file.h. */
#include "collector/budget/budget_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/budget/rule_read.h"
#include "collector/util/nearest.h"
#include "collector/util/xalloc.h"

enum { RULES_MAX = 100000 };

char *budget_file_find(void)
{
    char dir[PATH_MAX];
    if (!getcwd(dir, sizeof dir))
        return NULL;
    int here = 1;
    for (;;) {
        char *path = xformat("%s/%s", strcmp(dir, "/") ? dir : "", BUDGET_FILE_NAME);
        struct stat st;
        if (!stat(path, &st) && S_ISREG(st.st_mode)) {
            if (!here)
                return path;
            free(path);
            return xstrdup(BUDGET_FILE_NAME);
        }
        free(path);
        if (!strcmp(dir, "/"))
            return NULL;
        *(strrchr(dir, '/') == dir ? dir + 1 : strrchr(dir, '/')) = 0;
        here = 0;
    }
}

static void names_copy(struct name_set *to, const struct name_set *from)
{
    *to = (struct name_set){0};
    for (size_t i = 0; i < from->n; i++) {
        to->at = xgrow(to->at, to->n, &to->cap, sizeof *to->at);
        to->at[to->n++] = from->at[i];
    }
}

static int rule_add(struct budget *b, const struct rule_reader *rr, const struct rule *defaults)
{
    b->rule = xgrow(b->rule, b->n, &b->cap, sizeof *b->rule);
    struct rule *r = &b->rule[b->n++];
    *r = *defaults;
    names_copy(&r->process, &defaults->process);
    return rule_read(rr, r, -1, 0);
}

static int is_budgets_key(lua_State *lua, int index)
{
    return lua_isinteger(lua, index);
}

/* The list at INDEX. */
static int rules_read(struct budget *b, const struct rule_reader *rr, int index,
                      const struct rule *defaults)
{
    lua_State *lua = sandbox_lua(rr->sandbox);
    unsigned line = sandbox_line(rr->sandbox, index);
    lua_Integer n = 0;
    for (lua_pushnil(lua); lua_next(lua, index); lua_pop(lua, 1)) {
        n++;
        if (!is_budgets_key(lua, -2) || lua_type(lua, -1) != LUA_TTABLE)
            return rule_read_error(rr, line, "budgets",
                                   "`budgets` is a list of rules: { { metric = ... }, ... }");
    }
    if (!n)
        return rule_read_error(rr, line, "budgets", "`budgets` holds no rule");
    if (n > RULES_MAX)
        return rule_read_error(rr, line, "budgets", "there are more than %d rules", RULES_MAX);
    for (lua_Integer i = 1; i <= n; i++) {
        if (lua_rawgeti(lua, index, i) != LUA_TTABLE)
            return rule_read_error(rr, line, "budgets", "rule %lld of `budgets` is missing",
                                   (long long)i);
        if (rule_add(b, rr, defaults))
            return -1;
        lua_pop(lua, 1);
    }
    return 0;
}

static int globals_check(const struct rule_reader *rr, int index)
{
    static const char *const known[] = {"budgets", "defaults", "baseline", "leaks"};
    enum { KNOWN_N = sizeof known / sizeof *known };
    lua_State *lua = sandbox_lua(rr->sandbox);
    for (lua_pushnil(lua); lua_next(lua, index); lua_pop(lua, 1)) {
        const char *name = lua_type(lua, -2) == LUA_TSTRING ? lua_tostring(lua, -2) : "?";
        size_t i = 0;
        while (i < KNOWN_N && strcmp(name, known[i]))
            i++;
        if (i < KNOWN_N)
            continue;
        const char *nearest = nearest_word(name, known, KNOWN_N);
        return rule_read_error(rr, 1, name, "there is no setting `%s`%s%s%s", name,
                               nearest ? "; did you mean `" : "", nearest ? nearest : "",
                               nearest ? "`?" : " (values of your own are `local`)");
    }
    return 0;
}

/* Pushes the table of the setting NAME; returns its index, 0 where it is not set, -1 with an error. */
static int setting(const struct rule_reader *rr, int index, const char *name)
{
    lua_State *lua = sandbox_lua(rr->sandbox);
    lua_pushstring(lua, name);
    int type = lua_rawget(lua, index);
    if (type == LUA_TNIL)
        return 0;
    if (type != LUA_TTABLE)
        return rule_read_error(rr, 1, name, "`%s` is a table, not a %s", name,
                               lua_typename(lua, type));
    return lua_gettop(lua);
}

static int baseline_read(struct budget *b, const struct rule_reader *rr, int index)
{
    lua_State *lua = sandbox_lua(rr->sandbox);
    size_t n = 0;
    lua_pushliteral(lua, "baseline");
    int type = lua_rawget(lua, index);
    const char *text = type == LUA_TSTRING ? lua_tolstring(lua, -1, &n) : NULL;
    if (type != LUA_TNIL && (!n || strlen(text) != n))
        return rule_read_error(rr, 1, "baseline",
                               "`baseline` is the name of a baseline or of a file, in quotes");
    if (n)
        b->baseline = pool_copy(rr->pool, text, n);
    lua_pop(lua, 1);
    return 0;
}

static int settings_read(struct budget *b, const struct rule_reader *rr, int index)
{
    struct rule defaults = {.level = LEVEL_ERROR, .phase = -1, .kind = -1};
    int bad = globals_check(rr, index) || baseline_read(b, rr, index);
    int at = bad ? -1 : setting(rr, index, "defaults");
    if (at > 0)
        at = rule_read(rr, &defaults, at, 1);
    if (at >= 0)
        at = setting(rr, index, "budgets");
    if (at > 0)
        at = rules_read(b, rr, at, &defaults);
    else if (at == 0)
        at = rule_read_error(rr, 0, NULL, "the file sets no `budgets`");
    free(defaults.process.at);
    return at < 0 ? -1 : 0;
}

int budget_text_read(struct budget *b, const char *path, const char *text, size_t n,
                     struct err *err)
{
    memset(b, 0, sizeof *b);
    b->path = pool_copy(&b->pool, path, strlen(path));
    struct sandbox *s = sandbox_new();
    char *whole = xstrndup(text, n);
    struct rule_reader rr = {s, b->path, whole, &b->pool, err};
    int bad = sandbox_run(s, b->path, whole, n, err);
    if (!bad) /* a file that returns a table means that one */
        bad = settings_read(b, &rr, lua_type(sandbox_lua(s), 2) == LUA_TTABLE ? 2 : 1);
    free(whole);
    sandbox_free(s);
    return bad;
}

static int unreadable(const char *path, struct err *err)
{
    return err_set(err, "%s can not be read: %s", path, strerror(errno));
}

char *budget_file_text(const char *path, size_t *text_n, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st)) {
        unreadable(path, err);
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    char *text = xmalloc(SANDBOX_FILE_MAX + 1);
    size_t n = 0;
    ssize_t got = 0;
    if (!S_ISREG(st.st_mode)) {
        errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
        got = -1;
    }
    while (got >= 0 && n <= SANDBOX_FILE_MAX &&
           (got = read(fd, text + n, SANDBOX_FILE_MAX + 1 - n)) > 0)
        n += (size_t)got;
    close(fd);
    *text_n = n;
    if (got >= 0)
        return text;
    unreadable(path, err);
    free(text);
    return NULL;
}

int budget_file_read(struct budget *b, const char *path, struct err *err)
{
    size_t n;
    memset(b, 0, sizeof *b);
    char *text = budget_file_text(path, &n, err);
    int bad = text ? budget_text_read(b, path, text, n, err) : -1;
    free(text);
    return bad;
}
